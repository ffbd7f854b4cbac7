import { type Bank, type Entry, masked } from '../bank.ts';
import { nameOf } from '../cards.ts';
import type { Subject } from '../subject.ts';
import type { PeerReply, PeerRequest } from '../wire.ts';

const KEY = 'key-of-a-merchant';
const MODES = { charge: 'take', 'stored-charge': 'take', authorize: 'hold', 'card-update': 'check' } as const;

/** The practice service's protocol. The service itself is proven by tests of its own and by whole payments. */
export const sandbox: Subject = {
  kind: 'sandbox',
  credentials: (url, ca) => ({ kind: 'sandbox', url, ca, key: KEY }),
  wrongCredentials(url, ca) {
    return { ...this.credentials(url, ca), key: 'wrong' };
  },
  movesMoney: ({ method }) => method === 'PUT',
  answer(bank, request) {
    const { method, path, headers, body } = request;
    if (headers['authorization'] !== `Bearer ${KEY}` && !bank.flaws.has('any-key'))
      return says(401, { error: 'wrong-key' });
    if (path === '/v1/books') return says(200, {});
    const [, kind, ref = '', step] = /^\/v1\/(attempts|actions)\/([a-z]{26})(\/reverse)?$/.exec(path) ?? [];
    if (kind === 'actions') return method === 'PUT' ? act(bank, ref, body) : action(bank, ref);
    if (kind !== 'attempts') return says(404, { error: 'no-such-route' });
    if (method === 'PUT') return put(bank, request, ref);
    const entry = bank.look(ref);
    if (!entry) return says(404, { error: 'no-such-attempt' });
    if (step && (entry.state === 'taken' || entry.state === 'held')) bank.undo(`undo ${ref}`, entry);
    return says(200, attempt(bank, entry));
  },
  ownAnswers: [
    {
      name: 'an unfit request',
      reply: says(400, { error: 'bad-request' }),
      is: { is: 'failed', reason: 'gateway-refused' },
    },
    { name: 'a wrong key', reply: says(401, { error: 'wrong-key' }), is: { is: 'failed', reason: 'gateway-settings' } },
    {
      name: 'no such route',
      reply: says(404, { error: 'no-such-route' }),
      is: { is: 'failed', reason: 'gateway-settings' },
    },
    { name: 'busy', reply: says(429, {}), is: { is: 'failed', reason: 'gateway-busy' } },
    { name: 'another attempt', reply: says(409, { error: 'other-attempt' }), is: { is: 'unknown' } },
    { name: 'broken', reply: says(500, { error: 'internal' }), is: { is: 'unknown' } },
  ],
};

function put(bank: Bank, { body }: PeerRequest, ref: string): PeerReply {
  const asked = JSON.parse(body) as {
    purpose: keyof typeof MODES;
    amountMinor: number;
    member?: string;
    card?: { number: string; expiry: string };
  };
  const { purpose, amountMinor, member = '' } = asked;
  const card = asked.card ? nameOf(asked.card.number) : bank.stored(member)?.card;
  if (!card) return says(404, { error: 'no-such-card' });
  if (asked.card && asked.card.expiry !== '0140') return says(400, { error: 'bad-request' });
  const entry = bank.pay(bank.make(ref, MODES[purpose], amountMinor), card);
  if (entry.state === 'checked' && !entry.member) {
    entry.member = member;
    bank.store(member, card, bank.stored(member)?.id);
  }
  return says(200, attempt(bank, entry));
}

function act(bank: Bank, ref: string, body: string): PeerReply {
  const asked = JSON.parse(body) as { action: 'capture' | 'void' | 'refund'; of: string; amountMinor: number };
  const of = bank.entries.get(asked.of);
  if (!of) return says(404, { error: 'no-such-attempt' });
  const done = bank.act(ref, of, asked.action, asked.amountMinor) && !bank.flaws.has('acts-again');
  return says(200, { ref, status: done ? 'approved' : 'declined' });
}

function action(bank: Bank, ref: string): PeerReply {
  return bank.acted(ref) ? says(200, { ref, status: 'approved' }) : says(404, { error: 'no-such-action' });
}

function attempt(bank: Bank, { reference, state, reason, card, member, serial }: Entry) {
  const undone = state === 'returned' || state === 'let-go';
  return {
    ref: reference,
    status:
      state === 'made'
        ? 'prepared'
        : state === 'processing'
          ? 'processing'
          : state === 'declined'
            ? 'declined'
            : undone
              ? 'reversed'
              : 'approved',
    receipt: `R-${serial}`,
    transaction: `T-${serial}`,
    ...(card && { brand: card === 'mastercard' || card === 'amex' ? card : 'visa', lastFour: masked(card).slice(-4) }),
    ...(member !== undefined && { storedCard: bank.stored(member)?.id }),
    ...(reason && { reason }),
  };
}

function says(status: number, body: unknown): PeerReply {
  return { status, body };
}
