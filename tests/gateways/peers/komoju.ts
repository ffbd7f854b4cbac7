import { type Bank, type Entry, masked } from '../bank.ts';
import { nameOf } from '../cards.ts';
import type { OwnAnswer, Subject } from '../subject.ts';
import type { PeerReply } from '../wire.ts';

const KEY = 'sk_of_a_merchant';

const says = (status: number, body: unknown): PeerReply => ({ status, body });
const fails = (status: number, code: string) => says(status, { error: { code, message: 'x', param: null } });
const own = (status: number, code: string, is: OwnAnswer['is']): OwnAnswer => ({
  name: `${status} ${code}`,
  reply: fails(status, code),
  is,
});

/** KOMOJU, our model of it from its documentation. */
export const komoju: Subject = {
  kind: 'komoju',
  credentials: (url, ca) => ({ kind: 'komoju', url, ca, key: KEY }),
  wrongCredentials(url, ca) {
    return { ...this.credentials(url, ca), key: 'sk_wrong' };
  },
  movesMoney: ({ method }) => method === 'POST',
  answer(bank, { method, path, query, headers, body }) {
    const basic = `Basic ${Buffer.from(`${KEY}:`).toString('base64')}`;
    if (headers['authorization'] !== basic && !bank.flaws.has('any-key')) return fails(401, 'unauthorized');
    const [, id = '', action = ''] = /^\/api\/v1\/payments(?:\/([^/]+)(?:\/(\w+))?)?$/.exec(path) ?? [];
    if (method === 'GET') {
      const entry = bank.look(query.get('external_order_num') ?? '');
      return says(200, { resource: 'list', data: entry ? [paymentOf(entry)] : [] });
    }
    const key = headers['x-komoju-idempotency'] ?? '';
    if (key === '') return fails(400, 'bad_request');
    const form = Object.fromEntries(new URLSearchParams(body));
    return id === '' ? create(bank, form) : act(bank, { id, action, key, form });
  },
  ownAnswers: [
    own(402, 'card_declined', { is: 'declined', reason: 'card-refused' }),
    own(402, 'insufficient_funds', { is: 'declined', reason: 'funds' }),
    own(402, 'exceeds_limit', { is: 'declined', reason: 'limit' }),
    own(502, 'bad_verification_value', { is: 'declined', reason: 'security-code-wrong' }),
    own(502, 'card_expired', { is: 'declined', reason: 'card-expired' }),
    own(422, 'invalid_number', { is: 'declined', reason: 'card-number-wrong' }),
    own(402, 'request_failed', { is: 'declined', reason: 'card-refused' }),
    own(422, 'missing_parameter', { is: 'failed', reason: 'gateway-refused' }),
    own(401, 'unauthorized', { is: 'failed', reason: 'gateway-settings' }),
    own(403, 'forbidden', { is: 'failed', reason: 'gateway-settings' }),
    own(409, 'conflict', { is: 'unknown' }),
    own(500, 'internal_server_error', { is: 'unknown' }),
    own(502, 'bad_gateway', { is: 'unknown' }),
    own(503, 'service_unavailable', { is: 'unknown' }),
    own(504, 'gateway_timeout', { is: 'unknown' }),
    {
      name: 'a payment of another order',
      reply: says(200, { id: 'x', status: 'captured', external_order_num: 'x' }),
      is: { is: 'unknown' },
    },
  ],
};

function create(bank: Bank, form: Readonly<Record<string, string>>): PeerReply {
  const details = (name: string) => form[`payment_details[${name}]`] ?? '';
  if (details('type') !== 'credit_card' || form['tax'] !== '0' || form['currency'] !== 'JPY')
    return fails(422, 'invalid_parameter');
  const card = nameOf(details('number'));
  if (!card) return fails(422, 'invalid_number');
  if (details('month') !== '01' || details('year') !== '40') return fails(402, 'card_expired');
  const mode = form['capture'] === 'false' ? 'hold' : 'take';
  const entry = bank.pay(bank.make(form['external_order_num'] ?? '', mode, Number(form['amount'])), card);
  if (entry.state === 'declined') return fails(402, entry.reason === 'limit' ? 'exceeds_limit' : 'card_declined');
  return says(200, paymentOf(entry));
}

function act(
  bank: Bank,
  { id, action, key, form }: { id: string; action: string; key: string; form: Readonly<Record<string, string>> },
): PeerReply {
  const entry = [...bank.entries.values()].find(({ serial }) => `pay-${serial}` === id);
  const what = action === 'capture' ? 'capture' : action === 'cancel' ? 'void' : 'refund';
  const known = entry && bank.acted(key) !== undefined;
  const acted =
    entry && bank.act(key, entry, what, form['amount'] === undefined ? entry.amount : Number(form['amount']));
  if (!acted)
    return fails(
      422,
      action === 'capture' ? 'not_capturable' : action === 'cancel' ? 'not_cancellable' : 'not_refundable',
    );
  if (what === 'refund' && !known && !bank.flaws.has('acts-again')) {
    REFUNDS.set(acted, [...(REFUNDS.get(acted) ?? []), form['description'] ?? '']);
  }
  return says(200, paymentOf(acted));
}

const REFUNDS = new WeakMap<Entry, string[]>();

function paymentOf(entry: Entry) {
  const { serial, state, reference, amount, returned, card } = entry;
  const status =
    state === 'held'
      ? 'authorized'
      : state === 'taken'
        ? 'captured'
        : state === 'returned'
          ? 'refunded'
          : state === 'let-go'
            ? 'cancelled'
            : state === 'declined'
              ? 'failed'
              : 'pending';
  return {
    id: `pay-${serial}`,
    resource: 'payment',
    status,
    amount,
    tax: 0,
    currency: 'JPY',
    external_order_num: reference,
    amount_refunded: returned,
    refunds: (REFUNDS.get(entry) ?? []).map((description) => ({ description })),
    payment_details: card && {
      type: 'credit_card',
      brand: card === 'mastercard' ? 'master' : card === 'amex' ? 'american_express' : 'visa',
      last_four_digits: masked(card).slice(-4),
    },
  };
}
