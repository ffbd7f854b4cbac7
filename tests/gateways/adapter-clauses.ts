import { expect } from 'vitest';
import type { GatewayAbilities } from '../../media-server/src/cde/gateways/gateway.ts';
import { CARDS, keyed } from './cards.ts';
import { type Clause, changed } from './clause.ts';
import { TIMEOUT_MS } from './world.ts';

/** What the adapter itself keeps to: credentials, the card's bytes, the truth about its abilities. */
export const ADAPTER: readonly Clause[] = [
  {
    name: 'the harmless call tells good credentials, wrong ones, and nobody there',
    wrong: { flaw: 'any-key' },
    async run(world) {
      const { subject, url, authorities } = world;
      expect(await world.gateway.test(TIMEOUT_MS)).toBe('works');
      const wrong = world.gatewayTo(url, subject.wrongCredentials(url, authorities.trusted.ca));
      expect(await wrong.test(TIMEOUT_MS)).toBe('gateway-settings');
      expect(await world.gatewayTo(await world.nowhere()).test(TIMEOUT_MS)).toBe('gateway-unreachable');
      expect(world.bank.movements).toEqual([]);
    },
  },
  {
    name: 'the card is released exactly once, however it ends',
    wrong: {
      adapter: changed((gateway) => ({
        authorize: (request, card, timeoutMs, released) =>
          gateway.authorize(request, card, timeoutMs, released).finally(released),
      })),
    },
    async run(world) {
      for (const fault of [undefined, 'reset', 'garbage', 'oversize'] as const) {
        world.wire.fault = fault;
        expect((await world.pay('charge')).released, fault ?? 'approved').toBe(1);
      }
      expect((await world.pay('charge', 'refused')).released).toBe(1);
      expect((await world.pay('charge', 'visa', { gateway: world.gatewayTo(await world.nowhere()) })).released).toBe(1);
    },
  },
  {
    name: 'what the adapter wrote the card into is zeroed when it is released, and its card is left as it was',
    wrong: {
      adapter: changed((gateway) => ({
        authorize(request, card, timeoutMs, released) {
          Buffer.alloc(card.number.length).set(card.number);
          return gateway.authorize(request, card, timeoutMs, released);
        },
      })),
    },
    async run(world) {
      for (const fault of [undefined, 'reset', 'repeats-request'] as const) {
        world.wire.fault = fault;
        const card = keyed('visa');
        const { made } = await buffersMadeBy(() => world.pay('charge', card));
        expect(made.length).toBeGreaterThan(0);
        expect(made.filter(holdsCard).length).toBe(0);
        expect(Array.from(card.number).join('')).toBe(CARDS.visa.join(''));
      }
    },
  },
  {
    name: 'no answer holds the card, even where the service repeats it',
    wrong: {
      adapter: changed((gateway) => ({
        authorize: async (request, card, timeoutMs, released) => ({
          ...(await gateway.authorize(request, card, timeoutMs, released)),
          receipt: Array.from(card.number).join(''),
        }),
      })),
    },
    async run(world) {
      world.wire.fault = 'repeats-request';
      const { answer } = await world.pay('charge');
      expect(answer.is).not.toBe('approved');
      expect(JSON.stringify(answer)).not.toMatch(/\d{12}/);
    },
  },
  {
    name: 'abilities name what there is a method for, and cards that exist',
    wrong: { adapter: changed(() => ({ operate: undefined, chargeStored: undefined, abilities: BOASTED })) },
    async run({ gateway }) {
      const { purposes, actions, partial = [], lengths, currencies } = gateway.abilities;
      expect(gateway.name).toMatch(/^[a-z][a-z0-9-]{0,31}$/);
      if (purposes.includes('stored-charge'))
        expect('chargeStored' in gateway && gateway.chargeStored !== undefined).toBe(true);
      if (actions.length > 0) expect('operate' in gateway && gateway.operate !== undefined).toBe(true);
      for (const action of partial) expect(actions).toContain(action);
      expect(currencies.length).toBeGreaterThan(0);
      // ISO/IEC 7812-1: 12 to 19 digits, as the dialogue takes them.
      for (const length of Object.values(lengths).flat()) expect(length >= 12 && length <= 19).toBe(true);
    },
  },
];

const BOASTED: GatewayAbilities = {
  lengths: { visa: [16] },
  currencies: ['JPY'],
  purposes: ['charge', 'stored-charge'],
  actions: ['refund'],
};

/** Runs it, and gives the buffers with memory of their own that were made meanwhile: what a card may be written into. */
async function buffersMadeBy<T>(run: () => Promise<T>): Promise<{ made: Buffer[]; result: T }> {
  const before = Object.getOwnPropertyDescriptors(Buffer);
  const alloc = Buffer.alloc.bind(Buffer);
  const from = Buffer.from.bind(Buffer);
  const made: Buffer[] = [];
  const kept = (buffer: Buffer) => {
    made.push(buffer);
    return buffer;
  };
  Buffer.alloc = ((...given: Parameters<typeof alloc>) => kept(alloc(...given))) as typeof alloc;
  // Its many forms: only the memory that it is given matters here.
  const copied = from as (...given: unknown[]) => Buffer;
  Buffer.from = ((...given: unknown[]) =>
    given[0] instanceof ArrayBuffer ? kept(copied(...given)) : copied(...given)) as typeof from;
  try {
    return { result: await run(), made };
  } finally {
    Object.defineProperties(Buffer, { alloc: before.alloc, from: before.from });
  }
}

function holdsCard(buffer: Buffer): boolean {
  const digits = CARDS.visa.join('');
  return buffer.includes(digits) || buffer.includes(Buffer.from(Array.from(digits, Number)));
}
