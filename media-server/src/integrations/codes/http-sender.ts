import { Secret } from '../../shared/secret.ts';
import { HttpPoster, type PostResult } from '../http-post.ts';
import type { CodeMessage, CodeSender } from './sender.ts';
import type { SendResult } from './sending.ts';

export interface HttpSenderOptions {
  readonly name: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** Value of the header `Authorization`. */
  readonly authorization: Secret | undefined;
  readonly format: 'json' | 'form';
  /** Values may hold `{phone}` (E.164), `{digits}` (without the plus sign), `{national}` (Japan: 090…), `{text}` and `{id}`. */
  readonly body: Readonly<Record<string, string>>;
  readonly caFile: string | undefined;
  readonly timeoutMs: number;
}

/** Sends a text by one POST. */
export class HttpSender implements CodeSender {
  readonly name: string;
  readonly #options: HttpSenderOptions;
  readonly #poster: HttpPoster;
  #up = true;

  constructor(options: HttpSenderOptions) {
    this.name = options.name;
    this.#options = options;
    this.#poster = new HttpPoster(options.caFile);
  }

  get up(): boolean {
    return this.#up;
  }

  async send(message: CodeMessage): Promise<SendResult> {
    const { url, headers, authorization, format, body, timeoutMs } = this.#options;
    const filled = Object.entries(body).map(([name, template]) => [name, filledIn(template, message)] as const);
    const result = resultOf(
      await this.#poster.post({
        url,
        headers: {
          'content-type': format === 'json' ? 'application/json' : 'application/x-www-form-urlencoded',
          accept: 'application/json',
          ...headers,
          ...(authorization && { authorization: authorization.reveal() }),
        },
        body: new Secret(format === 'json' ? JSON.stringify(Object.fromEntries(filled)) : formOf(filled)),
        timeoutMs,
      }),
    );
    // A number that is refused says nothing of the service.
    this.#up = result.is === 'sent' || (result.is === 'not-sent' && !result.again);
    return result;
  }

  async close(): Promise<void> {}
}

/**
 * What an answer says of the text. Only a service's own word counts for `sent`; a server's mistake (5xx) may have happened
 * after the text had gone out.
 */
function resultOf(result: PostResult): SendResult {
  if (result.is !== 'answered') {
    const { why } = result;
    return result.is === 'lost' ? { is: 'not-known', why } : { is: 'not-sent', again: true, why };
  }
  const { status } = result;
  const why = `answered ${status}`;
  if (status >= 200 && status < 300) return { is: 'sent' };
  if (status >= 500 || status === 408) return { is: 'not-known', why };
  return { is: 'not-sent', again: status === 429, why };
}

function filledIn(template: string, { phone, text, id }: CodeMessage): string {
  const values: Record<string, string> = {
    phone,
    digits: phone.slice(1),
    national: phone.startsWith('+81') ? `0${phone.slice(3)}` : phone,
    text: text.reveal(),
    id,
  };
  return template.replace(/\{([a-z]+)\}/g, (whole, name: string) => values[name] ?? whole);
}

function formOf(fields: readonly (readonly [string, string])[]): string {
  const form = new URLSearchParams();
  for (const [name, value] of fields) form.append(name, value);
  return form.toString();
}
