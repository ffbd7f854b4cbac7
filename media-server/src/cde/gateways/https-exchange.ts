import { type Agent, type RequestOptions, request } from 'node:https';
import type { TLSSocket } from 'node:tls';
import { gatewayAgent } from './gateway-agent.ts';

/** The greatest answer that is read, bytes, where a request doesn't say otherwise. */
const ANSWER_LIMIT = 16_384;

export interface Exchange {
  readonly method: 'GET' | 'PUT' | 'POST';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** Made when the connection stands and is verified, so that a card is copied as late as can be; zeroed when written. */
  readonly body?: () => Buffer;
  /** Of the body; default: `application/json`. */
  readonly contentType?: string;
  /** The greatest answer, bytes; a longer one is lost. Default: 16 KiB. */
  readonly answerLimit?: number;
  /** For everything together, ms. */
  readonly timeoutMs: number;
  /** Called once: the body is with the kernel, or never will be. */
  readonly released?: () => void;
}

/**
 * `not-sent`: no byte of the body left. `lost`: some may have, and no whole answer came. `json` is undefined where the
 * answer isn't JSON. Digits in the answer that could be a card number are overwritten with ones before anything reads it.
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
    contentType = 'application/json',
    answerLimit = ANSWER_LIMIT,
    timeoutMs,
    released,
  }: Exchange,
): Promise<ExchangeResult> {
  return new Promise((resolve) => {
    let bytes: Buffer | undefined;
    let sent = false;
    let why: string | undefined;
    let result: ExchangeResult | undefined;
    let releasedOnce = released;
    const wiped = () => {
      bytes?.fill(0);
      releasedOnce?.();
      releasedOnce = undefined;
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
      // Without a connection (a proxy that is silent) nothing would tell of the end.
      if (!call.socket) ended();
    }, timeoutMs);

    call.on('error', (error: NodeJS.ErrnoException) => {
      // The code alone: a message may repeat what was sent.
      why ??= error.code;
    });
    call.on('close', ended);
    call.on('response', (answer) => {
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
        veil(bytes);
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

/**
 * Overwrites each run of 12–19 digits that passes Luhn: a gateway that repeats the card in its answer must not bring it
 * into a string. Ones keep JSON valid, and no run of 12–19 ones passes Luhn.
 */
function veil(bytes: Buffer): void {
  let start = 0;
  for (let at = 0; at <= bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    if (byte >= 0x30 && byte <= 0x39) continue;
    const run = bytes.subarray(start, at);
    if (run.length >= 12 && run.length <= 19 && passesLuhn(run)) run.fill(0x31);
    start = at + 1;
  }
}

/** ISO/IEC 7812-1, of ASCII digits. */
function passesLuhn(digits: Buffer): boolean {
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    const digit = (digits[digits.length - 1 - i] ?? 0) - 0x30;
    sum += i % 2 === 0 ? digit : digit > 4 ? digit * 2 - 9 : digit * 2;
  }
  return sum % 10 === 0;
}
