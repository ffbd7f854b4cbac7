import { expect, test } from 'vitest';
import { TestClock } from '../shared/clock.ts';
import { noting, policyOf, sdp, type Told, testServer } from './testing/fixtures.ts';
import { MemoryNetwork, seeded } from './testing/memory-network.ts';

const CALLS = 100;

/** Lets promises that are already settled run on. */
async function settle(): Promise<void> {
  for (let i = 0; i < 10; i++) await Promise.resolve();
}

async function run(seed: number, loss: number, hangsUp: 'caller' | 'called') {
  const clock = new TestClock();
  const random = seeded(seed);
  const network = new MemoryNetwork(clock, random, loss);
  const called: Told[] = [];
  const callee = testServer(
    clock,
    policyOf((leg) => {
      const { told, handlers } = noting();
      called.push(told);
      leg.ring();
      clock.after(2000, () => leg.answer(sdp()));
      if (hangsUp === 'called') clock.after(60_000, () => leg.end());
      return handlers;
    }),
    { bind: '10.0.0.2' },
    { network: network.node('10.0.0.2'), random },
  );
  const caller = testServer(
    clock,
    policyOf(() => noting().handlers),
    { bind: '10.0.0.1', trunks: [{ name: 'carrier', host: '10.0.0.2', optionsEvery: 0 }] },
    { network: network.node('10.0.0.1'), random },
  );
  expect((await callee.start()).ok && (await caller.start()).ok).toBe(true);
  await settle();
  const calls: Told[] = [];
  for (let i = 0; i < CALLS; i++) {
    const { told, handlers } = noting();
    calls.push(told);
    const leg = caller.call(
      { kind: 'trunk', trunk: 'carrier', number: '0312345678' },
      { offer: sdp(), from: { user: '0312340000' }, handlers },
    );
    if (hangsUp === 'caller') clock.after(60_000, () => leg.end());
  }
  for (let second = 0; second < 200; second++) {
    clock.advance(1000);
    await settle();
  }
  return { calls, called, network };
}

for (const hangsUp of ['caller', 'called'] as const) {
  test(`with 30 % of datagrams lost each way every call is set up and torn down when the ${hangsUp} hangs up`, async () => {
    const { calls, called, network } = await run(7, 0.3, hangsUp);
    expect(network.lost / network.sent).toBeCloseTo(0.3, 1);
    for (const told of calls) {
      expect(told.events.filter((event) => event.startsWith('established'))).toEqual(['established with sdp']);
      expect(told.end).toMatchObject({ by: hangsUp === 'caller' ? 'us' : 'far', cause: 'hung-up' });
    }
    expect(called).toHaveLength(CALLS);
    for (const told of called) {
      expect(told.events).toContain('established');
      expect(told.end).toMatchObject({ by: hangsUp === 'called' ? 'us' : 'far', cause: 'hung-up' });
    }
  });
}

test('without loss a call costs no repeated message', async () => {
  const { network } = await run(1, 0, 'caller');
  // INVITE, 180, 200, ACK, BYE, 200.
  expect(network.sent).toBe(CALLS * 6);
});
