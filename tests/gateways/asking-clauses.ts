import { expect } from 'vitest';
import type { Answer, Gateway } from '../../media-server/src/cde/gateways/gateway.ts';
import { lastFourOf } from './cards.ts';
import { type Clause, can } from './clause.ts';
import type { Fault } from './wire.ts';
import { SHORT_MS, TIMEOUT_MS } from './world.ts';

const UNREACHABLE: Answer = { is: 'failed', reason: 'gateway-unreachable' };
/** After any of these, nobody knows whether the money moved. */
const LOST: readonly Fault[] = ['reset', 'hang', 'half', 'garbage', 'empty', 'oversize', 'redirect', 'server-error'];

/** What becomes of a request with a card, and of looking it up. */
export const ASKING: readonly Clause[] = [
  {
    name: 'a charge is approved and takes its amount once, from the card that was keyed',
    wrong: { flaw: 'declines-all' },
    async run(world) {
      const { answer, released } = await world.pay('charge', 'mastercard');
      expect(answer.is).toBe('approved');
      expect(released).toBe(1);
      expect(world.bank.movements).toMatchObject([{ what: 'take', amount: 1200, card: 'mastercard' }]);
      if (answer.is !== 'approved') return;
      expect(answer.receipt ?? 'R').toMatch(/^[A-Za-z0-9-]{1,32}$/);
      expect(answer.lastFour ?? lastFourOf('mastercard')).toBe(lastFourOf('mastercard'));
      expect(answer.brand ?? 'mastercard').toBe('mastercard');
    },
  },
  {
    name: 'a card of another length and a four-digit code go as they are',
    needs: ({ lengths }) => lengths.amex !== undefined,
    wrong: { flaw: 'declines-all' },
    async run(world) {
      expect((await world.pay('charge', 'amex')).answer.is).toBe('approved');
      expect(world.bank.movements).toMatchObject([{ card: 'amex' }]);
    },
  },
  {
    name: 'an authorization holds the money and takes none',
    needs: can('authorize'),
    wrong: { flaw: 'takes-at-once' },
    async run(world) {
      const { answer, name } = await world.pay('authorize');
      expect(answer.is).toBe('approved');
      expect(world.bank.movements).toMatchObject([{ what: 'hold', amount: 1200 }]);
      expect((await world.gateway.lookUp(name, TIMEOUT_MS)).is).toBe('approved');
    },
  },
  {
    name: 'a refused card is declined, with its reason, and takes nothing',
    wrong: { flaw: 'approves-all' },
    async run(world) {
      expect((await world.pay('charge', 'refused')).answer).toEqual({ is: 'declined', reason: 'card-refused' });
      expect((await world.pay('charge', 'limited')).answer).toEqual({ is: 'declined', reason: 'limit' });
      expect(world.bank.movements).toEqual([]);
    },
  },
  {
    name: "each of the service's own answers comes to its class",
    wrong: { wellMeaning: true },
    async run(world) {
      for (const { name, reply, is, purpose = 'charge' } of world.subject.ownAnswers) {
        world.wire.script = reply;
        expect((await world.pay(purpose)).answer, name).toEqual(is);
      }
    },
  },
  {
    name: 'a refused connection is failed: nothing was asked',
    wrong: { wellMeaning: true },
    async run(world) {
      const gateway = world.gatewayTo(await world.nowhere());
      expect(await world.pay('charge', 'visa', { gateway })).toMatchObject({ answer: UNREACHABLE, released: 1 });
    },
  },
  {
    name: 'a certificate of another authority is failed before a byte of the request',
    wrong: { wellMeaning: true },
    async run(world) {
      const { gateway, wire } = await world.untrusted();
      try {
        expect(await world.pay('charge', 'visa', { gateway })).toMatchObject({ answer: UNREACHABLE, released: 1 });
        const name = { ...world.name('charge'), transaction: 'a.b' };
        expect(await world.pay('charge', 'visa', { gateway, name })).toMatchObject({
          answer: UNREACHABLE,
          released: 1,
        });
        expect(wire.requests).toEqual([]);
      } finally {
        await wire.close();
      }
    },
  },
  ...LOST.map(
    (fault): Clause => ({
      name: `${fault} after the card went is unknown; the look-up then finds the payment`,
      wrong: { wellMeaning: true },
      async run(world) {
        world.wire.fault = fault;
        const { answer, released, name } = await world.pay(
          'charge',
          'visa',
          fault === 'hang' ? { timeoutMs: SHORT_MS } : {},
        );
        expect({ answer, released }).toEqual({ answer: { is: 'unknown' }, released: 1 });
        const sent = world.wire.requests.length;
        world.wire.fault = undefined;
        expect((await world.gateway.lookUp(name, TIMEOUT_MS)).is).toBe('approved');
        // Nothing was sent again by itself, nor where a redirection pointed.
        expect(world.bank.sum('take')).toBe(1200);
        expect(world.wire.requests.slice(0, sent).filter((line) => line.includes('elsewhere'))).toEqual([]);
      },
    }),
  ),
  {
    name: 'the same attempt sent twice is paid once',
    wrong: { flaw: 'pays-twice' },
    async run(world) {
      const { name } = await world.pay('charge');
      const again = await world.pay('charge', 'visa', { name });
      expect(['approved', 'unknown']).toContain(again.answer.is);
      expect(world.bank.sum('take')).toBe(1200);
    },
  },
  {
    name: 'an attempt that no card reached is absent',
    wrong: { flaw: 'invents' },
    async run(world) {
      const name = world.name('charge');
      expect(await world.gateway.lookUp(name, TIMEOUT_MS)).toEqual({ is: 'absent' });
      const { gateway } = world;
      if (!gateway.prepare) return;
      const prepared = await gateway.prepare({ ...name, purpose: 'charge' }, TIMEOUT_MS);
      expect(prepared.is).toBe('prepared');
      const transaction = prepared.is === 'prepared' ? prepared.transaction : '';
      expect(await gateway.lookUp({ ...name, transaction }, TIMEOUT_MS)).toEqual({ is: 'absent' });
      // Asked again, because the first answer was lost: the same transaction, or at least no second one that pays.
      expect((await gateway.prepare({ ...name, purpose: 'charge' }, TIMEOUT_MS)).is).toBe('prepared');
      expect(world.bank.movements).toEqual([]);
    },
  },
  {
    name: 'a look-up finds what was approved, and what was declined as declined or never carried out',
    wrong: { flaw: 'forgets' },
    async run(world) {
      const paid = await world.pay('charge');
      expect((await world.gateway.lookUp(paid.name, TIMEOUT_MS)).is).toBe('approved');
      const refused = await world.pay('charge', 'limited');
      const found = await world.gateway.lookUp(refused.name, TIMEOUT_MS);
      // Some services keep no refusals: then it is absent, for no money moved.
      expect([
        { is: 'absent' },
        { is: 'declined', reason: 'limit' },
        { is: 'declined', reason: 'card-refused' },
      ]).toContainEqual(found);
    },
  },
  {
    name: 'what is still worked on is no result',
    wrong: { flaw: 'hasty' },
    async run(world) {
      world.bank.plan = 'processing';
      const { answer, name } = await world.pay('charge');
      expect(answer).toEqual({ is: 'unknown' });
      expect(['pending', 'absent']).toContain((await world.gateway.lookUp(name, TIMEOUT_MS)).is);
    },
  },
  {
    name: 'from a look-up that goes wrong nothing follows',
    wrong: { wellMeaning: true },
    async run(world) {
      const { name } = await world.pay('charge');
      const lookUp = async (gateway: Gateway) => (await gateway.lookUp(name, TIMEOUT_MS)).is;
      const nowhere = world.gatewayTo(await world.nowhere());
      expect(await lookUp(nowhere)).toBe('no-answer');
      expect(await nowhere.reverse(name, TIMEOUT_MS)).toBe('no-answer');
      const stranger = world.gatewayTo(
        world.url,
        world.subject.wrongCredentials(world.url, world.authorities.trusted.ca),
      );
      expect(await lookUp(stranger)).toBe('no-answer');
      expect(await stranger.reverse(name, TIMEOUT_MS)).toBe('no-answer');
      expect(world.bank.sum('return')).toBe(0);
    },
  },
];
