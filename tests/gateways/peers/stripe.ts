import { type Bank, type Entry, masked } from '../bank.ts';
import { nameOf } from '../cards.ts';
import type { OwnAnswer, Subject } from '../subject.ts';
import type { PeerReply, PeerRequest } from '../wire.ts';

const KEY = 'sk_test_of_a_merchant';

const says = (status: number, body: unknown): PeerReply => ({ status, body });
const error = (status: number, type: string, more: Record<string, unknown> = {}) =>
  says(status, { error: { type, ...more } });
const own = (name: string, reply: PeerReply, is: OwnAnswer['is']): OwnAnswer => ({ name, reply, is });
const declined = (
  name: string,
  reason: 'funds' | 'limit' | 'card-refused' | 'card-expired' | 'security-code-wrong' | 'card-number-wrong',
  more: Record<string, unknown>,
) => own(name, error(402, 'card_error', more), { is: 'declined', reason });
const SETTINGS = { is: 'failed', reason: 'gateway-settings' } as const;

/** To an account that Stripe hasn't let send card numbers: with the status of a declined card. */
export const RAW_CARDS_REFUSED = error(402, 'invalid_request_error', {
  message: 'Sending credit card numbers directly to the Stripe API is generally unsafe.',
});
/** To an account that Stripe hasn't let take telephone orders. */
export const MOTO_REFUSED = error(400, 'invalid_request_error', {
  code: 'parameter_unknown',
  param: 'payment_method_options[card][moto]',
});

/** Stripe, our model of it: intents that are made, confirmed with a card, captured, cancelled, refunded; keys replay. */
export const stripe: Subject = {
  kind: 'stripe',
  credentials: (url, ca) => ({ kind: 'stripe', url, ca, key: KEY }),
  wrongCredentials(url, ca) {
    return { ...this.credentials(url, ca), key: 'sk_test_wrong' };
  },
  movesMoney: ({ method, path, body }) =>
    method === 'POST' && (/\/confirm$|refunds$|capture$|cancel$/.test(path) || body.includes('confirm=true')),
  answer(bank, request) {
    const { headers, method, path } = request;
    if (headers['authorization'] !== `Bearer ${KEY}` && !bank.flaws.has('any-key'))
      return error(401, 'invalid_request_error');
    if (!headers['stripe-version']) return error(400, 'invalid_request_error');
    const [, , resource = '', id = '', action = ''] = path.split('/');
    if (method === 'GET') return read(bank, request, resource, id, action);
    const form = Object.fromEntries(new URLSearchParams(request.body));
    return write(bank, { form, key: headers['idempotency-key'] ?? '', resource, id, action });
  },
  ownAnswers: [
    declined('declined', 'card-refused', { code: 'card_declined', decline_code: 'generic_decline' }),
    declined('no funds', 'funds', { code: 'card_declined', decline_code: 'insufficient_funds' }),
    declined('too often', 'limit', { code: 'card_declined', decline_code: 'card_velocity_exceeded' }),
    declined('expired', 'card-expired', { code: 'expired_card' }),
    declined('wrong code', 'security-code-wrong', { code: 'incorrect_cvc' }),
    declined('wrong number', 'card-number-wrong', { code: 'incorrect_number' }),
    own('card numbers are not allowed', RAW_CARDS_REFUSED, SETTINGS),
    own('telephone orders are not allowed', MOTO_REFUSED, SETTINGS),
    own('not carried out', error(402, 'invalid_request_error', { code: 'x' }), {
      is: 'failed',
      reason: 'gateway-refused',
    }),
    own('a wrong key', error(401, 'invalid_request_error'), SETTINGS),
    own('not allowed', error(403, 'invalid_request_error'), SETTINGS),
    own('an unfit request', error(400, 'invalid_request_error', { code: 'parameter_invalid_integer' }), {
      is: 'failed',
      reason: 'gateway-refused',
    }),
    own('too many requests', error(429, 'invalid_request_error', { code: 'rate_limit' }), {
      is: 'failed',
      reason: 'gateway-busy',
    }),
    own('confirmed before', error(400, 'invalid_request_error', { code: 'payment_intent_unexpected_state' }), {
      is: 'unknown',
    }),
    own('another request of this key', error(400, 'idempotency_error'), { is: 'unknown' }),
    own('at the same time', error(409, 'idempotency_error'), { is: 'unknown' }),
    own('broken', error(500, 'api_error'), { is: 'unknown' }),
    own('a proxy’s page', says(502, '<html>'), { is: 'unknown' }),
    own('an intent of another attempt', says(200, { id: 'pi_x', status: 'succeeded', metadata: { attempt: 'x' } }), {
      is: 'unknown',
    }),
  ],
};

function read(bank: Bank, { query }: PeerRequest, resource: string, id: string, action: string): PeerReply {
  const list = (data: unknown[]) => says(200, { object: 'list', data });
  if (resource === 'customers' && id === 'search') {
    const member = /'member'\]:'(.*)'/.exec(query.get('query') ?? '')?.[1] ?? '';
    return list(bank.members.has(member) ? [{ id: customerOf(member) }] : []);
  }
  if (resource === 'customers' && action === 'payment_methods') {
    const card = bank.stored(memberOf(id));
    return list(card ? [{ id: card.id }] : []);
  }
  const all = [...bank.entries.values()];
  if (resource === 'payment_intents' && id === '') {
    const of = all.filter(({ member, mode }) => mode !== 'check' && member === memberOf(query.get('customer') ?? ''));
    return list(of.flatMap(({ reference }) => bank.look(reference) ?? []).map(intentOf));
  }
  if (resource === 'refunds') {
    const entry = byId(bank, query.get('payment_intent') ?? '');
    return list(refundsOf(bank, entry));
  }
  const entry = byId(bank, id);
  const seen = entry && bank.look(entry.reference);
  if (!seen) return error(404, 'invalid_request_error', { code: 'resource_missing' });
  return says(200, resource === 'setup_intents' ? setupOf(bank, seen) : intentOf(seen));
}

interface Order {
  readonly form: Readonly<Record<string, string>>;
  readonly key: string;
  readonly resource: string;
  readonly id: string;
  readonly action: string;
}

function write(bank: Bank, order: Order): PeerReply {
  const { form, key, resource, id, action } = order;
  const attempt = form['metadata[attempt]'] ?? '';
  if (resource === 'customers') {
    const member = form['metadata[member]'];
    if (member !== undefined && !bank.members.has(member)) bank.members.set(member, []);
    return says(200, { id: member === undefined ? id : customerOf(member) });
  }
  if (resource === 'payment_methods')
    return nameOf(form['card[number]'] ?? '') ? says(200, { id: 'pm_0' }) : error(402, 'card_error');
  if (resource === 'refunds') {
    const entry = byId(bank, form['payment_intent'] ?? '');
    if (!entry || !key) return error(400, 'invalid_request_error');
    const acted = bank.act(key, entry, 'refund', form['amount'] === undefined ? entry.amount : Number(form['amount']));
    if (!acted) return error(400, 'invalid_request_error', { code: 'charge_already_refunded' });
    REFUNDED.set(`${entry.reference} ${attempt}`, key);
    return says(200, {
      id: `re_${entry.serial}`,
      status: bank.flaws.has('acts-again') ? 'pending' : 'succeeded',
      metadata: { attempt },
    });
  }
  if (action === '') {
    const mode = resource === 'setup_intents' ? 'check' : form['capture_method'] === 'manual' ? 'hold' : 'take';
    const entry = bank.make(attempt, mode, Number(form['amount'] ?? 0));
    if (form['customer'] !== undefined) entry.member = memberOf(form['customer']);
    if (form['confirm'] !== 'true') return says(200, mode === 'check' ? setupOf(bank, entry) : intentOf(entry));
    const card = bank.stored(entry.member ?? '', form['payment_method'])?.card;
    if (!card) return error(404, 'invalid_request_error', { code: 'resource_missing' });
    return confirmed(bank, entry, card);
  }
  const entry = byId(bank, id);
  if (!entry || !key) return error(404, 'invalid_request_error', { code: 'resource_missing' });
  if (action === 'confirm') {
    const card = nameOf(form['payment_method_data[card][number]'] ?? '');
    if (form['payment_method_options[card][moto]'] !== 'true')
      return error(400, 'invalid_request_error', { code: 'moto' });
    if (!card) return error(402, 'card_error', { code: 'incorrect_number' });
    if (
      form['payment_method_data[card][exp_month]'] !== '01' ||
      form['payment_method_data[card][exp_year]'] !== '2040'
    ) {
      return error(402, 'card_error', { code: 'invalid_expiry_year' });
    }
    return confirmed(bank, entry, card);
  }
  if (action === 'cancel' && entry.state === 'made') {
    entry.state = 'let-go';
    return says(200, intentOf(entry));
  }
  const acted = bank.act(key, entry, action === 'capture' ? 'capture' : 'void');
  return acted
    ? says(200, intentOf(acted))
    : error(400, 'invalid_request_error', { code: 'payment_intent_unexpected_state' });
}

function confirmed(bank: Bank, entry: Entry, card: Parameters<Bank['pay']>[1]): PeerReply {
  bank.pay(entry, card);
  if (entry.state === 'declined') return error(402, 'card_error', failureOf(entry));
  if (entry.mode !== 'check') return says(200, intentOf(entry));
  if (entry.state === 'checked' && entry.member !== undefined && !STORED.has(entry))
    STORED.set(entry, bank.store(entry.member, card, `pm_${entry.serial}`).id);
  return says(200, setupOf(bank, entry));
}

/** Which stored card a SetupIntent made, and which keys a refund came under. */
const STORED = new WeakMap<Entry, string>();
const REFUNDED = new Map<string, string>();

function refundsOf(bank: Bank, entry: Entry | undefined): unknown[] {
  if (!entry) return [];
  return [...REFUNDED].flatMap(([name, key]) => {
    const [reference, attempt] = name.split(' ');
    if (reference !== entry.reference || !bank.acted(key)) return [];
    return [{ id: `re_${entry.serial}`, status: 'succeeded', metadata: { attempt } }];
  });
}

function intentOf(entry: Entry) {
  const { serial, state, reference, card } = entry;
  const status =
    state === 'made' || state === 'declined'
      ? 'requires_payment_method'
      : state === 'processing'
        ? 'processing'
        : state === 'held'
          ? 'requires_capture'
          : state === 'let-go'
            ? 'canceled'
            : 'succeeded';
  const shown = card && {
    brand: card === 'limited' || card === 'refused' ? 'visa' : card,
    last4: masked(card).slice(-4),
  };
  return {
    id: `pi_${serial}`,
    object: 'payment_intent',
    status,
    metadata: { attempt: reference },
    last_payment_error: state === 'declined' ? { type: 'card_error', ...failureOf(entry) } : null,
    latest_charge: shown ? { refunded: state === 'returned', payment_method_details: { card: shown } } : null,
  };
}

function setupOf(bank: Bank, entry: Entry) {
  const { serial, state, member, card } = entry;
  const stored = STORED.get(entry) ?? (member === undefined ? undefined : bank.stored(member)?.id);
  return {
    id: `pi_${serial}`,
    object: 'setup_intent',
    status: state === 'checked' ? 'succeeded' : 'requires_payment_method',
    customer: member === undefined ? null : customerOf(member),
    payment_method:
      state === 'checked' && card ? { id: stored, card: { brand: 'visa', last4: masked(card).slice(-4) } } : null,
    last_setup_error: state === 'declined' ? { type: 'card_error', ...failureOf(entry) } : null,
  };
}

function failureOf({ reason }: Entry) {
  return { code: 'card_declined', decline_code: reason === 'limit' ? 'card_velocity_exceeded' : 'generic_decline' };
}

function byId(bank: Bank, id: string): Entry | undefined {
  return [...bank.entries.values()].find(({ serial }) => `pi_${serial}` === id);
}

function customerOf(member: string): string {
  return `cus_${Buffer.from(member).toString('hex')}`;
}
function memberOf(customer: string): string {
  return Buffer.from(customer.slice(4), 'hex').toString();
}
