import { randomInt } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { type Agent, type RequestOptions, request } from 'node:https';
import type { TLSSocket } from 'node:tls';
import { gatewayAgent } from './gateway-agent.ts';

/** 2^31 − 1 */
const PRIME = 2_147_483_647;
const ASCII_ZERO = 0x30;
/** The greatest answer that is read, bytes, where a request doesn't say otherwise. */
const ANSWER_LIMIT = 16_384;

/** What an exchange is told of the card in its body. */
export interface CardInBody {
  /** A digit a byte, value 0…9: read when the body is made. */
  readonly number: Buffer;
  /** Called once: the body is with the kernel, or never will be. */
  readonly released: () => void;
}

export interface Exchange {
  readonly method: 'GET' | 'PUT' | 'POST';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** Made when the connection stands and is verified, so that a card is copied as late as can be; zeroed when written. */
  readonly body?: () => Buffer;
  readonly card?: CardInBody;
  /** Of the body; default: `application/json`. */
  readonly contentType?: string;
  /** The greatest answer, bytes; a longer one is lost. Default: 16 KiB. */
  readonly answerLimit?: number;
  /** For everything together, ms. */
  readonly timeoutMs: number;
}

/**
 * `not-sent`: no byte of the body left. `lost`: some may have, and no whole answer came. `json` is undefined where the
 * answer isn't JSON. A card number of the request that it repeats is overwritten before anything makes a string of it.
 */
export type ExchangeResult =
  | { readonly is: 'answered'; readonly status: number; readonly bytes: Buffer; readonly json: unknown }
  | { readonly is: 'not-sent' | 'lost'; readonly why: string };

/** An HTTPS agent that trusts one authority only. */
export function pinnedAgent(ca: string): Agent {
  return gatewayAgent({ ca });
}

/**
 * One request and its answer; never rejects.
 *
 * What Node keeps of the body: headers go ahead on their own, and the body then is one `write` of one Buffer. Node hands
 * that Buffer to OpenSSL by reference (it copies only where several are written at once, or where the socket can't take
 * them), OpenSSL encrypts a copy of it in place in its record buffer, and the kernel gets the ciphertext. The Buffer is
 * zeroed in the write's callback; or, where the connection died first, when the socket is closed and nothing refers to it.
 */
export function exchange(
  agent: Agent,
  {
    method,
    url,
    headers,
    body,
    card,
    contentType = 'application/json',
    answerLimit = ANSWER_LIMIT,
    timeoutMs,
  }: Exchange,
): Promise<ExchangeResult> {
  return new Promise((resolve) => {
    let bytes: Buffer | undefined;
    let sent = false;
    let why: string | undefined;
    let result: ExchangeResult | undefined;
    let trace: NumberTrace | undefined;
    let answering: IncomingMessage | undefined;
    let released = card?.released;
    const wiped = () => {
      bytes?.fill(0);
      released?.();
      released = undefined;
    };

    const options: RequestOptions = { method, agent, headers: { ...headers, accept: 'application/json' } };
    const call = request(url, options);
    const ended = () => {
      clearTimeout(timer);
      wiped();
      resolve(result ?? { is: sent ? 'lost' : 'not-sent', why: why ?? 'the connection ended' });
    };
    const timer = setTimeout(() => {
      why ??= `no answer within ${timeoutMs} ms`;
      call.destroy();
      // Without a connection (a proxy that is silent), or after its end, nothing would tell of it.
      if (!call.socket || call.closed) ended();
    }, timeoutMs);

    call.on('error', (error: NodeJS.ErrnoException) => {
      // The code alone: a message may repeat what was sent.
      why ??= error.code;
    });
    call.on('close', () => {
      // Node tells of a closed connection before the last of an answer that came whole is read.
      if (answering?.complete && !answering.readableEnded && !answering.destroyed) answering.once('close', ended);
      else ended();
    });
    call.on('response', (answer) => {
      answering = answer;
      const chunks: Buffer[] = [];
      let length = 0;
      answer.on('data', (chunk: Buffer) => {
        length += chunk.length;
        if (length > answerLimit) {
          why ??= 'the answer is too long';
          call.destroy();
        } else chunks.push(chunk);
      });
      answer.on('error', () => {});
      answer.on('end', () => {
        if (!answer.complete) return;
        const bytes = Buffer.concat(chunks);
        for (const chunk of chunks) chunk.fill(0);
        trace?.wipeFrom(bytes);
        result = { is: 'answered', status: answer.statusCode ?? 0, bytes, json: parsed(bytes) };
        call.destroy();
      });
    });

    if (!body) {
      call.end();
      return;
    }
    call.on('socket', (socket) => {
      // Emitted only when the peer's certificate was verified.
      (socket as TLSSocket).once('secureConnect', () => {
        if (call.destroyed) return;
        if (card) trace = new NumberTrace(card.number);
        bytes = body();
        call.setHeader('content-length', bytes.length);
        call.setHeader('content-type', contentType);
        call.flushHeaders();
        sent = true;
        call.write(bytes, (error) => {
          wiped();
          if (!error) call.end();
        });
      });
    });
  });
}

function parsed(answer: Buffer): unknown {
  try {
    return JSON.parse(answer.toString());
  } catch {
    return undefined;
  }
}

/** What is remembered of a number so that its digits can be known again: 31 bits, under a key of this request's. */
class NumberTrace {
  readonly #length: number;
  readonly #key = randomInt(2, PRIME);
  readonly #trace: number;

  constructor(digits: Buffer) {
    this.#length = digits.length;
    this.#trace = this.#of(digits, 0, 0);
  }

  /** Overwrites the number with ones wherever it stands in a text: those keep JSON valid. */
  wipeFrom(text: Buffer): void {
    for (let at = 0; at + this.#length <= text.length; at++) {
      if (this.#of(text, at, ASCII_ZERO) === this.#trace) text.fill(ASCII_ZERO + 1, at, at + this.#length);
    }
  }

  #of(bytes: Buffer, from: number, zero: number): number {
    let trace = 1;
    for (let at = from; at < from + this.#length; at++) {
      const digit = (bytes[at] ?? 0) - zero;
      if (digit < 0 || digit > 9) return -1;
      // In two halves, so that a double holds each product exactly; a BigInt would be an object of each digit.
      const high = (trace * (this.#key >>> 16)) % PRIME;
      trace = (high * 65_536 + trace * (this.#key & 0xffff) + digit) % PRIME;
    }
    return trace;
  }
}
