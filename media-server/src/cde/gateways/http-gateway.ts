import type { Agent } from 'node:https';
import { z } from 'zod';
import { newId } from '../../shared/ids.ts';
import { CURRENCIES, type Currency } from '../../shared/money.ts';
import type { Secret } from '../../shared/secret.ts';
import { BRANDS, type MoneyAction, type Purpose, type Reason } from '../contract.ts';
import { asAnswer, Name, notSent, Receipt, tested } from './answers.ts';
import { type BodyFields, cardParts, jsonBody } from './card-body.ts';
import { type GatewayRoute, gatewayAgent } from './gateway-agent.ts';
import type {
  Answer,
  AttemptName,
  CardDigits,
  CardRequest,
  Found,
  Gateway,
  GatewayAbilities,
  MoneyRequest,
  Reversal,
  StoredRequest,
} from './gateway.ts';
import { type CardInBody, type ExchangeResult, exchange } from './https-exchange.ts';

export interface HttpGatewayParts extends GatewayRoute {
  /** Below which `attempts/…` lies. */
  readonly url: string;
  readonly key: Secret;
  /** What the service behind it can do; default: charges in every currency, nothing else. */
  readonly currencies?: readonly Currency[] | undefined;
  readonly purposes?: readonly Exclude<Purpose, 'verify'>[] | undefined;
  readonly actions?: readonly MoneyAction[] | undefined;
  readonly partial?: readonly MoneyAction[] | undefined;
}

/** Reasons that a service may give for a refusal. */
const DECLINED = [
  'card-refused',
  'funds',
  'limit',
  'card-expired',
  'security-code-wrong',
  'card-number-wrong',
] as const satisfies readonly Reason[];
const FAILED = [
  'brand-refused',
  'amount-unfit',
  'currency-refused',
  'no-such-card',
  'not-possible',
  'gateway-refused',
  'gateway-busy',
  'gateway-settings',
] as const satisfies readonly Reason[];

const Attempt = z.object({
  reference: z.string(),
  status: z.enum(['processing', 'approved', 'declined', 'failed', 'reversed']),
  reason: z.string().optional(),
  receipt: Receipt,
  transaction: Name.optional(),
  storedCard: Name.optional(),
  brand: z.enum(BRANDS).optional().catch(undefined),
  lastFour: z
    .string()
    .regex(/^[0-9]{4}$/)
    .optional()
    .catch(undefined),
});
const NoSuchAttempt = z.object({ error: z.literal('no-such-attempt') });
const Busy = z.object({ error: z.literal('busy') });
const Declined = z.enum(DECLINED).catch('card-refused');
const Failed = z.enum(FAILED).catch('gateway-refused');

/** What an HTTP status means where no attempt comes with it: only what surely refuses is here, all else is unknown. */
const REFUSED: Readonly<Record<number, Reason>> = {
  400: 'gateway-refused',
  413: 'gateway-refused',
  422: 'gateway-refused',
  401: 'gateway-settings',
  403: 'gateway-settings',
  404: 'gateway-settings',
  405: 'gateway-settings',
  415: 'gateway-settings',
  429: 'gateway-busy',
  503: 'gateway-busy',
};

/**
 * Any payment service, or a merchant's own system, that speaks our contract (docs/openapi/http-adapter.yaml):
 * `PUT attempts/{reference}` does everything (charge, authorize, card-update, stored-charge, capture, void, refund), once
 * per reference; `GET` of the same looks it up; `POST attempts/{reference}/reverse` undoes it.
 */
export class HttpGateway implements Gateway {
  readonly name = 'http';
  readonly abilities: GatewayAbilities;
  readonly #base: URL;
  readonly #agent: Agent;
  readonly #key: Secret;

  constructor({ url, key, currencies, purposes, actions, partial, ...route }: HttpGatewayParts) {
    this.#base = new URL(url.endsWith('/') ? url : `${url}/`);
    this.#agent = gatewayAgent(route);
    this.#key = key;
    this.abilities = {
      lengths: {
        visa: [16, 18, 19],
        mastercard: [16],
        amex: [15],
        diners: [14, 16, 19],
        jcb: [16, 17, 18, 19],
        discover: [16, 19],
        unionpay: [14, 15, 16, 17, 18, 19],
      },
      currencies: currencies ?? CURRENCIES,
      purposes: purposes ?? ['charge'],
      actions: actions ?? [],
      partial: partial ?? [],
    };
  }

  async authorize(request: CardRequest, card: CardDigits, timeoutMs: number, released: () => void): Promise<Answer> {
    const { number, monthYear, securityCode } = cardParts(card);
    const body = { ...bodyOf(request, request.storedCard), card: { number, expiry: monthYear, securityCode } };
    return answerOf(await this.#put(request, body, timeoutMs, { number: card.number, released }), request);
  }

  async chargeStored(request: StoredRequest, timeoutMs: number): Promise<Answer> {
    return answerOf(await this.#put(request, bodyOf(request, request.storedCard), timeoutMs), request);
  }

  async operate(request: MoneyRequest, timeoutMs: number): Promise<Answer> {
    const part = request.order.amountMinor !== request.of.amountMinor;
    if (part && !this.abilities.partial?.includes(request.purpose)) return { is: 'failed', reason: 'amount-unfit' };
    return answerOf(await this.#put(request, bodyOf(request), timeoutMs), request);
  }

  async lookUp(attempt: AttemptName, timeoutMs: number): Promise<Found> {
    return foundBy(await exchange(this.#agent, { ...this.#to('GET', attempt), timeoutMs }), attempt);
  }

  async reverse(attempt: AttemptName, timeoutMs: number): Promise<Reversal> {
    const asked = { ...this.#to('POST', attempt, '/reverse'), timeoutMs };
    return foundBy(await exchange(this.#agent, asked), attempt).is === 'reversed' ? 'reversed' : 'no-answer';
  }

  /** Looks up an attempt that nobody made: only the right address with the right key has the right words for that. */
  async test(timeoutMs: number): Promise<'works' | Reason> {
    const result = await exchange(this.#agent, { ...this.#to('GET', { reference: newId() }), timeoutMs });
    return tested(result, ({ status, json }) =>
      status === 404 && NoSuchAttempt.safeParse(json).success ? undefined : (REFUSED[status] ?? 'gateway-refused'),
    );
  }

  close(): void {
    this.#agent.destroy();
  }

  #put(request: AttemptName, body: BodyFields, timeoutMs: number, card?: CardInBody) {
    const asked = { ...this.#to('PUT', request), timeoutMs, body: () => jsonBody(body) };
    return exchange(this.#agent, card ? { ...asked, card } : asked);
  }

  #to(method: 'GET' | 'PUT' | 'POST', { reference }: Pick<AttemptName, 'reference'>, action: '' | '/reverse' = '') {
    return {
      method,
      url: new URL(`attempts/${reference}${action}`, this.#base),
      headers: { authorization: `Bearer ${this.#key.reveal()}`, 'idempotency-key': reference },
    };
  }
}

function bodyOf({ purpose, order, member, of }: AttemptName, storedCard?: string): BodyFields {
  const { amountMinor, currency, reference, description } = order;
  return { purpose, amountMinor, currency, order: reference, description, member, storedCard, of };
}

function answerOf(result: ExchangeResult, attempt: AttemptName): Answer {
  if (result.is !== 'answered') return notSent(result) ?? { is: 'unknown' };
  const { status, json } = result;
  const refused = REFUSED[status];
  // Proxies say 503 too, some of them when the service died over a request: only its own word means that nothing was done.
  if (status === 503 && !Busy.safeParse(json).success) return { is: 'unknown' };
  if (refused) return { is: 'failed', reason: refused };
  if (status !== 200 && status !== 201 && status !== 402) return { is: 'unknown' };
  return asAnswer(attemptOf(json, attempt));
}

function foundBy(result: ExchangeResult, attempt: AttemptName): Found {
  if (result.is !== 'answered') return { is: 'no-answer' };
  // A wrong address answers 404 too: only the service's own words make an attempt absent.
  if (result.status === 404 && NoSuchAttempt.safeParse(result.json).success) return { is: 'absent' };
  return result.status === 200 ? attemptOf(result.json, attempt) : { is: 'no-answer' };
}

function attemptOf(json: unknown, { reference }: AttemptName): Found {
  const attempt = Attempt.safeParse(json);
  if (!attempt.success || attempt.data.reference !== reference) return { is: 'no-answer' };
  const { status, reason, receipt, transaction, storedCard, brand, lastFour } = attempt.data;
  switch (status) {
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
      return { is: 'declined', reason: Declined.parse(reason) };
    case 'failed':
      return { is: 'failed', reason: Failed.parse(reason) };
    case 'reversed':
      return { is: 'reversed' };
  }
}
