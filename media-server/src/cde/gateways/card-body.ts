import type { PaymentOpen } from '../contract.ts';
import { digitBuffer } from '../digit-buffers.ts';
import type { CardDigits } from './gateway.ts';

const ASCII_ZERO = 0x30;

/**
 * Digits on their way into a body: of the caller's Buffers (one byte per digit, value 0…9), which are read when the body
 * is written, and plain text between them that is no card data (the century of an expiry).
 */
export class Digits {
  readonly parts: readonly (Buffer | string)[];

  constructor(...parts: (Buffer | string)[]) {
    this.parts = parts;
  }
}

export type BodyValue =
  | string
  | number
  | boolean
  | Digits
  | readonly BodyValue[]
  | { readonly [name: string]: BodyValue | undefined };

export interface BodyFields {
  readonly [name: string]: BodyValue | undefined;
}

/** The parts of a card as services want them: digits only, none of them ever in a string. */
export function cardParts({ number, expiry, securityCode }: CardDigits) {
  return {
    number: new Digits(number),
    /** 01…12 */
    month: new Digits(expiry.subarray(0, 2)),
    /** Last two digits. */
    year: new Digits(expiry.subarray(2, 4)),
    /** Four digits. */
    fullYear: new Digits('20', expiry.subarray(2, 4)),
    yearMonth: new Digits(expiry.subarray(2, 4), expiry.subarray(0, 2)),
    monthYear: new Digits(expiry),
    securityCode: new Digits(securityCode),
  };
}

/**
 * A JSON body in a Buffer with memory of its own (not of Node's pool), card digits copied byte by byte: no string ever
 * holds them. `undefined` leaves a field out. Who takes the Buffer zeroes it.
 */
export function jsonBody(value: BodyValue): Buffer {
  const parts: (Buffer | string)[] = [];
  writeJson(value, parts);
  return written(parts);
}

/** As `jsonBody`, form-urlencoded in UTF-8; what is nested goes by brackets (`card[number]=…`, `types[0]=…`). */
export function formBody(fields: BodyFields): Buffer {
  const parts: (Buffer | string)[] = [];
  for (const [name, value] of Object.entries(fields)) writeField(encodeURIComponent(name), value, parts);
  return written(parts);
}

/**
 * As `formBody` for services that read Windows-31J: ASCII is the same in both.
 * @throws Error for other characters: the caller has to keep them out
 */
export function asciiFormBody(fields: { readonly [name: string]: string | Digits | undefined }): Buffer {
  for (const value of Object.values(fields)) {
    if (typeof value === 'string' && !/^[\x20-\x7e]*$/.test(value))
      throw new Error('an ASCII form holds more than ASCII');
  }
  return formBody(fields);
}

/** The JSON body of a request to the sandbox. */
export function cardBody(order: PaymentOpen['order'], card: CardDigits): Buffer {
  const { number, monthYear, securityCode } = cardParts(card);
  const { amountMinor, currency, reference } = order;
  return jsonBody({ amountMinor, currency, order: reference, card: { number, expiry: monthYear, securityCode } });
}

function writeJson(value: BodyValue, parts: (Buffer | string)[]): void {
  if (value instanceof Digits) {
    parts.push('"', ...value.parts, '"');
  } else if (typeof value !== 'object') {
    parts.push(JSON.stringify(value));
  } else if (isList(value)) {
    value.forEach((item, index) => {
      parts.push(index === 0 ? '[' : ',');
      writeJson(item, parts);
    });
    parts.push(value.length === 0 ? '[]' : ']');
  } else {
    let first = true;
    for (const [name, item] of Object.entries(value)) {
      if (item === undefined) continue;
      parts.push(`${first ? '{' : ','}${JSON.stringify(name)}:`);
      first = false;
      writeJson(item, parts);
    }
    parts.push(first ? '{}' : '}');
  }
}

function writeField(name: string, value: BodyValue | undefined, parts: (Buffer | string)[]): void {
  if (value === undefined) return;
  if (value instanceof Digits || typeof value !== 'object') {
    parts.push(`${parts.length === 0 ? '' : '&'}${name}=`);
    if (value instanceof Digits) parts.push(...value.parts);
    else parts.push(encodeURIComponent(String(value)));
    return;
  }
  for (const [key, item] of isList(value) ? value.entries() : Object.entries(value)) {
    writeField(`${name}[${encodeURIComponent(key)}]`, item, parts);
  }
}

function isList(value: BodyValue): value is readonly BodyValue[] {
  return Array.isArray(value);
}

function written(parts: readonly (Buffer | string)[]): Buffer {
  const length = parts.reduce(
    (sum, part) => sum + (typeof part === 'string' ? Buffer.byteLength(part) : part.length),
    0,
  );
  const body = digitBuffer(length);
  let at = 0;
  for (const part of parts) {
    if (typeof part === 'string') at += body.write(part, at);
    // By place: an iterator makes an object of each digit, and those lie in memory one after the other.
    else for (let i = 0; i < part.length; i++) body[at++] = ASCII_ZERO + (part[i] ?? 0);
  }
  return body;
}
