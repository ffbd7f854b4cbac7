import type { Agent } from 'node:https';
import { z } from 'zod';
import { newId } from '../../shared/ids.ts';
import type { Secret } from '../../shared/secret.ts';
import type { Reason } from '../contract.ts';
import { cardSeen, keyOf, Name, notSent, Receipt, tested, timeLeft } from './answers.ts';
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
  Refused,
  Reversal,
  StoredRequest,
} from './gateway.ts';
import { type CardInBody, type ExchangeResult, exchange } from './https-exchange.ts';

/** The shop as card companies show it to cardholders; every request with a card has to carry it. */
export interface GmoMerchant {
  readonly name: string;
  readonly nameKana: string;
  readonly nameAlphabet: string;
  readonly nameShort: string;
  readonly contactName: string;
  readonly contactEmail: string;
  readonly contactPhone: string;
  readonly contactOpeningHours: string;
}

export interface GmoOpenApiParts extends GatewayRoute {
  /** `https://openapi.mul-pay.jp`, or `https://stg.openapi.mul-pay.jp` to practise. */
  readonly url: string;
  readonly shopId: string;
  readonly shopPass: Secret;
  readonly merchant: GmoMerchant;
}

/** The version of the API that this file was written for (its OpenAPI 1.3.1 of 2024-06-10). */
const API_VERSION = '2023-06';
/** The payer's name is required, and nobody tells it on the phone: what is sent says so. */
const PAYER = { name: '電話注文' };

const Problem = z.object({ title: z.string(), detail: z.string().catch('') });
const Order = z.object({
  orderReference: z.object({ accessId: Name, orderId: z.string(), status: z.string(), amount: z.string().optional() }),
  creditResult: z
    .object({
      cardResult: z
        .object({ cardNumber: z.string().optional(), expiryMonth: z.string().optional(), brand: z.string().optional() })
        .optional(),
      approvalCode: Receipt,
    })
    .optional(),
  onfileCardResult: z.object({ cardId: z.string().regex(/^[0-9]{1,4}$/) }).optional(),
  errorInformation: z.object({ title: z.string().optional() }).optional(),
});
type Order = z.infer<typeof Order>;
const Member = z.object({
  onfileCards: z
    .array(
      z.object({
        cardId: z.string().regex(/^[0-9]{1,4}$/),
        cardNumber: z.string(),
        isDefault: z.boolean().optional(),
      }),
    )
    .catch([]),
});

/** By the `title` of a problem, whatever its status (the API's chapter "errors"). What isn't here is unknown. */
const BY_TITLE: Readonly<Record<string, Refused>> = {
  card_declined: { is: 'declined', reason: 'card-refused' },
  processing_failure: { is: 'declined', reason: 'card-refused' },
  operation_aborted_by_user: { is: 'declined', reason: 'card-refused' },
  payment_failure: { is: 'declined', reason: 'card-refused' },
  insufficient_balance: { is: 'declined', reason: 'funds' },
  amount_limit_exceeded: { is: 'declined', reason: 'limit' },
  invalid_contract: { is: 'failed', reason: 'gateway-settings' },
  invalid_header: { is: 'failed', reason: 'gateway-settings' },
  unauthorized_request: { is: 'failed', reason: 'gateway-settings' },
  resource_not_found: { is: 'failed', reason: 'gateway-settings' },
  method_not_allowed: { is: 'failed', reason: 'gateway-settings' },
  unsupported_media_type: { is: 'failed', reason: 'gateway-settings' },
  invalid_parameter: { is: 'failed', reason: 'gateway-refused' },
  missing_parameter: { is: 'failed', reason: 'gateway-refused' },
  invalid_request: { is: 'failed', reason: 'gateway-refused' },
  invalid_status: { is: 'failed', reason: 'gateway-refused' },
  transaction_count_exceeded: { is: 'failed', reason: 'gateway-refused' },
  transaction_expired: { is: 'failed', reason: 'gateway-refused' },
  too_many_requests: { is: 'failed', reason: 'gateway-busy' },
  service_unavailable: { is: 'failed', reason: 'gateway-busy' },
};
/** By the parameter that an `invalid_parameter` names: the customer keyed it, and may key another card. */
const BY_CARD_FIELD: readonly (readonly [RegExp, Reason])[] = [
  [/cardNumber/i, 'card-number-wrong'],
  [/expiry/i, 'card-expired'],
  [/securityCode/i, 'security-code-wrong'],
];

/**
 * GMO Payment Gateway, OpenAPI type. Our reference is its `orderId`; keys are UUIDs made of it, good for 24 hours, so
 * that the same request again is the same transaction. There is no flag for telephone orders: the contract decides
 * whether raw cards are taken. 3-D Secure is on unless it is switched off.
 */
export class GmoOpenApiGateway implements Gateway {
  readonly name = 'gmo-openapi';
  readonly abilities: GatewayAbilities = {
    // cardNumber is 12–16 digits there: no card of 17–19.
    lengths: { visa: [16], mastercard: [16], amex: [15], jcb: [16], diners: [14, 16] },
    currencies: ['JPY'],
    purposes: ['charge', 'authorize', 'card-update', 'stored-charge'],
    actions: ['capture', 'void', 'refund'],
  };
  readonly #base: URL;
  readonly #agent: Agent;
  readonly #authorization: () => string;
  readonly #merchant: GmoMerchant;

  constructor({ url, shopId, shopPass, merchant, ...route }: GmoOpenApiParts) {
    this.#base = new URL(url.endsWith('/') ? url : `${url}/`);
    this.#agent = gatewayAgent(route);
    this.#authorization = () => `Basic ${Buffer.from(`${shopId}:${shopPass.reveal()}`).toString('base64')}`;
    this.#merchant = merchant;
  }

  async authorize(request: CardRequest, card: CardDigits, timeoutMs: number, released: () => void): Promise<Answer> {
    const { number, month, fullYear, securityCode } = cardParts(card);
    const keyed = { cardNumber: number, expiryMonth: month, expiryYear: fullYear, securityCode };
    const update = request.purpose === 'card-update';
    const body = update
      ? {
          ...this.#head(request),
          creditVerificationInformation: {
            card: keyed,
            creditVerificationOptions: { useTds2: false },
            onfileCardOptions: {
              memberId: request.member ?? '',
              cardId: request.storedCard,
              createNewMember: true,
              setDefault: true,
            },
          },
        }
      : {
          ...this.#head(request),
          creditInformation: { card: keyed, creditChargeOptions: chargeOptions(request) },
        };
    const path = update ? 'credit/verifyCard' : 'credit/charge';
    return answerOf(
      await this.#post(path, body, timeoutMs, keyOf(request.reference, 'card'), { number: card.number, released }),
      request,
    );
  }

  async chargeStored(request: StoredRequest, timeoutMs: number): Promise<Answer> {
    const body = {
      ...this.#head(request),
      creditOnfileInformation: {
        // Without a cardId the member's default card is charged.
        onfileCard: { memberId: request.member, type: 'CREDIT_CARD', cardId: request.storedCard },
        creditChargeOptions: chargeOptions(request),
      },
    };
    return answerOf(
      await this.#post('credit/on-file/charge', body, timeoutMs, keyOf(request.reference, 'card')),
      request,
    );
  }

  async operate(request: MoneyRequest, timeoutMs: number): Promise<Answer> {
    const { purpose, reference, of, order } = request;
    // Parts would be `order/update`, which authorizes anew and may be declined with the customer gone.
    if (order.amountMinor !== of.amountMinor) return { is: 'failed', reason: 'amount-unfit' };
    const left = timeLeft(timeoutMs);
    const accessId = of.transaction ?? (await this.#orderOf(of.reference, left()))?.orderReference.accessId;
    if (accessId === undefined) return { is: 'failed', reason: 'gateway-unreachable' };
    const path = purpose === 'capture' ? 'order/capture' : 'order/cancel';
    const result = await this.#post(path, { accessId }, left(), keyOf(reference, purpose));
    return answerOf(result, request);
  }

  async lookUp(attempt: AttemptName, timeoutMs: number): Promise<Found> {
    const left = timeLeft(timeoutMs);
    const orderId = attempt.of?.reference ?? attempt.reference;
    const result = await this.#inquire(orderId, left());
    const found = foundBy(result, attempt);
    if (attempt.purpose !== 'card-update' || found.is !== 'approved' || result.is !== 'answered') return found;
    // The check of the card went well; whether it was stored, only the member's list says.
    const masked = Order.safeParse(result.json).data?.creditResult?.cardResult?.cardNumber;
    const { lastFour = attempt.lastFour } = cardSeen(undefined, masked);
    const listed = await this.#post('member/inquiry', { memberId: attempt.member ?? '', onfileType: 'CARD' }, left());
    if (listed.is !== 'answered' || listed.status !== 200 || lastFour === undefined) return { is: 'no-answer' };
    const same = Member.parse(listed.json ?? {}).onfileCards.filter(({ cardNumber }) => cardNumber.endsWith(lastFour));
    const card = same.find(({ isDefault }) => isDefault) ?? same[0];
    return card ? { ...found, storedCard: card.cardId } : { is: 'absent' };
  }

  async reverse(attempt: AttemptName, timeoutMs: number): Promise<Reversal> {
    if (attempt.of || attempt.purpose === 'card-update') return 'no-answer';
    const left = timeLeft(timeoutMs);
    const accessId = attempt.transaction ?? (await this.#orderOf(attempt.reference, left()))?.orderReference.accessId;
    if (accessId === undefined) return 'no-answer';
    const result = await this.#post('order/cancel', { accessId }, left(), keyOf(attempt.reference, 'reverse'));
    if (orderIn(result, attempt.reference)?.orderReference.status === 'CANCEL') return 'reversed';
    // Cancelled before under a key that is too old: the order says so.
    const order = result.is === 'answered' ? await this.#orderOf(attempt.reference, left()) : undefined;
    return order?.orderReference.status === 'CANCEL' ? 'reversed' : 'no-answer';
  }

  /** Asks for an order that nobody made. Whether the contract takes raw cards shows only in a payment. */
  async test(timeoutMs: number): Promise<'works' | Reason> {
    return tested(await this.#inquire(newId(), timeoutMs), ({ status, json }) => {
      if (status === 200) return undefined;
      if (saysNoSuchOrder(status, json)) return undefined;
      const refused = refusalIn(status, json);
      return refused.is === 'failed' ? refused.reason : 'gateway-refused';
    });
  }

  close(): void {
    this.#agent.destroy();
  }

  #head({ reference, purpose, order }: AttemptName): BodyFields {
    return {
      merchant: { ...this.#merchant },
      order: {
        orderId: reference,
        ...(purpose !== 'card-update' && { amount: String(order.amountMinor), currency: order.currency }),
        clientFields: { clientField1: order.reference },
        transactionType: purpose === 'charge' || purpose === 'authorize' ? 'OTHER' : 'CIT',
      },
      payer: PAYER,
    };
  }

  #inquire(orderId: string, timeoutMs: number): Promise<ExchangeResult> {
    return this.#post('order/inquiry', { orderId }, timeoutMs);
  }

  async #orderOf(reference: string, timeoutMs: number): Promise<Order | undefined> {
    return orderIn(await this.#inquire(reference, timeoutMs), reference);
  }

  #post(path: string, body: BodyFields, timeoutMs: number, key?: string, card?: CardInBody) {
    return exchange(this.#agent, {
      method: 'POST',
      url: new URL(path, this.#base),
      headers: {
        authorization: this.#authorization(),
        'x-mp-version': API_VERSION,
        ...(key !== undefined && { 'idempotency-key': key }),
      },
      body: () => jsonBody(body),
      timeoutMs,
      ...(card && { card }),
    });
  }
}

function chargeOptions({ purpose }: AttemptName) {
  return { authorizationMode: purpose === 'authorize' ? 'AUTH' : 'CAPTURE', paymentMethod: 'ONE_TIME', useTds2: false };
}

/** The status in which an order is when what was asked is done. */
function done(purpose: AttemptName['purpose'], status: string): boolean {
  switch (purpose) {
    case 'charge':
    case 'stored-charge':
      return status === 'CAPTURE' || status === 'SALES';
    case 'authorize':
      return status === 'AUTH' || status === 'SALES' || status === 'CAPTURE';
    case 'card-update':
      return status === 'CHECK';
    case 'capture':
      return status === 'SALES' || status === 'CAPTURE';
    case 'void':
    case 'refund':
      return status === 'CANCEL';
    case 'verify':
      return false;
  }
}

function answerOf(result: ExchangeResult, attempt: AttemptName): Answer {
  if (result.is !== 'answered') return notSent(result) ?? { is: 'unknown' };
  // 202: it wants the customer's browser (3-D Secure), which we switched off. What it did, a look-up says.
  if (result.status === 202) return { is: 'unknown' };
  if (result.status !== 201) return refusalIn(result.status, result.json);
  const order = orderIn(result, attempt.of?.reference ?? attempt.reference);
  if (!order || !done(attempt.purpose, order.orderReference.status)) return { is: 'unknown' };
  // Checked, and no word of the card being kept: a look-up reads the member's list.
  if (attempt.purpose === 'card-update' && !order.onfileCardResult) return { is: 'unknown' };
  return approvalOf(order, attempt);
}

function foundBy(result: ExchangeResult, attempt: AttemptName): Found {
  if (result.is !== 'answered') return { is: 'no-answer' };
  if (saysNoSuchOrder(result.status, result.json)) return { is: 'absent' };
  const order = orderIn(result, attempt.of?.reference ?? attempt.reference);
  if (!order) return { is: 'no-answer' };
  const { status } = order.orderReference;
  if (done(attempt.purpose, status)) return approvalOf(order, attempt);
  // An action that isn't done hasn't happened: orders change in one step.
  if (attempt.of) return { is: 'absent' };
  if (status === 'CANCEL') return { is: 'reversed' };
  if (status !== 'UNPROCESSED' && status !== 'AUTHENTICATED') return { is: 'no-answer' };
  // Nothing reached the card network, or what did was refused: the last operation's error says which.
  if (!order.errorInformation) return { is: 'absent' };
  return BY_TITLE[order.errorInformation.title ?? ''] ?? { is: 'pending' };
}

function approvalOf(order: Order, attempt: AttemptName): Answer & { is: 'approved' } {
  const { creditResult, onfileCardResult, orderReference } = order;
  const { approvalCode, cardResult } = creditResult ?? {};
  return {
    is: 'approved',
    ...(approvalCode !== undefined && { receipt: approvalCode }),
    transaction: orderReference.accessId,
    ...(attempt.purpose === 'card-update' && onfileCardResult && { storedCard: onfileCardResult.cardId }),
    ...cardSeen(cardResult?.brand, cardResult?.cardNumber),
  };
}

function orderIn(result: ExchangeResult, orderId: string): Order | undefined {
  if (result.is !== 'answered' || (result.status !== 200 && result.status !== 201)) return undefined;
  const order = Order.safeParse(result.json).data;
  return order?.orderReference.orderId === orderId ? order : undefined;
}

/** Class of an answer that carries a problem. A status alone says nothing: proxies answer too. */
function refusalIn(status: number, json: unknown): Answer {
  const problem = Problem.safeParse(json).data;
  if (status === 401) return { is: 'failed', reason: 'gateway-settings' };
  if (!problem || status < 400) return { is: 'unknown' };
  const { title, detail } = problem;
  if (status === 402 && BY_TITLE[title]?.is !== 'declined') return { is: 'declined', reason: 'card-refused' };
  if (title === 'invalid_parameter') {
    const field = BY_CARD_FIELD.find(([pattern]) => pattern.test(detail));
    if (field) return { is: 'declined', reason: field[1] };
    if (/onfileCard|cardId|memberId/i.test(detail)) return { is: 'failed', reason: 'no-such-card' };
  }
  return BY_TITLE[title] ?? { is: 'unknown' };
}

/** An inquiry's parameters are one id: what is wrong with it is that there is no such order. */
function saysNoSuchOrder(status: number, json: unknown): boolean {
  const problem = Problem.safeParse(json).data;
  return (
    status === 400 &&
    problem !== undefined &&
    (problem.title === 'invalid_parameter' || problem.title === 'invalid_request') &&
    /orderid/i.test(problem.detail)
  );
}
