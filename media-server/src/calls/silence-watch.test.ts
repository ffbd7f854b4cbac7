import { expect, test } from 'vitest';
import type { LegCounts } from '../card-link/contract.ts';
import { TestClock } from '../shared/clock.ts';
import type { SilenceFacts } from '../storage/receipts.ts';
import { SilenceWatch } from './silence-watch.ts';

function gate(over: Partial<LegCounts> = {}): LegCounts {
  const none = { fromFar: 0, toSfu: 0, fromSfu: 0, toFar: 0, keptIn: 0, keptOut: 0 };
  return { ...none, foreign: 0, keyEvents: 0, lost: 0, jitterMs: 0, ...over };
}
const FACTS = { payment: 'p', call: 'c', purpose: 'charge', outcome: 'approved', reason: 'none', outcomeAt: 7 };

function watched(sfu: number[]) {
  const clock = new TestClock();
  const written: SilenceFacts[] = [];
  const watch = new SilenceWatch({
    clock,
    sfuCounts: async () => {
      const toAgent = sfu.shift();
      return toAgent === undefined ? undefined : { fromCustomer: 0, toAgent, fromAgent: 0, toCustomer: 0 };
    },
    write: (facts) => written.push(facts),
  });
  return { clock, watch, written };
}
const settled = () => new Promise((resolve) => setImmediate(resolve));

test('a silent payment’s receipt has counts of both sides, and the card process’s word', async () => {
  const { clock, watch, written } = watched([40, 40]);
  watch.gate(gate({ toSfu: 10, keptIn: 1 }));
  watch.shut();
  watch.key('event');
  clock.advance(5000);
  watch.gate(gate({ toSfu: 10, keptIn: 251, fromSfu: 250, keptOut: 250 }));
  watch.wiped(7);
  watch.conclude(FACTS);
  await settled();
  expect(written).toEqual([
    expect.objectContaining({
      ...FACTS,
      forwarded: { customerToSfu: 0, customerToAgent: 0, agentToCustomer: 0 },
      kept: { ofCustomer: 250, ofAgent: 250 },
      keys: { events: 1, tones: 0 },
      wiped: 7,
    }),
  ]);
  expect((written[0]?.wall.openAt ?? 0) - (written[0]?.wall.shutAt ?? 0)).toBe(5000);
});

test('a customer who hung up leaves a wall that never opened, and counts that nobody could give are none', async () => {
  const { watch, written } = watched([40]);
  watch.gate(gate());
  watch.shut();
  watch.conclude({ ...FACTS, outcome: 'cancelled' });
  await settled();
  expect(written[0]).toMatchObject({
    outcome: 'cancelled',
    wall: { openAt: null },
    forwarded: { customerToSfu: null, customerToAgent: null, agentToCustomer: null },
    wiped: null,
  });
});
