import type { Agent } from 'node:https';
import { z } from 'zod';
import { holdsCardNumber } from '../../shared/card-digits.ts';
import type { Id } from '../../shared/ids.ts';
import { CURRENCIES } from '../../shared/money.ts';
import type { Secret } from '../../shared/secret.ts';
import { BRANDS, type Reason } from '../contract.ts';
import { type BodyFields, cardParts, jsonBody } from './card-body.ts';
import type {
  Answer,
  AttemptName,
  CardDigits,
  CardRequest,
  Found,
  Gateway,
  GatewayAbilities,
  MoneyRequest,
  Prepared,
  Reversal,
  StoredRequest,
} from './gateway.ts';
import { type ExchangeResult, exchange, pinnedAgent } from './https-exchange.ts';

const word = z
  .string()
  .regex(/^[A-Za-z0-9-]{1,32}$/)
  .refine((text) => !holdsCardNumber(text));
/** An attempt or an action as the sandbox tells it. Anything else in the answer is passed over. */
const Attempt = z.object({
  ref: z.string(),
  status: z.enum(['prepared', 'processing', 'approved', 'declined', 'reversed']),
  reason: z
    .enum(['card-refused', 'funds', 'limit', 'card-expired', 'security-code-wrong', 'card-number-wrong'])
    .optional(),
  receipt: word.optional(),
  transaction: word.optional(),
  storedCard: word.optional(),
  brand: z.enum(BRANDS).optional(),
  lastFour: z
    .string()
    .regex(/^[0-9]{4}$/)
    .optional(),
});
const Absent = z.object({ error: z.enum(['no-such-attempt', 'no-such-action']) });
const NoSuchCard = z.object({ error: z.literal('no-such-card') });

/**
 * The sandbox over HTTPS: `PUT /v1/attempts/{reference}`, `GET` of the same, `POST …/reverse`, `PUT /v1/actions/{reference}`;
 * Bearer key, one pinned authority, our reference as the idempotency key.
 */
export class SandboxGateway implements Gateway {
  readonly name = 'sandbox';
  readonly abilities: GatewayAbilities = {
    lengths: { visa: [16], mastercard: [16], amex: [15], jcb: [16], diners: [14] },
    currencies: CURRENCIES,
    purposes: ['charge', 'authorize', 'card-update', 'stored-charge'],
    actions: ['capture', 'void', 'refund'],
    partial: ['capture', 'refund'],
  };
  readonly prepare?: NonNullable<Gateway['prepare']>;
  readonly #base: URL;
  readonly #agent: Agent;
  readonly #key: Secret;

  /**
   * @param ca PEM of the only authority that is trusted
   * @param twoSteps makes the transaction first and sends the card then, as some services want it
   */
  constructor(url: string, ca: string, key: Secret, twoSteps = false) {
    this.#base = new URL(url.endsWith('/') ? url : `${url}/`);
    this.#agent = pinnedAgent(ca);
    this.#key = key;
    if (twoSteps) this.prepare = (request, timeoutMs) => this.#prepare(request, timeoutMs);
  }

  async authorize(request: CardRequest, card: CardDigits, timeoutMs: number, released: () => void): Promise<Answer> {
    const { number, monthYear, securityCode } = cardParts(card);
    const result = await exchange(this.#agent, {
      ...this.#to('PUT', request, ''),
      timeoutMs,
      card: { number: card.number, released },
      body: () =>
        jsonBody({
          ...termsOf(request),
          transaction: request.transaction,
          card: { number, expiry: monthYear, securityCode },
        }),
    });
    return answerOf(result, request.reference);
  }

  async chargeStored(request: StoredRequest, timeoutMs: number): Promise<Answer> {
    const to = this.#to('PUT', request, '');
    const result = await exchange(this.#agent, { ...to, timeoutMs, body: () => jsonBody(termsOf(request)) });
    if (result.is === 'answered' && result.status === 404 && NoSuchCard.safeParse(result.json).success) {
      return { is: 'failed', reason: 'no-such-card' };
    }
    return answerOf(result, request.reference);
  }

  async operate(request: MoneyRequest, timeoutMs: number): Promise<Answer> {
    const { purpose: action, of, order } = request;
    const part = order.amountMinor !== of.amountMinor;
    if (part && !this.abilities.partial?.includes(action)) return { is: 'failed', reason: 'amount-unfit' };
    const result = await exchange(this.#agent, {
      ...this.#to('PUT', request, ''),
      timeoutMs,
      body: () => jsonBody({ action, of: of.reference, amountMinor: order.amountMinor }),
    });
    return answerOf(result, request.reference);
  }

  async lookUp(attempt: AttemptName, timeoutMs: number): Promise<Found> {
    return foundBy(await exchange(this.#agent, { ...this.#to('GET', attempt, ''), timeoutMs }), attempt.reference);
  }

  async reverse(attempt: AttemptName, timeoutMs: number): Promise<Reversal> {
    const result = await exchange(this.#agent, { ...this.#to('POST', attempt, '/reverse'), timeoutMs });
    return foundBy(result, attempt.reference).is === 'reversed' ? 'reversed' : 'no-answer';
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

  async #prepare(request: CardRequest, timeoutMs: number): Promise<Prepared> {
    const to = this.#to('POST', request, '/prepare');
    const result = await exchange(this.#agent, { ...to, timeoutMs, body: () => jsonBody(termsOf(request)) });
    if (result.is === 'not-sent') return { is: 'failed', reason: 'gateway-unreachable' };
    if (result.is !== 'answered') return { is: 'no-answer' };
    const refused = REFUSED[result.status];
    if (refused) return { is: 'failed', reason: refused };
    const made = Attempt.safeParse(result.json);
    const { ref, status, transaction } = made.success ? made.data : {};
    return ref === request.reference && status === 'prepared' && transaction
      ? { is: 'prepared', transaction }
      : { is: 'no-answer' };
  }

  #to(method: 'GET' | 'PUT' | 'POST', { reference, purpose }: AttemptName, step: '' | '/reverse' | '/prepare') {
    const kind = purpose === 'capture' || purpose === 'void' || purpose === 'refund' ? 'actions' : 'attempts';
    return {
      method,
      url: new URL(`v1/${kind}/${reference}${step}`, this.#base),
      headers: { authorization: `Bearer ${this.#key.reveal()}`, 'idempotency-key': reference },
    };
  }
}

function termsOf({ purpose, order, member }: AttemptName): BodyFields {
  const { amountMinor, currency, reference } = order;
  return { purpose, amountMinor, currency, order: reference, member };
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
  if (result.status === 404 && Absent.safeParse(result.json).success) return { is: 'absent' };
  return result.status === 200 ? attemptOf(result.json, reference) : { is: 'no-answer' };
}

function attemptOf(json: unknown, reference: Id): Found {
  const attempt = Attempt.safeParse(json);
  if (!attempt.success || attempt.data.ref !== reference) return { is: 'no-answer' };
  const { status, reason, receipt, brand, lastFour, transaction, storedCard } = attempt.data;
  switch (status) {
    case 'prepared':
      return { is: 'absent' };
    case 'processing':
      return { is: 'pending' };
    case 'approved':
      return {
        is: 'approved',
        ...(receipt && { receipt }),
        ...(transaction && { transaction }),
        ...(storedCard && { storedCard }),
        ...(brand && { brand }),
        ...(lastFour && { lastFour }),
      };
    case 'declined':
      return { is: 'declined', reason: reason ?? 'card-refused' };
    case 'reversed':
      return { is: 'reversed' };
  }
}
