import { isUtf8 } from 'node:buffer';

/** The one way a field of a header can be wrong. What was wrong is not told: it would quote the message. */
export type Malformed = 'malformed';

/** A set of latin1 characters, looked up by code. */
export type CharSet = Uint8Array;

const ALPHANUMERIC = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';

export function charSet(chars: string): CharSet {
  const set = new Uint8Array(256);
  for (let i = 0; i < chars.length; i++) set[chars.charCodeAt(i)] = 1;
  return set;
}

/** Printing characters and bytes above ASCII, without those given. */
export function visibleExcept(chars: string): CharSet {
  const set = new Uint8Array(256).fill(1, 0x21);
  set[0x7f] = 0;
  for (let i = 0; i < chars.length; i++) set[chars.charCodeAt(i)] = 0;
  return set;
}

/** `token` of RFC 3261 §25.1. */
export const TOKEN_CHARS = `${ALPHANUMERIC}-.!%*_+\`'~`;
export const TOKEN = charSet(TOKEN_CHARS);
/** Host names; the underscore is no host character but is common in private networks. */
export const HOST = charSet(`${ALPHANUMERIC}-._`);
export const IPV6 = charSet('0123456789abcdefABCDEF:.');
export const DIGIT = charSet('0123456789');
export const SCHEME = charSet(`${ALPHANUMERIC}+-.`);
const BLANK = charSet(' \t');

/** The first position from `at` on whose character is not in the set. */
export function endOf(set: CharSet, text: string, at: number): number {
  let end = at;
  while (end < text.length && set[text.charCodeAt(end)] === 1) end++;
  return end;
}

export function consistsOf(set: CharSet, text: string): boolean {
  return text.length > 0 && endOf(set, text, 0) === text.length;
}

/** The first position from `at` on that is no space or tab. */
export function skipBlank(text: string, at: number): number {
  return endOf(BLANK, text, at);
}

/** Text without spaces and tabs at both ends. */
export function trimBlank(text: string): string {
  let end = text.length;
  while (end > 0 && BLANK[text.charCodeAt(end - 1)] === 1) end--;
  const start = skipBlank(text, 0);
  return start === 0 && end === text.length ? text : text.slice(start, Math.max(start, end));
}

/** The position after the quoted string that begins at `at`; -1 if it doesn't end. */
export function quotedEnd(text: string, at: number): number {
  for (let i = at + 1; i < text.length; i++) {
    const char = text.charCodeAt(i);
    if (char === 0x5c) i++;
    else if (char === 0x22) return i + 1;
  }
  return -1;
}

/** The content of a quoted string without its backslashes. */
export function unquote(quoted: string): string {
  const inner = quoted.slice(1, -1);
  return inner.includes('\\') ? inner.replace(/\\([^])/g, '$1') : inner;
}

export function quote(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}

/** Octets kept as latin1, read as UTF-8 for people to see; left as they are if they aren't UTF-8. */
export function decodeUtf8(latin1: string): string {
  if (!/[\u0080-\u00ff]/.test(latin1)) return latin1;
  const octets = Buffer.from(latin1, 'latin1');
  return isUtf8(octets) ? octets.toString('utf8') : latin1;
}

/**
 * The elements of a comma list (RFC 3261 §7.3.1), trimmed. Commas inside quotes and `<>` don't separate. An empty value is an
 * empty list; empty elements of a list that isn't are kept, for their parser to refuse.
 */
export function splitList(value: string): string[] {
  if (skipBlank(value, 0) === value.length) return [];
  const elements: string[] = [];
  let start = 0;
  while (start <= value.length) {
    const end = elementEnd(value, start);
    elements.push(trimBlank(value.slice(start, end)));
    start = end + 1;
  }
  return elements;
}

/** Whether a comma list has elements and each passes; stops at the first that doesn't, and so at once in a hostile list. */
export function everyElement(value: string, passes: (element: string) => boolean): boolean {
  for (let start = 0; start <= value.length; ) {
    const end = elementEnd(value, start);
    if (!passes(trimBlank(value.slice(start, end)))) return false;
    start = end + 1;
  }
  return true;
}

/** Where the list element that begins at `start` ends: at its comma, or at the end of the value. */
export function elementEnd(value: string, start: number): number {
  let inAngle = false;
  for (let i = start; i < value.length; i++) {
    const char = value.charCodeAt(i);
    if (inAngle) inAngle = char !== 0x3e;
    else if (char === 0x3c) inAngle = true;
    else if (char === 0x2c) return i;
    else if (char === 0x22) {
      const end = quotedEnd(value, i);
      if (end < 0) return value.length;
      i = end - 1;
    }
  }
  return value.length;
}

/** A whole number of decimal digits from 0 to `max`, undefined for anything else. */
export function parseWhole(text: string, max: number): number | undefined {
  // Twenty digits are beyond every number of SIP even with the leading zeros that RFC 4475 §3.1.1.1 shows.
  if (text.length > 20 || !consistsOf(DIGIT, text)) return undefined;
  const number = Number(text);
  return number <= max ? number : undefined;
}
