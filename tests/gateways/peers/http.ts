import { type Bank, type Entry, masked } from '../bank.ts';
import { nameOf } from '../cards.ts';
import type { Subject } from '../subject.ts';
import type { PeerReply, PeerRequest } from '../wire.ts';

const KEY = 'key-of-a-merchant';
const MODES = { charge: 'take', 'stored-charge': 'take', authorize: 'hold', 'card-update': 'check' } as const;

/** A merchant's own system that speaks docs/openapi/http-adapter.yaml. */
export const http: Subject = {
  kind: 'http',
  described: { file: 'docs/openapi/http-adapter.yaml', below: '/pay' },
  credentials: (url, ca) => ({
    kind: 'http',
    url: `${url}/pay/`,
    ca,
    key: KEY,
    purposes: ['charge', 'authorize', 'card-update', 'stored-charge'],
    actions: ['capture', 'void', 'refund'],
    partial: ['refund'],
  }),
  wrongCredentials(url, ca) {
    return { ...this.credentials(url, ca), key: 'wrong' };
  },
  movesMoney: ({ method }) => method === 'PUT',
  answer(bank, request) {
    if (request.headers['authorization'] !== `Bearer ${KEY}` && !bank.flaws.has('any-key'))
      return says(401, { error: 'wrong-key' });
    const [, reference = '', action] = /^\/pay\/attempts\/([a-z]{26})(\/reverse)?$/.exec(request.path) ?? [];
    if (reference === '') return says(404, { error: 'no-such-route' });
    if (request.method === 'PUT') return put(bank, request, reference);
    const entry = bank.look(reference) ?? bank.acted(reference);
    if (!entry) return says(404, { error: 'no-such-attempt' });
    if (action && (entry.state === 'taken' || entry.state === 'held')) bank.undo(`undo ${reference}`, entry);
    return says(200, attempt(bank, reference, entry));
  },
  ownAnswers: [
    { name: 'a wrong key', reply: says(401, {}), is: { is: 'failed', reason: 'gateway-settings' } },
    { name: 'an unfit request', reply: says(422, {}), is: { is: 'failed', reason: 'gateway-refused' } },
    { name: 'too many requests', reply: says(429, {}), is: { is: 'failed', reason: 'gateway-busy' } },
    { name: 'down for work', reply: says(503, { error: 'busy' }), is: { is: 'failed', reason: 'gateway-busy' } },
    { name: 'a proxy that lost it on the way', reply: says(503, '<html>'), is: { is: 'unknown' } },
    { name: 'another attempt of this name', reply: says(409, { error: 'other-attempt' }), is: { is: 'unknown' } },
    { name: 'still worked on', reply: says(202, {}), is: { is: 'unknown' } },
    { name: 'a bad gateway', reply: says(502, ''), is: { is: 'unknown' } },
    {
      name: 'an attempt of another name',
      reply: says(200, { reference: 'x', status: 'approved' }),
      is: { is: 'unknown' },
    },
  ],
};

function put(bank: Bank, request: PeerRequest, reference: string): PeerReply {
  const body = JSON.parse(request.body) as {
    purpose: keyof typeof MODES | 'capture' | 'void' | 'refund';
    amountMinor: number;
    member?: string;
    storedCard?: string;
    of?: { reference: string };
    card?: { number: string };
  };
  const { purpose, amountMinor, member = '', storedCard } = body;
  if (purpose === 'capture' || purpose === 'void' || purpose === 'refund') {
    const of = bank.entries.get(body.of?.reference ?? '');
    const acted = of && bank.act(reference, of, purpose, amountMinor);
    if (!of || !acted) return says(200, { reference, status: 'failed', reason: 'not-possible' });
    return says(200, { reference, status: bank.flaws.has('acts-again') ? 'processing' : 'approved' });
  }
  const card = body.card ? nameOf(body.card.number) : bank.stored(member, storedCard)?.card;
  if (!card) return says(200, { reference, status: 'failed', reason: 'no-such-card' });
  const entry = bank.pay(bank.make(reference, MODES[purpose], amountMinor), card);
  if (entry.state === 'checked' && !entry.member) {
    entry.member = member;
    bank.store(member, card, storedCard);
  }
  return says(entry.state === 'declined' ? 402 : 201, attempt(bank, reference, entry));
}

function attempt(bank: Bank, reference: string, entry: Entry) {
  const { state, reason, card, member, serial } = entry;
  if (bank.acted(reference)) return { reference, status: 'approved' };
  const undone = state === 'returned' || state === 'let-go';
  const status =
    state === 'processing' || state === 'made'
      ? 'processing'
      : state === 'declined'
        ? 'declined'
        : undone
          ? 'reversed'
          : 'approved';
  const stored = member === undefined ? undefined : bank.stored(member)?.id;
  return {
    reference,
    status,
    ...(status === 'approved' && { receipt: `R-${serial}`, transaction: `T-${serial}`, storedCard: stored }),
    ...(card && {
      lastFour: masked(card).slice(-4),
      brand: card === 'mastercard' ? 'mastercard' : card === 'amex' ? 'amex' : 'visa',
    }),
    ...(reason && { reason }),
  };
}

function says(status: number, body: unknown): PeerReply {
  return { status, body };
}
