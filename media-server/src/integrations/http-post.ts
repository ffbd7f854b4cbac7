import { readFileSync } from 'node:fs';
import { Agent as HttpAgent, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { Secret } from '../shared/secret.ts';

export interface Post {
  readonly url: URL;
  /** Values may be secrets: they are for the wire alone. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Secret;
  /** For everything together, ms. */
  readonly timeoutMs: number;
}

/**
 * `not-sent`: no byte of the request left. `lost`: some may have, and no whole answer came. `why` is of our own words and
 * error codes.
 */
export type PostResult =
  | { readonly is: 'answered'; readonly status: number }
  | { readonly is: 'not-sent' | 'lost'; readonly why: string };

/** The greatest answer that is read to its end, bytes. */
const ANSWER_LIMIT = 65_536;

/**
 * Posts to other systems. Every request gets a connection of its own: on a kept one nobody can tell a request that was
 * never read from one that was carried out before the reset. Redirects aren't followed.
 */
export class HttpPoster {
  readonly #https: HttpsAgent;
  readonly #http = new HttpAgent({ keepAlive: false });

  /** @param caFile PEM of the only authority that is trusted; none: those that Node trusts */
  constructor(caFile?: string) {
    const ca = caFile === undefined ? undefined : readFileSync(caFile, 'utf8');
    this.#https = new HttpsAgent({ keepAlive: false, minVersion: 'TLSv1.2', ...(ca !== undefined && { ca }) });
  }

  /** One request and its answer; never rejects. */
  post({ url, headers, body, timeoutMs }: Post): Promise<PostResult> {
    return new Promise((resolve) => {
      const secure = url.protocol === 'https:';
      const bytes = Buffer.from(body.reveal());
      let ready = false;
      let why: string | undefined;
      let status: number | undefined;
      const options = {
        method: 'POST',
        headers: { ...headers, 'content-length': String(bytes.length), 'user-agent': 'Tonegate' },
      };
      const call = secure
        ? httpsRequest(url, { ...options, agent: this.#https })
        : httpRequest(url, { ...options, agent: this.#http });
      const timer = setTimeout(() => {
        why ??= `no answer within ${timeoutMs} ms`;
        call.destroy();
      }, timeoutMs);
      call.on('socket', (socket) => {
        // With TLS emitted only when the peer's certificate was verified. Nothing is written before.
        socket.once(secure ? 'secureConnect' : 'connect', () => {
          ready = true;
          call.end(bytes);
        });
      });
      call.on('response', (answer) => {
        let length = 0;
        answer.on('data', (chunk: Buffer) => {
          length += chunk.length;
          if (length > ANSWER_LIMIT) call.destroy();
        });
        answer.on('error', () => {});
        answer.on('end', () => {
          if (answer.complete) status = answer.statusCode;
          call.destroy();
        });
      });
      call.on('error', (error: NodeJS.ErrnoException) => {
        // The code alone: a message may repeat what was sent.
        why ??= error.code ?? 'the connection failed';
      });
      call.on('close', () => {
        clearTimeout(timer);
        if (status !== undefined) resolve({ is: 'answered', status });
        else resolve({ is: ready ? 'lost' : 'not-sent', why: why ?? 'the connection ended' });
      });
    });
  }
}

/** `Authorization: Basic` (RFC 7617). */
export function basic(user: string, password: Secret): string {
  return `Basic ${Buffer.from(`${user}:${password.reveal()}`).toString('base64')}`;
}
