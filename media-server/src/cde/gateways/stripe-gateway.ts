import { createHash } from 'node:crypto';
import type { Agent } from 'node:https';
import { z } from 'zod';
import { CURRENCIES } from '../../shared/money.ts';
import type { Secret } from '../../shared/secret.ts';
import type { Reason } from '../contract.ts';
import { asAnswer, cardSeen, Name, tested, timeLeft } from './answers.ts';
import { digitBuffer } from '../digit-buffers.ts';
import { type BodyFields, cardParts, Digits, formBody } from './card-body.ts';
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
  Prepared,
  Refused,
  Reversal,
  StoredRequest,
} from './gateway.ts';
import { type CardInBody, type ExchangeResult, exchange } from './https-exchange.ts';
import {
  Failed,
  Intent,
  intentFound,
  isNotAllowed,
  isReversed,
  Listed,
  okJson,
  operated,
  paidBy,
  REFUSED,
  Refund,
  refundFound,
  refusalIn,
  SetupIntent,
  setupFound,
} from './stripe-answers.ts';

export interface StripeParts extends GatewayRoute {
  /** `https://api.stripe.com`; practice and earnest differ by the key alone. */
  readonly url: string;
  readonly key: Secret;
}

/** The version of the API that this file was written for. */
const API_VERSION = '2026-10-28.endive';
/** What is asked of a list, and the greatest answer, bytes: a PaymentIntent with its charge has some 6 KB. */
const PAGE = 20;
const ANSWER_LIMIT = 262_144;

/**
 * Stripe by its HTTP API. A PaymentIntent (of a `card-update`: a SetupIntent) is made first, without a card; then it is
 * confirmed with the card as a telephone order (`moto`). Both, and raw cards at all, Stripe has to allow for the account.
 * A member is a customer of Stripe's: `cus_…` as it is, any other name by the customer's metadata.
 */
export class StripeGateway implements Gateway {
  readonly name = 'stripe';
  readonly abilities: GatewayAbilities = {
    lengths: {
      visa: [16],
      mastercard: [16],
      amex: [15],
      diners: [14, 16],
      jcb: [16],
      discover: [16],
      unionpay: [16, 17, 18, 19],
    },
    currencies: CURRENCIES,
    purposes: ['charge', 'authorize', 'card-update', 'stored-charge'],
    actions: ['capture', 'void', 'refund'],
    partial: ['capture', 'refund'],
  };
  readonly #base: URL;
  readonly #agent: Agent;
  readonly #key: Secret;

  constructor({ url, key, ...route }: StripeParts) {
    this.#base = new URL(url.endsWith('/') ? url : `${url}/`);
    this.#agent = gatewayAgent(route);
    this.#key = key;
  }

  async prepare(request: CardRequest, timeoutMs: number): Promise<Prepared> {
    const { purpose, reference, member } = request;
    const left = timeLeft(timeoutMs);
    let path = 'v1/payment_intents';
    let fields = intentFields(request);
    if (purpose === 'card-update') {
      const customer = await this.#customer(member ?? '', left);
      if (typeof customer !== 'string') return customer;
      path = 'v1/setup_intents';
      fields = { customer, usage: 'off_session', ...ofAttempt(request) };
    }
    const result = await this.#post(
      path,
      { ...fields, payment_method_types: ['card'] },
      `${reference}-prepare`,
      left(),
    );
    const made = z.object({ id: Name }).safeParse(okJson(result)).data;
    if (made) return { is: 'prepared', transaction: made.id };
    const refused = refusalIn(result);
    return refused.is === 'unknown' || refused.is === 'approved' ? { is: 'no-answer' } : refused;
  }

  async authorize(request: CardRequest, card: CardDigits, timeoutMs: number, released: () => void): Promise<Answer> {
    const { purpose, reference, transaction } = request;
    if (transaction === undefined) {
      released();
      return { is: 'failed', reason: 'not-possible' };
    }
    const left = timeLeft(timeoutMs);
    const { number, month, fullYear, securityCode } = cardParts(card);
    const body = {
      payment_method_data: { type: 'card', card: { number, exp_month: month, exp_year: fullYear, cvc: securityCode } },
      payment_method_options: { card: { moto: true } },
    };
    const update = purpose === 'card-update';
    const path = `${update ? 'v1/setup_intents' : 'v1/payment_intents'}/${transaction}/confirm`;
    const expand = update ? ['payment_method'] : ['latest_charge'];
    const result = await this.#post(path, { ...body, expand }, `${reference}-confirm`, left(), {
      number: card.number,
      released,
    });
    if (okJson(result) === undefined) return refusalIn(result);
    const found = update ? await this.#storedBy(result, left) : paidBy(result, request);
    return asAnswer(found);
  }

  /** One request: no card is in it, and a look-up finds it among the customer's. */
  async chargeStored(request: StoredRequest, timeoutMs: number): Promise<Answer> {
    const left = timeLeft(timeoutMs);
    const customer = await this.#customer(request.member, left);
    if (typeof customer !== 'string') return customer.is === 'no-answer' ? UNREACHABLE : customer;
    const stored = request.storedCard ?? (await this.#newestCard(customer, left()));
    if (typeof stored !== 'string') return stored;
    const body = {
      ...intentFields(request),
      customer,
      payment_method: stored,
      payment_method_types: ['card'],
      confirm: true,
      payment_method_options: { card: { moto: true } },
      expand: ['latest_charge'],
    };
    const result = await this.#post('v1/payment_intents', body, `${request.reference}-stored`, left());
    if (okJson(result) === undefined) return refusalIn(result);
    const found = paidBy(result, request);
    return asAnswer(found);
  }

  async operate(request: MoneyRequest, timeoutMs: number): Promise<Answer> {
    const { purpose, reference, of, order } = request;
    const intent = of.transaction;
    if (intent === undefined) return { is: 'failed', reason: 'not-possible' };
    const part = order.amountMinor === of.amountMinor ? undefined : order.amountMinor;
    if (purpose === 'void' && part !== undefined) return { is: 'failed', reason: 'amount-unfit' };
    const key = `${reference}-${purpose}`;
    if (purpose === 'refund') {
      const body = { payment_intent: intent, amount: part, metadata: { attempt: reference } };
      const result = await this.#post('v1/refunds', body, key, timeoutMs);
      const refund = Refund.safeParse(okJson(result)).data;
      return refund ? asAnswer(refundFound(refund)) : refusalIn(result);
    }
    const [path, body] = purpose === 'capture' ? ['capture', { amount_to_capture: part }] : ['cancel', {}];
    const result = await this.#post(`v1/payment_intents/${intent}/${path}`, body, key, timeoutMs);
    const after = Intent.safeParse(okJson(result)).data;
    return after ? asAnswer(operated(after, purpose)) : refusalIn(result);
  }

  async lookUp(attempt: AttemptName, timeoutMs: number): Promise<Found> {
    const { purpose, transaction, of, reference } = attempt;
    const left = timeLeft(timeoutMs);
    if (purpose === 'refund') return await this.#refundOf(of?.transaction ?? '', reference, left());
    if (purpose === 'capture' || purpose === 'void') {
      const intent = Intent.safeParse(okJson(await this.#get(intentPath(of?.transaction ?? ''), left()))).data;
      return intent ? operated(intent, purpose) : { is: 'no-answer' };
    }
    if (purpose === 'stored-charge') return await this.#storedCharge(attempt, left);
    // Nothing is confirmed that `prepare` gave no name to.
    if (transaction === undefined) return { is: 'absent' };
    if (purpose === 'card-update') {
      const path = `v1/setup_intents/${encodeURIComponent(transaction)}?expand[]=payment_method`;
      return await this.#storedBy(await this.#get(path, left()), left);
    }
    return paidBy(await this.#get(intentPath(transaction), left()), attempt);
  }

  async reverse(attempt: AttemptName, timeoutMs: number): Promise<Reversal> {
    const { purpose, reference } = attempt;
    if (attempt.of || purpose === 'card-update') return 'no-answer';
    const left = timeLeft(timeoutMs);
    const found =
      attempt.transaction === undefined && purpose === 'stored-charge'
        ? await this.#storedCharge(attempt, left)
        : undefined;
    const intent = attempt.transaction ?? (found?.is === 'approved' ? found.transaction : undefined);
    if (intent === undefined) return found?.is === 'reversed' ? 'reversed' : 'no-answer';
    const before = Intent.safeParse(okJson(await this.#get(intentPath(intent), left()))).data;
    if (!before) return 'no-answer';
    if (isReversed(before)) return 'reversed';
    if (before.status === 'succeeded') {
      const body = { payment_intent: intent, metadata: { attempt: reference } };
      const refund = Refund.safeParse(
        okJson(await this.#post('v1/refunds', body, `${reference}-reverse`, left())),
      ).data;
      return refund?.status === 'succeeded' ? 'reversed' : 'no-answer';
    }
    const result = await this.#post(`v1/payment_intents/${intent}/cancel`, {}, `${reference}-reverse`, left());
    return Intent.safeParse(okJson(result)).data?.status === 'canceled' ? 'reversed' : 'no-answer';
  }

  /**
   * Reads one PaymentIntent; then makes a payment method of nobody's from Stripe's published test number, which an account
   * that may not send card numbers is refused. Whether it may take telephone orders (`moto`) shows only in a payment.
   */
  async test(timeoutMs: number): Promise<'works' | Reason> {
    const left = timeLeft(timeoutMs);
    const listed = tested(await this.#get('v1/payment_intents?limit=1', left()), ({ status, json }) =>
      status === 200 && Listed.safeParse(json).success ? undefined : (REFUSED[status] ?? 'gateway-refused'),
    );
    if (listed !== 'works') return listed;
    const number = digitBuffer(16);
    for (let at = 0; at < number.length; at++) number[at] = at % 2 === 0 ? 4 : 2;
    const card = { number: new Digits(number), exp_month: 12, exp_year: 2040 };
    const tried = await this.#post('v1/payment_methods', { type: 'card', card }, undefined, left(), {
      number,
      released: () => number.fill(0),
    });
    return tested(tried, ({ json }) => {
      const error = Failed.safeParse(json).data?.error;
      return error && isNotAllowed(error) ? 'gateway-settings' : undefined;
    });
  }

  close(): void {
    this.#agent.destroy();
  }

  /** The card that a SetupIntent stored, made the customer's default: only then it has replaced the one before. */
  async #storedBy(result: ExchangeResult, left: () => number): Promise<Found> {
    const intent = SetupIntent.safeParse(okJson(result)).data;
    if (!intent) return { is: 'no-answer' };
    const { status, customer, payment_method: method } = intent;
    if (status !== 'succeeded') return setupFound(intent);
    if (!customer || !method || typeof method === 'string') return { is: 'no-answer' };
    const body = { invoice_settings: { default_payment_method: method.id } };
    const defaulted = await this.#post(`v1/customers/${customer}`, body, undefined, left());
    if (okJson(defaulted) === undefined) return { is: 'no-answer' };
    return {
      is: 'approved',
      transaction: intent.id,
      storedCard: method.id,
      ...cardSeen(method.card?.brand, method.card?.last4),
    };
  }

  /**
   * A member's customer. Found by metadata; that index is minutes behind, so what isn't found is made under a key of the
   * member's: for 24 hours it is the same one again.
   */
  async #customer(member: string, left: () => number): Promise<string | Refused | { readonly is: 'no-answer' }> {
    if (/^cus_[A-Za-z0-9]+$/.test(member)) return member;
    const query = encodeURIComponent(`metadata['member']:'${member}'`);
    const searched = await this.#get(`v1/customers/search?query=${query}&limit=1`, left());
    const listed = Listed.safeParse(okJson(searched)).data;
    const known = z.object({ id: Name }).safeParse(listed?.data[0]).data;
    if (known) return known.id;
    const refused = refusalIn(searched);
    if (!listed) return refused.is === 'declined' || refused.is === 'failed' ? refused : { is: 'no-answer' };
    const key = `member-${createHash('sha256').update(member).digest('hex').slice(0, 32)}`;
    const made = await this.#post('v1/customers', { metadata: { member } }, key, left());
    return z.object({ id: Name }).safeParse(okJson(made)).data?.id ?? { is: 'no-answer' };
  }

  async #newestCard(customer: string, timeoutMs: number): Promise<string | Refused> {
    const result = await this.#get(`v1/customers/${customer}/payment_methods?type=card&limit=1`, timeoutMs);
    const listed = Listed.safeParse(okJson(result)).data;
    if (!listed) return UNREACHABLE;
    return z.object({ id: Name }).safeParse(listed.data[0]).data?.id ?? { is: 'failed', reason: 'no-such-card' };
  }

  /** Lists are never behind, as a search is. */
  async #storedCharge(attempt: AttemptName, left: () => number): Promise<Found> {
    const { transaction, member, reference } = attempt;
    if (transaction !== undefined) return paidBy(await this.#get(intentPath(transaction), left()), attempt);
    const customer = await this.#customer(member ?? '', left);
    if (typeof customer !== 'string') return { is: 'no-answer' };
    const path = `v1/payment_intents?customer=${customer}&limit=${PAGE}&expand[]=data.latest_charge`;
    const listed = Listed.safeParse(okJson(await this.#get(path, left()))).data;
    if (!listed) return { is: 'no-answer' };
    const intents = listed.data.flatMap((item) => Intent.safeParse(item).data ?? []);
    const intent = intents.find(({ metadata }) => metadata.attempt === reference);
    if (intent) return intentFound(intent, attempt);
    return listed.data.length < PAGE ? { is: 'absent' } : { is: 'no-answer' };
  }

  async #refundOf(intent: string, reference: string, timeoutMs: number): Promise<Found> {
    const result = await this.#get(`v1/refunds?payment_intent=${encodeURIComponent(intent)}&limit=${PAGE}`, timeoutMs);
    const listed = Listed.safeParse(okJson(result)).data;
    if (!listed) return { is: 'no-answer' };
    const refunds = listed.data.flatMap((item) => Refund.safeParse(item).data ?? []);
    const refund = refunds.find(({ metadata }) => metadata.attempt === reference);
    if (refund) return refundFound(refund);
    return listed.data.length < PAGE ? { is: 'absent' } : { is: 'no-answer' };
  }

  #get(path: string, timeoutMs: number): Promise<ExchangeResult> {
    const url = new URL(path, this.#base);
    return exchange(this.#agent, {
      method: 'GET',
      url,
      headers: this.#headers(),
      timeoutMs,
      answerLimit: ANSWER_LIMIT,
    });
  }

  #post(path: string, fields: BodyFields, key: string | undefined, timeoutMs: number, card?: CardInBody) {
    return exchange(this.#agent, {
      method: 'POST',
      url: new URL(path, this.#base),
      headers: { ...this.#headers(), ...(key !== undefined && { 'idempotency-key': key }) },
      body: () => formBody(fields),
      contentType: 'application/x-www-form-urlencoded',
      timeoutMs,
      ...(card && { card }),
    });
  }

  #headers() {
    return { authorization: `Bearer ${this.#key.reveal()}`, 'stripe-version': API_VERSION };
  }
}

const UNREACHABLE: Refused = { is: 'failed', reason: 'gateway-unreachable' };

function ofAttempt({ reference, order }: AttemptName): BodyFields {
  return {
    description: order.description ?? order.reference,
    metadata: { attempt: reference, order: order.reference },
  };
}

function intentFields(request: AttemptName): BodyFields {
  const { amountMinor, currency } = request.order;
  return {
    // Stripe's unit is the minor one too, and yen have none (https://docs.stripe.com/currencies).
    amount: amountMinor,
    currency: currency.toLowerCase(),
    capture_method: request.purpose === 'authorize' ? 'manual' : 'automatic',
    ...ofAttempt(request),
  };
}

function intentPath(intent: string): string {
  return `v1/payment_intents/${encodeURIComponent(intent)}?expand[]=latest_charge`;
}
