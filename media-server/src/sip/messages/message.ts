import { COMPACT_NAMES } from './names.ts';

/**
 * The header lines of a message in their order. Names are compared without case and compact forms are read as the full
 * name (RFC 3261 §7.3.3). Values are latin1: one character per octet on the wire, kept as they came (a folded line
 * becomes one line with a space, §7.3.1). `get` and `all` give whole lines; a line may hold a comma list (`splitList`).
 */
export class Headers implements Iterable<readonly [name: string, value: string]> {
  #lines: Line[] = [];

  constructor(list: Iterable<readonly [name: string, value: string]> = []) {
    for (const [name, value] of list) this.add(name, value);
  }

  /** The first line of that name. */
  get(name: string): string | undefined {
    const key = keyOf(name);
    for (const line of this.#lines) if (line.key === key) return line.value;
    return undefined;
  }

  /** All lines of that name, in order. */
  all(name: string): string[] {
    const key = keyOf(name);
    const values: string[] = [];
    for (const line of this.#lines) if (line.key === key) values.push(line.value);
    return values;
  }

  has(name: string): boolean {
    return this.get(name) !== undefined;
  }

  /** Number of lines. */
  get size(): number {
    return this.#lines.length;
  }

  /** Puts the value in the place of the first line of that name and drops the others; at the end if there is none. */
  set(name: string, value: string): void {
    const line = lineOf(name, value);
    const at = this.#lines.findIndex((other) => other.key === line.key);
    if (at < 0) {
      this.#lines.push(line);
      return;
    }
    this.#lines = this.#lines.filter((other, index) => index === at || other.key !== line.key);
    this.#lines[at] = line;
  }

  /** Adds a line at the end. */
  add(name: string, value: string): void {
    this.#lines.push(lineOf(name, value));
  }

  /** Adds a line before all others (Via, Record-Route). */
  prepend(name: string, value: string): void {
    this.#lines.unshift(lineOf(name, value));
  }

  /** Drops every line of that name. */
  remove(name: string): void {
    const key = keyOf(name);
    this.#lines = this.#lines.filter((line) => line.key !== key);
  }

  /** Drops the first line of that name and returns its value. */
  removeFirst(name: string): string | undefined {
    const key = keyOf(name);
    const at = this.#lines.findIndex((line) => line.key === key);
    return at < 0 ? undefined : this.#lines.splice(at, 1)[0]?.value;
  }

  clone(): Headers {
    const copy = new Headers();
    copy.#lines = [...this.#lines];
    return copy;
  }

  *[Symbol.iterator](): Iterator<readonly [name: string, value: string]> {
    for (const line of this.#lines) yield [line.name, line.value];
  }
}

export interface SipRequest {
  readonly kind: 'request';
  /** Case-sensitive token, e.g. INVITE. */
  method: string;
  /** The request URI as it stands in the request line; `parseUri` reads it. */
  uri: string;
  headers: Headers;
  body: Buffer;
}

export interface SipResponse {
  readonly kind: 'response';
  /** 100–699. */
  status: number;
  /** Latin1, as on the wire; may be empty. */
  reason: string;
  headers: Headers;
  body: Buffer;
}

export type SipMessage = SipRequest | SipResponse;

/** Bounds on one message; defaults in sip/settings.ts. A line includes its continuation lines. */
export interface MessageLimits {
  readonly messageBytes: number;
  readonly headers: number;
  readonly lineBytes: number;
}

/**
 * Why bytes are no message. A response is due only if `request` is there: then its Via, From, To, Call-ID and CSeq can
 * be used by `responseTo`. Without it the bytes are dropped (a bad response, or a request nobody could answer).
 */
export interface ParseFailure {
  /** 400, 413, 505, 513: what to answer, if there is somebody to answer. */
  readonly status: number;
  /** Reason phrase for the answer and the log; of a fixed list, it never quotes the message. */
  readonly reason: string;
  readonly request?: SipRequest;
}

interface Line {
  readonly key: string;
  readonly name: string;
  readonly value: string;
}

function keyOf(name: string): string {
  const key = name.toLowerCase();
  return key.length === 1 ? (COMPACT_NAMES.get(key)?.toLowerCase() ?? key) : key;
}

function lineOf(name: string, value: string): Line {
  const full = name.length === 1 ? (COMPACT_NAMES.get(name.toLowerCase()) ?? name) : name;
  return { key: full.toLowerCase(), name: full, value: oneLine(value) };
}

/**
 * Text as the octets of one line: characters beyond latin1 become UTF-8, and line breaks become spaces, so that no value
 * (an unescaped user part, a dialled name) can make a header of its own.
 */
export function oneLine(text: string): string {
  const octets = /[^\u0000-\u00ff]/.test(text) ? Buffer.from(text, 'utf8').toString('latin1') : text;
  return /[\r\n]/.test(octets) ? octets.replace(/[\r\n]/g, ' ') : octets;
}
