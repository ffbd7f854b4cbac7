import type { Agent } from 'node:https';
import { z } from 'zod';
import type { Secret } from '../../shared/secret.ts';
import type { Reason } from '../contract.ts';
import { asAnswer, cardSeen, Name, notSent, tested, timeLeft } from './answers.ts';
import { type BodyFields, cardParts, formBody } from './card-body.ts';
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
} from './gateway.ts';
import { type CardInBody, type ExchangeResult, exchange } from './https-exchange.ts';

export interface KomojuParts extends GatewayRoute {
  /** `https://komoju.com`; practice and earnest differ by the key alone. */
  readonly url: string;
  readonly key: Secret;
}

const Payment = z.object({
  id: Name,
  status: z.string(),
  external_order_num: z.string().nullish(),
  amount: z.int().optional(),
  amount_refunded: z.int().optional(),
  payment_details: z
    .object({ brand: z.string().nullish(), last_four_digits: z.string().nullish() })
    .nullish()
    .catch(undefined),
  refunds: z
    .array(z.object({ description: z.string().nullish(), amount: z.int().optional() }))
    .optional()
    .catch(undefined),
});
type Payment = z.infer<typeof Payment>;
const Payments = z.object({ data: z.array(Payment) });
const Failed = z.object({ error: z.object({ code: z.string() }) });

/**
 * By the `code` of an error (https://doc.komoju.com/docs/errors), whatever its status: declines were seen with 402 and,
 * as the card company's answer, with 502.
 */
const DECLINES: Readonly<Record<string, Reason>> = {
  card_declined: 'card-refused',
  used_number: 'card-refused',
  invalid_account: 'card-refused',
  restricted_account: 'card-refused',
  fraudulent: 'card-refused',
  insufficient_funds: 'funds',
  exceeds_limit: 'limit',
  bad_verification_value: 'security-code-wrong',
  card_expired: 'card-expired',
  invalid_number: 'card-number-wrong',
};
const REFUSED: Readonly<Record<number, Reason>> = {
  400: 'gateway-refused',
  401: 'gateway-settings',
  403: 'gateway-settings',
  404: 'gateway-settings',
  422: 'gateway-refused',
  429: 'gateway-busy',
};

/**
 * KOMOJU, in yen. Our reference is its `external_order_num`, by which payments are looked up, and its idempotency key
 * (24 hours). Raw cards want the merchant's PCI papers.
 */
export class KomojuGateway implements Gateway {
  readonly name = 'komoju';
  readonly abilities: GatewayAbilities = {
    lengths: { visa: [16], mastercard: [16], amex: [15], jcb: [16], diners: [14, 16] },
    currencies: ['JPY'],
    purposes: ['charge', 'authorize'],
    actions: ['capture', 'void', 'refund'],
    partial: ['refund'],
  };
  readonly #base: URL;
  readonly #agent: Agent;
  readonly #key: Secret;

  constructor({ url, key, ...route }: KomojuParts) {
    this.#base = new URL('api/v1/', url.endsWith('/') ? url : `${url}/`);
    this.#agent = gatewayAgent(route);
    this.#key = key;
  }

  async authorize(
    { reference, purpose, order }: CardRequest,
    card: CardDigits,
    timeoutMs: number,
    released: () => void,
  ): Promise<Answer> {
    const { number, month, year, securityCode } = cardParts(card);
    const body = {
      amount: order.amountMinor,
      // Left out, KOMOJU would add the consumption tax.
      tax: 0,
      currency: order.currency,
      capture: purpose === 'charge',
      external_order_num: reference,
      description: order.description ?? order.reference,
      metadata: { order: order.reference },
      payment_details: { type: 'credit_card', number, month, year, verification_value: securityCode },
    };
    const result = await this.#post('payments', body, reference, timeoutMs, { number: card.number, released });
    const payment = paymentIn(result);
    if (!payment) return refusalIn(result);
    return payment.external_order_num === reference ? asAnswer(found(payment, purpose)) : { is: 'unknown' };
  }

  async operate({ purpose, reference, of, order }: MoneyRequest, timeoutMs: number): Promise<Answer> {
    const part = order.amountMinor !== of.amountMinor;
    if (part && purpose !== 'refund') return { is: 'failed', reason: 'amount-unfit' };
    const left = timeLeft(timeoutMs);
    const id = of.transaction ?? (await this.#payment(of.reference, left()))?.id;
    if (id === undefined) return { is: 'failed', reason: 'gateway-unreachable' };
    const [path, body]: [string, BodyFields] =
      purpose === 'capture'
        ? ['capture', {}]
        : purpose === 'void'
          ? ['cancel', {}]
          : // The description is what a look-up finds our refund by among others.
            ['refund', { amount: order.amountMinor, description: reference }];
    const result = await this.#post(`payments/${encodeURIComponent(id)}/${path}`, body, reference, left());
    const payment = paymentIn(result);
    return payment ? asAnswer(operated(payment, purpose, reference)) : refusalIn(result);
  }

  async lookUp({ purpose, reference, of }: AttemptName, timeoutMs: number): Promise<Found> {
    const payments = await this.#payments(of?.reference ?? reference, timeoutMs);
    if (!payments) return { is: 'no-answer' };
    const [payment, other] = payments;
    // Two payments of one reference must not be: nothing may be concluded.
    if (other) return { is: 'no-answer' };
    if (!payment) return { is: 'absent' };
    if (purpose === 'capture' || purpose === 'void' || purpose === 'refund')
      return operated(payment, purpose, reference);
    return found(payment, purpose);
  }

  async reverse(attempt: AttemptName, timeoutMs: number): Promise<Reversal> {
    if (attempt.of || attempt.purpose === 'card-update') return 'no-answer';
    const left = timeLeft(timeoutMs);
    const payment = await this.#payment(attempt.reference, left());
    if (!payment) return 'no-answer';
    if (isReversed(payment)) return 'reversed';
    const path = `payments/${encodeURIComponent(payment.id)}/${payment.status === 'captured' ? 'refund' : 'cancel'}`;
    const after = paymentIn(await this.#post(path, {}, `${attempt.reference}-reverse`, left()));
    return after && isReversed(after) ? 'reversed' : 'no-answer';
  }

  /** Asks for a payment that nobody made. */
  async test(timeoutMs: number): Promise<'works' | Reason> {
    return tested(await this.#get('payments?external_order_num=none', timeoutMs), ({ status, json }) =>
      status === 200 && Payments.safeParse(json).success ? undefined : (REFUSED[status] ?? 'gateway-refused'),
    );
  }

  close(): void {
    this.#agent.destroy();
  }

  async #payment(reference: string, timeoutMs: number): Promise<Payment | undefined> {
    const payments = await this.#payments(reference, timeoutMs);
    return payments?.length === 1 ? payments[0] : undefined;
  }

  /** The payments of a reference; undefined where nobody can say. */
  async #payments(reference: string, timeoutMs: number): Promise<Payment[] | undefined> {
    const result = await this.#get(`payments?external_order_num=${reference}`, timeoutMs);
    if (result.is !== 'answered' || result.status !== 200) return undefined;
    // A service that doesn't know the filter would list others' payments.
    const listed = Payments.safeParse(result.json).data?.data;
    return listed?.every((payment) => payment.external_order_num === reference) ? listed : undefined;
  }

  #get(path: string, timeoutMs: number): Promise<ExchangeResult> {
    return exchange(this.#agent, {
      method: 'GET',
      url: new URL(path, this.#base),
      headers: this.#headers(),
      timeoutMs,
    });
  }

  #post(path: string, fields: BodyFields, key: string, timeoutMs: number, card?: CardInBody) {
    return exchange(this.#agent, {
      method: 'POST',
      url: new URL(path, this.#base),
      headers: { ...this.#headers(), 'x-komoju-idempotency': key },
      body: () => formBody(fields),
      contentType: 'application/x-www-form-urlencoded',
      timeoutMs,
      ...(card && { card }),
    });
  }

  #headers() {
    return { authorization: `Basic ${Buffer.from(`${this.#key.reveal()}:`).toString('base64')}` };
  }
}

function paymentIn(result: ExchangeResult): Payment | undefined {
  return result.is === 'answered' && (result.status === 200 || result.status === 201)
    ? Payment.safeParse(result.json).data
    : undefined;
}

function found(payment: Payment, purpose: AttemptName['purpose']): Found {
  if (isReversed(payment)) return { is: 'reversed' };
  const { id, status, payment_details: details } = payment;
  const approved = { is: 'approved', transaction: id, ...cardSeen(details?.brand, details?.last_four_digits) } as const;
  switch (status) {
    case 'captured':
      return approved;
    case 'authorized':
      return purpose === 'authorize' ? approved : { is: 'pending' };
    case 'pending':
      return { is: 'pending' };
    case 'failed':
    case 'expired':
      return { is: 'declined', reason: 'card-refused' };
    default:
      return { is: 'no-answer' };
  }
}

function isReversed({ status }: Payment): boolean {
  return status === 'refunded' || status === 'cancelled';
}

function operated(payment: Payment, purpose: MoneyRequest['purpose'], reference: string): Found {
  const { status, id, refunds } = payment;
  const done =
    purpose === 'capture'
      ? status === 'captured'
      : purpose === 'void'
        ? status === 'cancelled'
        : (refunds?.some(({ description }) => description === reference) ?? status === 'refunded');
  if (done) return { is: 'approved', transaction: id };
  return status === 'authorized' || status === 'captured'
    ? { is: 'absent' }
    : { is: 'failed', reason: 'gateway-refused' };
}

function refusalIn(result: ExchangeResult): Answer {
  if (result.is !== 'answered') return notSent(result) ?? { is: 'unknown' };
  const { status } = result;
  const error = Failed.safeParse(result.json).data?.error;
  // A page without KOMOJU's own words may be a proxy's.
  if (!error) return { is: 'unknown' };
  const reason = DECLINES[error.code];
  if (reason || status === 402) return { is: 'declined', reason: reason ?? 'card-refused' };
  const refused = REFUSED[status];
  return refused ? { is: 'failed', reason: refused } : { is: 'unknown' };
}
