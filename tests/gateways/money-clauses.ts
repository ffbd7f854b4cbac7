import { expect } from 'vitest';
import type { Gateway } from '../../media-server/src/cde/gateways/gateway.ts';
import { lastFourOf } from './cards.ts';
import { type Clause, can, changed, does } from './clause.ts';
import { MEMBER, TIMEOUT_MS } from './world.ts';

/** Reversals, stored cards, and what is done with money later. */
export const MONEY: readonly Clause[] = [
  {
    name: 'a reversal gives the money back',
    wrong: { flaw: 'in-words-only' },
    async run(world) {
      const { name } = await world.pay('charge');
      expect(await world.gateway.reverse(name, TIMEOUT_MS)).toBe('reversed');
      expect(world.bank.sum('return') + world.bank.sum('let-go')).toBe(1200);
      expect(await world.gateway.lookUp(name, TIMEOUT_MS)).toEqual({ is: 'reversed' });
    },
  },
  {
    name: 'a reversal asked twice gives back once',
    wrong: { flaw: 'acts-again' },
    async run(world) {
      world.wire.fault = 'reset';
      const { name } = await world.pay('charge');
      world.wire.fault = undefined;
      expect(await world.gateway.reverse(name, TIMEOUT_MS)).toBe('reversed');
      expect(await world.gateway.reverse(name, TIMEOUT_MS)).toBe('reversed');
      expect(world.bank.sum('return')).toBe(1200);
    },
  },
  {
    name: 'a reversed authorization holds nothing any more',
    needs: can('authorize'),
    wrong: { flaw: 'in-words-only' },
    async run(world) {
      const { name } = await world.pay('authorize');
      expect(await world.gateway.reverse(name, TIMEOUT_MS)).toBe('reversed');
      expect(world.bank.sum('let-go')).toBe(1200);
    },
  },
  {
    name: 'a card update checks the card, stores it and takes nothing; a declined one stores nothing',
    needs: can('card-update'),
    wrong: { flaw: 'declines-all' },
    async run(world) {
      expect((await world.pay('card-update', 'refused')).answer).toEqual({ is: 'declined', reason: 'card-refused' });
      expect(world.bank.stored(MEMBER)).toBeUndefined();
      const { answer } = await world.pay('card-update');
      expect(answer).toMatchObject({ is: 'approved', storedCard: world.bank.stored(MEMBER)?.id });
      expect(world.bank.movements).toEqual([]);
    },
  },
  {
    name: 'a second card update replaces the card: a stored charge takes from the new one',
    needs: (abilities) => can('card-update')(abilities) && can('stored-charge')(abilities),
    wrong: { flaw: 'keeps-old' },
    async run(world) {
      const first = await world.pay('card-update', 'visa');
      const storedCard = first.answer.is === 'approved' ? first.answer.storedCard : undefined;
      expect(storedCard).toBeDefined();
      const second = await world.pay('card-update', 'mastercard', storedCard === undefined ? {} : { storedCard });
      expect(second.answer.is).toBe('approved');
      const renamed = second.answer.is === 'approved' ? second.answer.storedCard : undefined;
      expect((await world.chargeStored(renamed)).answer.is).toBe('approved');
      expect((await world.chargeStored()).answer.is).toBe('approved');
      expect(world.bank.movements.map(({ card }) => card)).toEqual(['mastercard', 'mastercard']);
    },
  },
  {
    name: 'a card update whose answer was lost is found, with the name of the stored card where it was stored',
    needs: can('card-update'),
    wrong: { flaw: 'forgets' },
    async run(world) {
      world.wire.fault = 'reset';
      const { answer, name } = await world.pay('card-update');
      expect(answer).toEqual({ is: 'unknown' });
      world.wire.fault = undefined;
      const found = await world.gateway.lookUp({ ...name, lastFour: lastFourOf('visa') }, TIMEOUT_MS);
      const stored = world.bank.stored(MEMBER);
      if (stored) expect(found).toMatchObject({ is: 'approved', storedCard: stored.id });
      // Some services store in a second step, which was never asked for.
      else {
        expect(found).toEqual({ is: 'absent' });
        expect((await world.gateway.lookUp((await world.pay('card-update')).name, TIMEOUT_MS)).is).toBe('approved');
      }
    },
  },
  {
    name: 'a stored charge takes its amount once, however often it is sent, and is looked up by our name',
    needs: can('stored-charge'),
    wrong: { flaw: 'pays-twice' },
    async run(world) {
      const { answer } = await world.pay('card-update');
      const storedCard = answer.is === 'approved' ? answer.storedCard : undefined;
      const { answer: paid, name } = await world.chargeStored(storedCard);
      expect(paid.is).toBe('approved');
      expect(['approved', 'unknown']).toContain((await world.chargeStored(storedCard, name)).answer.is);
      expect(world.bank.movements).toMatchObject([{ what: 'take', amount: 700 }]);
      expect((await world.gateway.lookUp(name, TIMEOUT_MS)).is).toBe('approved');
    },
  },
  {
    name: 'a stored charge whose answer was lost is found, and given back without its transaction being known',
    needs: can('stored-charge'),
    wrong: { flaw: 'forgets' },
    async run(world) {
      const stored = await world.pay('card-update');
      world.wire.fault = 'reset';
      const { answer, name } = await world.chargeStored(
        stored.answer.is === 'approved' ? stored.answer.storedCard : undefined,
      );
      expect(answer).toEqual({ is: 'unknown' });
      world.wire.fault = undefined;
      expect((await world.gateway.lookUp(name, TIMEOUT_MS)).is).toBe('approved');
      expect(await world.gateway.reverse(name, TIMEOUT_MS)).toBe('reversed');
      expect(world.bank.sum('return')).toBe(700);
    },
  },
  {
    name: 'a member without a card is told as that',
    needs: can('stored-charge'),
    wrong: { flaw: 'approves-all' },
    async run(world) {
      expect((await world.chargeStored()).answer).toEqual({ is: 'failed', reason: 'no-such-card' });
      expect(world.bank.movements).toEqual([]);
    },
  },
  {
    name: 'a capture takes what was held, once, and is looked up',
    needs: does('capture'),
    wrong: { flaw: 'in-words-only' },
    async run(world) {
      const request = world.action('capture', await world.pay('authorize'));
      expect((await world.gateway.lookUp(request, TIMEOUT_MS)).is).toBe('absent');
      expect((await world.operate(request)).is).toBe('approved');
      expect((await world.operate(request)).is).toBe('approved');
      expect(world.bank.sum('take')).toBe(1200);
      expect((await world.gateway.lookUp(request, TIMEOUT_MS)).is).toBe('approved');
    },
  },
  {
    name: 'a void lets go what was held, once, and is looked up',
    needs: does('void'),
    wrong: { flaw: 'in-words-only' },
    async run(world) {
      const request = world.action('void', await world.pay('authorize'));
      expect((await world.gateway.lookUp(request, TIMEOUT_MS)).is).toBe('absent');
      expect((await world.operate(request)).is).toBe('approved');
      expect((await world.operate(request)).is).toBe('approved');
      expect(world.bank.sum('let-go')).toBe(1200);
      expect((await world.gateway.lookUp(request, TIMEOUT_MS)).is).toBe('approved');
    },
  },
  {
    name: 'a refund gives back once, however often it is sent, and is looked up',
    needs: does('refund'),
    wrong: { flaw: 'acts-again' },
    async run(world) {
      const request = world.action('refund', await world.pay('charge'));
      expect((await world.gateway.lookUp(request, TIMEOUT_MS)).is).toBe('absent');
      expect((await world.operate(request)).is).toBe('approved');
      expect((await world.operate(request)).is).toBe('approved');
      expect(world.bank.sum('return')).toBe(1200);
      expect((await world.gateway.lookUp(request, TIMEOUT_MS)).is).toBe('approved');
    },
  },
  {
    name: 'a refund of a part gives back that part',
    needs: ({ partial }) => partial?.includes('refund') === true,
    wrong: { flaw: 'refunds-all' },
    async run(world) {
      const paid = await world.pay('charge');
      expect((await world.operate(world.action('refund', paid, 500))).is).toBe('approved');
      expect(world.bank.sum('return')).toBe(500);
    },
  },
  {
    name: 'a part, where only the whole can be done, is refused before anything moves',
    needs: ({ actions, partial }) => actions.some((action) => !partial?.includes(action)),
    wrong: { adapter: changed((gateway) => ({ operate: wholeOnly(gateway) })) },
    async run(world) {
      const { actions, partial } = world.gateway.abilities;
      for (const action of actions.filter((one) => !partial?.includes(one))) {
        const paid = await world.pay(action === 'refund' ? 'charge' : 'authorize');
        const before = world.bank.movements.length;
        expect(await world.operate(world.action(action, paid, 500))).toEqual({ is: 'failed', reason: 'amount-unfit' });
        expect(world.bank.movements.length).toBe(before);
      }
    },
  },
  {
    name: 'an action whose answer was lost is unknown, and found by a look-up',
    needs: does('refund'),
    wrong: { wellMeaning: true },
    async run(world) {
      const request = world.action('refund', await world.pay('charge'));
      world.wire.fault = 'reset';
      expect(await world.operate(request)).toEqual({ is: 'unknown' });
      world.wire.fault = undefined;
      expect((await world.gateway.lookUp(request, TIMEOUT_MS)).is).toBe('approved');
      expect(world.bank.sum('return')).toBe(1200);
    },
  },
];

function wholeOnly(gateway: Gateway): Gateway['operate'] {
  return async (request, timeoutMs) => {
    const { amountMinor } = request.of;
    const whole = { ...request, order: { ...request.order, amountMinor } };
    return (await gateway.operate?.(whole, timeoutMs)) ?? { is: 'unknown' };
  };
}
