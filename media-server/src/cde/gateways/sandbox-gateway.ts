import { readFileSync } from 'node:fs';
import type { Agent } from 'node:https';
import { z } from 'zod';
import { holdsCardNumber } from '../../shared/card-digits.ts';
import type { Id } from '../../shared/ids.ts';
import { CURRENCIES } from '../../shared/money.ts';
import { Secret } from '../../shared/secret.ts';
import { BRANDS, type Reason } from '../contract.ts';
import type { CardSettings } from '../settings.ts';
import { cardBody } from './card-body.ts';
import type {
  Answer,
  AttemptName,
  CardDigits,
  CardRequest,
  Found,
  Gateway,
  GatewayAbilities,
  Reversal,
} from './gateway.ts';
import { type ExchangeResult, exchange, pinnedAgent } from './https-exchange.ts';

/** An attempt as the sandbox tells it. Anything else in the answer is passed over. */
const Attempt = z.object({
  ref: z.string(),
  status: z.enum(['processing', 'approved', 'declined', 'reversed']),
  reason: z
    .enum(['card-refused', 'funds', 'limit', 'card-expired', 'security-code-wrong', 'card-number-wrong'])
    .optional(),
  receipt: z
    .string()
    .regex(/^[A-Za-z0-9-]{1,32}$/)
    .refine((text) => !holdsCardNumber(text))
    .optional(),
  brand: z.enum(BRANDS).optional(),
  lastFour: z
    .string()
    .regex(/^[0-9]{4}$/)
    .optional(),
});
const NoSuchAttempt = z.object({ error: z.literal('no-such-attempt') });

/**
 * The sandbox over HTTPS: `PUT /v1/attempts/{reference}`, `GET` of the same, `POST …/reverse`; Bearer key, one pinned
 * authority, our reference as the idempotency key.
 */
export class SandboxGateway implements Gateway {
  readonly name = 'sandbox';
  readonly abilities: GatewayAbilities = {
    lengths: { visa: [16], mastercard: [16], amex: [15], jcb: [16], diners: [14] },
    currencies: CURRENCIES,
    purposes: ['charge'],
    actions: [],
  };
  readonly #base: URL;
  readonly #agent: Agent;
  readonly #key: Secret;

  /** @throws Error that names the file which can't be read or doesn't hold what it should */
  static from(settings: CardSettings['gateway']): SandboxGateway {
    return new SandboxGateway(
      settings.url,
      contents('caFile', settings.caFile),
      new Secret(contents('keyFile', settings.keyFile)),
    );
  }

  /** @param ca PEM of the only authority that is trusted */
  constructor(url: string, ca: string, key: Secret) {
    this.#base = new URL(url.endsWith('/') ? url : `${url}/`);
    this.#agent = pinnedAgent(ca);
    this.#key = key;
  }

  async authorize(
    { reference, order }: CardRequest,
    card: CardDigits,
    timeoutMs: number,
    released: () => void,
  ): Promise<Answer> {
    const result = await exchange(this.#agent, {
      ...this.#to('PUT', reference, ''),
      timeoutMs,
      released,
      body: () => cardBody(order, card),
    });
    return answerOf(result, reference);
  }

  async lookUp({ reference }: AttemptName, timeoutMs: number): Promise<Found> {
    return foundBy(await exchange(this.#agent, { ...this.#to('GET', reference, ''), timeoutMs }), reference);
  }

  async reverse({ reference }: AttemptName, timeoutMs: number): Promise<Reversal> {
    const found = foundBy(
      await exchange(this.#agent, { ...this.#to('POST', reference, '/reverse'), timeoutMs }),
      reference,
    );
    return found.is === 'reversed' ? 'reversed' : 'no-answer';
  }

  /** Its books answer only to the right key. */
  async test(timeoutMs: number): Promise<'works' | Reason> {
    const url = new URL('v1/books', this.#base);
    const headers = { authorization: `Bearer ${this.#key.reveal()}` };
    const result = await exchange(this.#agent, { method: 'GET', url, headers, timeoutMs });
    if (result.is !== 'answered') return 'gateway-unreachable';
    return result.status === 200 ? 'works' : (REFUSED[result.status] ?? 'gateway-refused');
  }

  close(): void {
    this.#agent.destroy();
  }

  #to(method: 'GET' | 'PUT' | 'POST', reference: Id, action: '' | '/reverse') {
    return {
      method,
      url: new URL(`v1/attempts/${reference}${action}`, this.#base),
      headers: { authorization: `Bearer ${this.#key.reveal()}`, 'idempotency-key': reference },
    };
  }
}

/** Which class an HTTP status is where no attempt comes with it: `failed` only where the request was surely refused. */
const REFUSED: Readonly<Record<number, Reason>> = {
  400: 'gateway-refused',
  413: 'gateway-refused',
  401: 'gateway-settings',
  403: 'gateway-settings',
  404: 'gateway-settings',
  405: 'gateway-settings',
  415: 'gateway-settings',
  422: 'gateway-settings',
  429: 'gateway-busy',
  503: 'gateway-busy',
};

/** The class of what came back to the request. Whatever isn't surely something else is `unknown`. */
export function answerOf(result: ExchangeResult, reference: Id): Answer {
  if (result.is === 'not-sent') return { is: 'failed', reason: 'gateway-unreachable' };
  if (result.is !== 'answered') return { is: 'unknown' };
  const { status } = result;
  const refused = REFUSED[status];
  if (refused) return { is: 'failed', reason: refused };
  if (status !== 200 && status !== 201 && status !== 402) return { is: 'unknown' };
  const found = attemptOf(result.json, reference);
  return found.is === 'approved' || found.is === 'declined' ? found : { is: 'unknown' };
}

/** The class of what came back to a look-up or a reversal. */
export function foundBy(result: ExchangeResult, reference: Id): Found {
  if (result.is !== 'answered') return { is: 'no-answer' };
  // A wrong address answers 404 too: only the gateway's own words make an attempt absent.
  if (result.status === 404 && NoSuchAttempt.safeParse(result.json).success) return { is: 'absent' };
  return result.status === 200 ? attemptOf(result.json, reference) : { is: 'no-answer' };
}

function attemptOf(json: unknown, reference: Id): Found {
  const attempt = Attempt.safeParse(json);
  if (!attempt.success || attempt.data.ref !== reference) return { is: 'no-answer' };
  const { status, reason, receipt, brand, lastFour } = attempt.data;
  switch (status) {
    case 'processing':
      return { is: 'pending' };
    case 'approved':
      return { is: 'approved', ...(receipt && { receipt }), ...(brand && { brand }), ...(lastFour && { lastFour }) };
    case 'declined':
      return { is: 'declined', reason: reason ?? 'card-refused' };
    case 'reversed':
      return { is: 'reversed' };
  }
}

function contents(setting: string, file: string): string {
  let text: string;
  try {
    text = readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw new Error(`gateway.${setting}: ${file} can't be read (${(error as NodeJS.ErrnoException).code})`);
  }
  if (!/^[\x20-\x7e\s]+$/.test(text)) throw new Error(`gateway.${setting}: ${file} is empty or holds more than text`);
  return text;
}
