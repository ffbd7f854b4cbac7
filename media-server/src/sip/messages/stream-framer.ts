import type { MessageLimits } from './message.ts';
import { parseWhole, TOKEN, endOf, skipBlank, trimBlank } from './scan.ts';

/** What came out of a stream. */
export interface Framed {
  /** Whole messages, for `parseMessage(…, 'stream')`. */
  readonly messages: readonly Buffer[];
  /** Double CRLFs between messages: each is answered with one CRLF (RFC 5626 §4.4.1, RFC 3261 §7.5). */
  readonly pings: number;
  /**
   * The stream can't be cut any more: close it. `head` is the message that broke it, as far as it goes; `parseMessage` of
   * it fails and may name whom to answer first. Everything pushed later is ignored.
   */
  readonly broken?: {
    readonly reason: 'no-content-length' | 'bad-content-length' | 'too-large';
    readonly head: Buffer;
  };
}

const HEAD_END = Buffer.from('\r\n\r\n');
const CR = 0x0d;
const LF = 0x0a;
const FIRST_CAPACITY = 4096;

/** Cuts a TCP or TLS stream into messages by Content-Length (RFC 3261 §18.3). Holds at most one message beyond what was pushed last. */
export class StreamFramer {
  readonly #limits: MessageLimits;
  #pending = Buffer.alloc(0);
  #length = 0;
  /** Up to here there is no end of the head: each octet is searched once, however small the pieces are. */
  #searched = 0;
  /** Octets of the message whose head is known. */
  #expected: number | undefined;
  #blankLines = 0;
  #isBroken = false;

  constructor(limits: MessageLimits) {
    this.#limits = limits;
  }

  push(bytes: Buffer): Framed {
    const messages: Buffer[] = [];
    let pings = 0;
    if (this.#isBroken) return { messages, pings };
    this.#append(bytes);
    let at = 0;
    for (;;) {
      if (this.#expected === undefined) {
        while (this.#pending[at] === CR && this.#pending[at + 1] === LF && at + 2 <= this.#length) {
          at += 2;
          this.#blankLines++;
          if (this.#blankLines === 2) {
            pings++;
            this.#blankLines = 0;
          }
        }
        const left = this.#pending.subarray(at, this.#length);
        const headEnd = left.indexOf(HEAD_END, Math.max(0, this.#searched - at - HEAD_END.length + 1));
        this.#searched = this.#length;
        if (headEnd < 0) {
          if (left.length > this.#limits.messageBytes) return this.#break(messages, pings, 'too-large', left);
          break;
        }
        this.#blankLines = 0;
        const headLength = headEnd + HEAD_END.length;
        const head = left.subarray(0, headLength);
        const length = contentLength(head.toString('latin1'));
        if (typeof length === 'string') return this.#break(messages, pings, length, head);
        this.#expected = headLength + length;
        if (this.#expected > this.#limits.messageBytes) return this.#break(messages, pings, 'too-large', head);
      }
      if (this.#length - at < this.#expected) break;
      messages.push(Buffer.from(this.#pending.subarray(at, at + this.#expected)));
      at += this.#expected;
      this.#searched = at;
      this.#expected = undefined;
    }
    this.#drop(at);
    return { messages, pings };
  }

  #append(bytes: Buffer): void {
    const needed = this.#length + bytes.length;
    if (needed > this.#pending.length) {
      const larger = Buffer.alloc(Math.max(needed, this.#pending.length * 2, FIRST_CAPACITY));
      larger.set(this.#pending.subarray(0, this.#length));
      this.#pending = larger;
    }
    this.#pending.set(bytes, this.#length);
    this.#length = needed;
  }

  #drop(count: number): void {
    if (count === 0) return;
    this.#pending.copyWithin(0, count, this.#length);
    // What was cut may hold a key (INFO): it doesn't stay behind.
    this.#pending.fill(0, this.#length - count, this.#length);
    this.#length -= count;
    if (this.#length === 0) this.#pending = Buffer.alloc(0);
    this.#searched = Math.max(0, this.#searched - count);
  }

  #break(messages: Buffer[], pings: number, reason: NonNullable<Framed['broken']>['reason'], left: Buffer): Framed {
    const head = Buffer.from(left.subarray(0, this.#limits.messageBytes));
    this.#isBroken = true;
    this.#pending = Buffer.alloc(0);
    this.#length = 0;
    return { messages, pings, broken: { reason, head } };
  }
}

/** Content-Length of a head, found without reading the rest. Two that differ can't be cut (RFC 4475 §3.3.9). */
function contentLength(head: string): number | 'no-content-length' | 'bad-content-length' {
  let found: number | undefined;
  let at = head.indexOf('\n') + 1;
  while (at < head.length) {
    let end = head.indexOf('\n', at) + 1;
    while (head[end] === ' ' || head[end] === '\t') end = head.indexOf('\n', end) + 1;
    const nameEnd = endOf(TOKEN, head, at);
    if (isContentLength(head.slice(at, nameEnd))) {
      const colon = skipBlank(head, nameEnd);
      const value = head.slice(colon + 1, end).replace(/[\r\n]/g, ' ');
      const length = head[colon] === ':' ? parseWhole(trimBlank(value), Number.MAX_SAFE_INTEGER) : undefined;
      if (length === undefined || (found !== undefined && found !== length)) return 'bad-content-length';
      found = length;
    }
    at = end;
  }
  return found ?? 'no-content-length';
}

function isContentLength(name: string): boolean {
  return name === 'l' || name === 'L' || (name.length === 14 && name.toLowerCase() === 'content-length');
}
