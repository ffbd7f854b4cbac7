import { createHash } from 'node:crypto';
import { type Bank, type Entry, masked } from '../bank.ts';
import { type CardName, nameOf } from '../cards.ts';
import type { OwnAnswer, Subject } from '../subject.ts';
import type { PeerReply } from '../wire.ts';

const SHOP = { id: 'tshop00000001', pass: 'shop-pass' };
const UUID_V4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const BRANDS = { visa: 'VISA', mastercard: 'MASTERCARD', amex: 'AMEX', refused: 'VISA', limited: 'VISA' } as const;

const problem = (status: number, title: string, detail = 'x.', instance = '/x'): PeerReply => ({
  status,
  body: { title, detail, instance },
  contentType: 'application/problem+json',
});
const own = (status: number, title: string, is: OwnAnswer['is'], detail?: string): OwnAnswer => ({
  name: `${title} ${detail ?? ''}`,
  reply: problem(status, title, detail),
  is,
});
const SETTINGS = { is: 'failed', reason: 'gateway-settings' } as const;
const REFUSED = { is: 'failed', reason: 'gateway-refused' } as const;
const BUSY = { is: 'failed', reason: 'gateway-busy' } as const;
const UNKNOWN = { is: 'unknown' } as const;

/** GMO-PG's OpenAPI type, our model of it: order ids are unique, keys replay, orders have one status. */
export const gmoOpenApi: Subject = {
  kind: 'gmo-openapi',
  described: { file: 'docs/openapi/gmo-openapi-used.yaml', below: '' },
  credentials: (url, ca) => ({
    kind: 'gmo-openapi',
    url,
    ca,
    shopId: SHOP.id,
    shopPass: SHOP.pass,
    merchant: {
      name: 'トーン商店',
      nameKana: 'トーンショウテン',
      nameAlphabet: 'Tone Shop',
      nameShort: 'トーン',
      contactName: '窓口',
      contactEmail: 'desk@shop.example',
      contactPhone: '0312345678',
      contactOpeningHours: '10:00-18:00',
    },
  }),
  wrongCredentials(url, ca) {
    return { ...this.credentials(url, ca), shopPass: 'wrong' };
  },
  movesMoney: ({ path }) => !path.endsWith('inquiry'),
  answer(bank, { method, path, headers, body }) {
    if (method !== 'POST') return problem(405, 'method_not_allowed');
    const basic = `Basic ${Buffer.from(`${SHOP.id}:${SHOP.pass}`).toString('base64')}`;
    if (headers['authorization'] !== basic && !bank.flaws.has('any-key')) return problem(401, 'unauthorized_request');
    if (headers['x-mp-version'] !== '2023-06') return problem(400, 'invalid_header');
    if (!path.endsWith('inquiry') && !UUID_V4.test(headers['idempotency-key'] ?? ''))
      return problem(400, 'invalid_header');
    const request = JSON.parse(body) as Asked;
    switch (path) {
      case '/credit/charge':
      case '/credit/on-file/charge':
      case '/credit/verifyCard':
        return paid(bank, path, request);
      case '/order/inquiry': {
        const entry = request.orderId === undefined ? undefined : bank.look(request.orderId);
        return entry ? order(200, entry) : invalid('orderId');
      }
      case '/order/capture':
      case '/order/cancel': {
        const entry = [...bank.entries.values()].find((one) => accessIdOf(one) === request.accessId);
        if (!entry) return invalid('accessId');
        const key = headers['idempotency-key'] ?? '';
        const what = path === '/order/capture' ? 'capture' : entry.state === 'held' ? 'void' : 'refund';
        const acted = bank.acted(key) && !bank.flaws.has('acts-again') ? entry : bank.act(key, entry, what);
        return acted ? order(201, acted) : problem(400, 'invalid_status');
      }
      case '/member/inquiry': {
        const cards = bank.members.get(request.memberId ?? '') ?? [];
        return {
          status: 200,
          body: {
            memberId: request.memberId,
            onfileCards: cards.map(({ id, card }, index) => ({
              type: 'CREDIT_CARD',
              cardId: id,
              index: String(index),
              ...cardResult(card),
              isDefault: index === cards.length - 1,
            })),
          },
        };
      }
      default:
        return problem(404, 'resource_not_found');
    }
  },
  ownAnswers: [
    own(402, 'card_declined', { is: 'declined', reason: 'card-refused' }),
    own(402, 'insufficient_balance', { is: 'declined', reason: 'funds' }),
    own(402, 'amount_limit_exceeded', { is: 'declined', reason: 'limit' }),
    own(402, 'processing_failure', { is: 'declined', reason: 'card-refused' }),
    own(402, 'unauthorized_request', { is: 'declined', reason: 'card-refused' }, 'The charge failed.'),
    own(
      400,
      'invalid_parameter',
      { is: 'declined', reason: 'card-number-wrong' },
      'Invalid.(creditInformation.card.cardNumber)',
    ),
    own(
      400,
      'invalid_parameter',
      { is: 'declined', reason: 'card-expired' },
      'Invalid.(creditInformation.card.expiryYear)',
    ),
    own(400, 'invalid_parameter', { is: 'declined', reason: 'security-code-wrong' }, 'Invalid.(card.securityCode)'),
    own(400, 'invalid_parameter', REFUSED, 'Invalid.(order.amount)'),
    own(400, 'missing_parameter', REFUSED),
    own(400, 'invalid_request', REFUSED),
    own(400, 'invalid_status', REFUSED),
    own(400, 'transaction_expired', REFUSED),
    own(400, 'transaction_count_exceeded', REFUSED),
    own(400, 'invalid_contract', SETTINGS),
    own(400, 'invalid_header', SETTINGS),
    own(401, 'unauthorized_request', SETTINGS),
    own(404, 'resource_not_found', SETTINGS),
    own(405, 'method_not_allowed', SETTINGS),
    own(415, 'unsupported_media_type', SETTINGS),
    own(429, 'too_many_requests', BUSY),
    own(503, 'service_unavailable', BUSY),
    own(409, 'conflict', UNKNOWN),
    own(500, 'internal_server_error', UNKNOWN),
    own(502, 'bad_gateway', UNKNOWN),
    own(502, 'maintenance', UNKNOWN),
    own(400, 'a_word_of_next_year', UNKNOWN),
    { name: 'a proxy’s page', reply: { status: 503, body: '<html>', contentType: 'text/html' }, is: UNKNOWN },
    { name: '3-D Secure after all', reply: { status: 202, body: { nextAction: 'REDIRECT' } }, is: UNKNOWN },
  ],
};

interface Asked {
  readonly orderId?: string;
  readonly accessId?: string;
  readonly memberId?: string;
  readonly order?: { orderId: string; amount?: string };
  readonly creditInformation?: { card: Card; creditChargeOptions: Options };
  readonly creditOnfileInformation?: {
    onfileCard: { memberId: string; cardId?: string };
    creditChargeOptions: Options;
  };
  readonly creditVerificationInformation?: {
    card: Card;
    creditVerificationOptions: { useTds2?: boolean };
    onfileCardOptions: { memberId: string; cardId?: string; createNewMember?: boolean; setDefault?: boolean };
  };
}
interface Card {
  readonly cardNumber: string;
  readonly expiryMonth: string;
  readonly expiryYear: string;
  readonly securityCode: string;
}
interface Options {
  readonly authorizationMode: 'AUTH' | 'CAPTURE';
  readonly useTds2?: boolean;
}

function paid(bank: Bank, path: string, request: Asked): PeerReply {
  const { creditInformation: charge, creditOnfileInformation: stored, creditVerificationInformation: check } = request;
  const options = charge?.creditChargeOptions ?? stored?.creditChargeOptions;
  // Left out, it is on: the customer's browser would be wanted.
  if ((options ?? check?.creditVerificationOptions)?.useTds2 !== false)
    return { status: 202, body: { nextAction: 'REDIRECT' } };
  if (!/^[-0-9a-zA-Z]{1,27}$/.test(request.order?.orderId ?? '')) return invalid('order.orderId');
  const keyed = charge?.card ?? check?.card;
  if (keyed && (keyed.expiryMonth !== '01' || keyed.expiryYear !== '2040')) return invalid('card.expiryMonth');
  const card = keyed
    ? nameOf(keyed.cardNumber)
    : bank.stored(stored?.onfileCard.memberId ?? '', stored?.onfileCard.cardId)?.card;
  if (!card) return invalid(keyed ? 'card.cardNumber' : 'onfileCard.memberId');
  if (keyed && keyed.securityCode !== (card === 'amex' ? '1234' : '123')) return invalid('card.securityCode');
  const mode = path === '/credit/verifyCard' ? 'check' : options?.authorizationMode === 'AUTH' ? 'hold' : 'take';
  const entry = bank.pay(bank.make(request.order?.orderId ?? '', mode, Number(request.order?.amount ?? 0)), card);
  if (entry.state === 'declined')
    return problem(402, entry.reason === 'limit' ? 'amount_limit_exceeded' : 'card_declined');
  if (check && entry.state === 'checked' && !entry.member) {
    entry.member = check.onfileCardOptions.memberId;
    bank.store(entry.member, card, check.onfileCardOptions.cardId);
  }
  const { nextAction, ...rest } = orderOf(entry);
  const member = entry.member;
  const kept = member === undefined ? undefined : bank.stored(member);
  return {
    status: 201,
    body: {
      nextAction,
      ...rest,
      ...(kept && { onfileCardResult: { memberId: member, type: 'CREDIT_CARD', cardId: kept.id, isDefault: true } }),
    },
  };
}

function invalid(parameter: string): PeerReply {
  return problem(400, 'invalid_parameter', `The value provided for parameter is invalid.(${parameter})`);
}

function order(status: number, entry: Entry): PeerReply {
  const { nextAction: _, ...body } = orderOf(entry);
  return { status, body };
}

function orderOf(entry: Entry) {
  const { state, reference, amount, card, reason, mode } = entry;
  const status =
    state === 'made' || state === 'processing' || state === 'declined'
      ? 'UNPROCESSED'
      : state === 'checked'
        ? 'CHECK'
        : state === 'held'
          ? 'AUTH'
          : state === 'taken'
            ? mode === 'hold'
              ? 'SALES'
              : 'CAPTURE'
            : 'CANCEL';
  return {
    nextAction: status === 'AUTH' ? 'CAPTURE' : 'NO_ACTION',
    orderReference: {
      accessId: accessIdOf(entry),
      accessPass: accessIdOf({ ...entry, reference: `pass ${reference}` }),
      orderId: reference,
      status,
      created: '2026-01-05T12:34:56+09:00',
      updated: '2026-01-05T12:34:56+09:00',
      amount: String(amount),
      chargeType: 'CREDIT',
    },
    ...(card && {
      creditResult: { cardType: 'CREDIT_CARD', cardResult: cardResult(card), approvalCode: '1234567', useTds2: false },
    }),
    ...(reason && {
      errorInformation: { title: reason === 'limit' ? 'amount_limit_exceeded' : 'card_declined', detail: 'x' },
    }),
  };
}

function cardResult(card: CardName) {
  return {
    cardNumber: masked(card),
    expiryMonth: '01',
    expiryYear: '2040',
    issuerCode: '2a99663',
    brand: BRANDS[card],
  };
}

function accessIdOf({ reference }: Pick<Entry, 'reference'>): string {
  return createHash('md5').update(reference).digest('hex');
}
