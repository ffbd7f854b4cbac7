import { expect } from 'vitest';
import type { AttemptName, CardRequest, Gateway } from '../../media-server/src/cde/gateways/gateway.ts';
import { type Id, newId } from '../../media-server/src/shared/ids.ts';
import { type CardName, keyed } from './cards.ts';

/** Stripe's test mode answers within seconds. */
const TIMEOUT_MS = 30_000;

/**
 * The key of Stripe's test mode that the environment gives, or none.
 * @throws Error where it is a key of anything else: nothing may be sent with it
 */
export function testKeyIn({ STRIPE_TEST_KEY: key = '' }: { readonly STRIPE_TEST_KEY?: string }): string | undefined {
  if (key === '') return undefined;
  if (/^[sr]k_test_[A-Za-z0-9_]+$/.test(key)) return key;
  throw new Error('STRIPE_TEST_KEY is no key of Stripe’s test mode (sk_test_… or rk_test_…): nothing was sent');
}

interface Chapter {
  readonly name: string;
  readonly run: (gateway: Gateway) => Promise<void>;
}

/** The contract's clauses as far as they can be seen from outside: what can be said of Stripe itself as of our model of it. */
export const STORY: readonly Chapter[] = [
  {
    name: 'the key works, and its account may send card numbers',
    async run(gateway) {
      expect(await gateway.test(TIMEOUT_MS)).toBe('works');
    },
  },
  {
    name: 'a charge is approved, found, paid once however often it is sent, and given back',
    async run(gateway) {
      const { answer, name } = await pay(gateway, 'charge', 'mastercard');
      expect(answer).toMatchObject({ is: 'approved', brand: 'mastercard', lastFour: '4444' });
      expect(await gateway.lookUp(name, TIMEOUT_MS)).toEqual(answer);
      const again = await pay(gateway, 'charge', 'mastercard', name);
      expect(['approved', 'unknown']).toContain(again.answer.is);
      expect(await gateway.reverse(name, TIMEOUT_MS)).toBe('reversed');
      expect(await gateway.reverse(name, TIMEOUT_MS)).toBe('reversed');
      expect(await gateway.lookUp(name, TIMEOUT_MS)).toEqual({ is: 'reversed' });
    },
  },
  {
    name: 'a refused card is declined, and found as that',
    async run(gateway) {
      const { answer, name } = await pay(gateway, 'charge', 'refused');
      expect(answer).toEqual({ is: 'declined', reason: 'card-refused' });
      expect(await gateway.lookUp(name, TIMEOUT_MS)).toEqual(answer);
    },
  },
  {
    name: 'an attempt that no card reached is absent, and one that nobody made too',
    async run(gateway) {
      const name = nameOf('charge');
      expect(await gateway.lookUp(name, TIMEOUT_MS)).toEqual({ is: 'absent' });
      const prepared = await gateway.prepare?.({ ...name, purpose: 'charge' }, TIMEOUT_MS);
      const transaction = prepared?.is === 'prepared' ? prepared.transaction : '';
      expect(await gateway.lookUp({ ...name, transaction }, TIMEOUT_MS)).toEqual({ is: 'absent' });
      expect(await gateway.reverse({ ...name, transaction }, TIMEOUT_MS)).toBe('reversed');
    },
  },
  {
    name: 'what is held is captured, or let go',
    async run(gateway) {
      for (const purpose of ['capture', 'void'] as const) {
        const { answer, name } = await pay(gateway, 'authorize', 'visa');
        expect(answer.is).toBe('approved');
        expect((await gateway.lookUp(name, TIMEOUT_MS)).is).toBe('approved');
        const action = actionOn(name, purpose);
        expect(await gateway.lookUp(action, TIMEOUT_MS)).toEqual({ is: 'absent' });
        expect((await gateway.operate?.(action, TIMEOUT_MS))?.is).toBe('approved');
        expect((await gateway.lookUp(action, TIMEOUT_MS)).is).toBe('approved');
      }
    },
  },
  {
    name: 'a part is refunded, and found',
    async run(gateway) {
      const { name } = await pay(gateway, 'charge', 'visa');
      const action = actionOn(name, 'refund', 500);
      expect(await gateway.lookUp(action, TIMEOUT_MS)).toEqual({ is: 'absent' });
      expect((await gateway.operate?.(action, TIMEOUT_MS))?.is).toBe('approved');
      expect((await gateway.lookUp(action, TIMEOUT_MS)).is).toBe('approved');
    },
  },
  {
    name: 'a card is kept for a member, and charged',
    async run(gateway) {
      const member = `member-${newId()}`;
      const kept = await pay(gateway, 'card-update', 'visa', { ...nameOf('card-update', 0), member });
      expect(kept.answer).toMatchObject({ is: 'approved', lastFour: '4242' });
      const storedCard = kept.answer.is === 'approved' ? (kept.answer.storedCard ?? '') : '';
      const request = { ...nameOf('stored-charge'), purpose: 'stored-charge' as const, member, storedCard };
      expect((await gateway.chargeStored?.(request, TIMEOUT_MS))?.is).toBe('approved');
      expect((await gateway.lookUp(request, TIMEOUT_MS)).is).toBe('approved');
      expect(await gateway.reverse(request, TIMEOUT_MS)).toBe('reversed');
    },
  },
];

function nameOf(purpose: AttemptName['purpose'], amountMinor = 1200): AttemptName {
  return { reference: newId(), purpose, order: { reference: 'A-1', amountMinor, currency: 'JPY' } };
}

async function pay(
  gateway: Gateway,
  purpose: CardRequest['purpose'],
  card: CardName,
  name: AttemptName = nameOf(purpose),
) {
  let request: CardRequest = { ...name, purpose };
  if (request.transaction === undefined) {
    const prepared = await gateway.prepare?.(request, TIMEOUT_MS);
    if (prepared?.is !== 'prepared') throw new Error(`nothing was prepared: ${JSON.stringify(prepared)}`);
    request = { ...request, transaction: prepared.transaction };
  }
  const answer = await gateway.authorize(request, keyed(card), TIMEOUT_MS, () => {});
  return { answer, name: request };
}

function actionOn(name: AttemptName, purpose: 'capture' | 'void' | 'refund', amountMinor = name.order.amountMinor) {
  const { reference, transaction = '', order } = name;
  const of: { reference: Id; transaction: string; amountMinor: number } = {
    reference,
    transaction,
    amountMinor: order.amountMinor,
  };
  return { reference: newId(), purpose, order: { ...order, amountMinor }, of };
}
