import { Agent, type RequestOptions, request } from 'node:https';
import type { TLSSocket } from 'node:tls';

/** The greatest answer that is read, bytes. */
const ANSWER_LIMIT = 16_384;

export interface Exchange {
  readonly method: 'GET' | 'PUT' | 'POST';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** Made when the connection stands and is verified, so that a card is copied as late as can be; zeroed when written. */
  readonly body?: () => Buffer;
  /** For everything together, ms. */
  readonly timeoutMs: number;
  /** Called once: the body is with the kernel, or never will be. */
  readonly released?: () => void;
}

/**
 * `not-sent`: no byte of the body left. `lost`: some may have, and no whole answer came. `json` is undefined where the
 * answer isn't JSON.
 */
export type ExchangeResult =
  | { readonly is: 'answered'; readonly status: number; readonly json: unknown }
  | { readonly is: 'not-sent' | 'lost'; readonly why: string };

/**
 * An HTTPS agent that trusts one authority only. Every request gets a connection of its own: on a kept one nobody can
 * tell a request that was never read from one that was carried out before the reset.
 */
export function pinnedAgent(ca: string): Agent {
  return new Agent({ ca, keepAlive: false, minVersion: 'TLSv1.2', maxCachedSessions: 0 });
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
  { method, url, headers, body, timeoutMs, released }: Exchange,
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
    const timer = setTimeout(() => {
      why ??= `no answer within ${timeoutMs} ms`;
      call.destroy();
    }, timeoutMs);

    call.on('error', (error: NodeJS.ErrnoException) => {
      // The code alone: a message may repeat what was sent.
      why ??= error.code;
    });
    call.on('close', () => {
      clearTimeout(timer);
      wiped();
      resolve(result ?? { is: sent ? 'lost' : 'not-sent', why: why ?? 'the connection ended' });
    });
    call.on('response', (answer) => {
      const chunks: Buffer[] = [];
      let length = 0;
      answer.on('data', (chunk: Buffer) => {
        length += chunk.length;
        if (length > ANSWER_LIMIT) {
          why ??= 'the answer is too long';
          call.destroy();
        } else chunks.push(chunk);
      });
      answer.on('error', () => {});
      answer.on('end', () => {
        if (!answer.complete) return;
        result = { is: 'answered', status: answer.statusCode ?? 0, json: parsed(Buffer.concat(chunks)) };
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
        call.setHeader('content-type', 'application/json');
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
