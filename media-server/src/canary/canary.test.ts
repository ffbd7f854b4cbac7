import { expect, test } from 'vitest';
import { CLOSED_AGAIN_MS, newCanary, refusalOf, step, TRUNKS_AT_ONCE } from './canary.ts';
import type { CanaryResult } from './findings.ts';

const HOUR = 3_600_000;
const of = (verdict: CanaryResult['verdict']): CanaryResult[] => [
  { transport: 'event', verdict: 'passed', why: 'none' },
  { transport: 'tone', verdict, why: verdict === 'passed' ? 'none' : verdict === 'leak' ? 'gate' : 'no-outcome' },
];
const called = (trunk: string, verdict: CanaryResult['verdict']) =>
  ({ type: 'called', trunk, results: of(verdict) }) as const;
const payments = (state: ReturnType<typeof newCanary>) => [...state.trunks.values()].map((trunk) => trunk.payments);

test('a trunk takes no payment before its first good calls, and the next round comes when it is due', () => {
  const state = newCanary(['a', ''], HOUR);
  expect(payments(state)).toEqual(['unproven', 'unproven']);
  expect(step(state, { type: 'due' })).toEqual([
    { type: 'call', trunk: 'a' },
    { type: 'call', trunk: '' },
  ]);
  expect(step(state, called('', 'passed'))).toEqual([{ type: 'opened', trunk: '' }]);
  expect(payments(state)).toEqual(['unproven', 'open']);
  expect(step(state, called('a', 'passed'))).toEqual([
    { type: 'opened', trunk: 'a' },
    { type: 'wait', ms: HOUR },
  ]);
  expect(state.rounds).toBe(1);
});

test('a leak closes its trunk at once and no other; the next good calls, which come soon, open it', () => {
  const state = newCanary(['a', 'b'], HOUR);
  step(state, { type: 'due' });
  step(state, called('a', 'passed'));
  step(state, called('b', 'passed'));
  step(state, { type: 'due' });
  expect(step(state, called('a', 'leak'))).toMatchObject([{ type: 'closed', trunk: 'a' }]);
  expect(step(state, called('b', 'passed'))).toEqual([{ type: 'wait', ms: CLOSED_AGAIN_MS }]);
  expect(payments(state)).toEqual(['closed', 'open']);
  step(state, { type: 'due' });
  expect(step(state, called('a', 'passed'))).toEqual([{ type: 'opened', trunk: 'a' }]);
});

test('what only failed is called once more before it closes', () => {
  const state = newCanary(['a'], HOUR);
  step(state, { type: 'due' });
  step(state, called('a', 'passed'));
  step(state, { type: 'due' });
  expect(step(state, called('a', 'failed'))).toEqual([{ type: 'call', trunk: 'a' }]);
  expect(payments(state)).toEqual(['open']);
  expect(step(state, called('a', 'failed'))).toMatchObject([
    { type: 'closed', trunk: 'a' },
    { type: 'wait', ms: CLOSED_AGAIN_MS },
  ]);
});

test('a payment is refused on a trunk that isn’t proven, is closed, or is never called for', () => {
  const state = newCanary(['a', 'b'], HOUR);
  step(state, { type: 'due' });
  step(state, called('a', 'passed'));
  expect(['a', 'b', '', 'c'].map((trunk) => refusalOf(state, trunk))).toEqual([
    undefined,
    'unproven',
    'unproven',
    'unproven',
  ]);
  step(state, called('b', 'leak'));
  expect(refusalOf(state, 'b')).toBe('closed');
});

test('what was found of one card process counts for no other: payments wait for new good calls', () => {
  const state = newCanary(['a', 'b'], HOUR);
  step(state, { type: 'due' });
  step(state, called('a', 'passed'));
  // It dies in the middle of the round: the other trunk's calls end badly, and are made once more.
  step(state, called('b', 'failed'));
  expect(step(state, { type: 'restarted' })).toEqual([]);
  expect(payments(state)).toEqual(['unproven', 'unproven']);
  // Whoever was called for before is called for again soon, not in an hour.
  expect(step(state, called('b', 'passed'))).toEqual([
    { type: 'opened', trunk: 'b' },
    { type: 'wait', ms: CLOSED_AGAIN_MS },
  ]);
  step(state, { type: 'due' });
  step(state, called('a', 'passed'));
  step(state, called('b', 'passed'));
  expect(payments(state)).toEqual(['open', 'open']);
  // Between two rounds it begins one.
  expect(step(state, { type: 'restarted' })).toEqual([
    { type: 'call', trunk: 'a' },
    { type: 'call', trunk: 'b' },
  ]);
  expect(payments(state)).toEqual(['unproven', 'unproven']);
});

test('calls that say nothing open nothing', () => {
  const state = newCanary(['a'], HOUR);
  step(state, { type: 'due' });
  step(state, { type: 'called', trunk: 'a', results: [] });
  step(state, { type: 'called', trunk: 'a', results: [] });
  expect(payments(state)).toEqual(['closed']);
});

test('however many trunks and however bad, few are called at once, each at most twice, and no round begins in another', () => {
  const names = Array.from({ length: 100 }, (_, i) => `t${i}`);
  const state = newCanary(names, HOUR);
  const calls = new Map<string, number>();
  const running: string[] = [];
  const take = (outputs: ReturnType<typeof step>) => {
    for (const output of outputs) {
      if (output.type !== 'call') continue;
      calls.set(output.trunk, (calls.get(output.trunk) ?? 0) + 1);
      running.push(output.trunk);
    }
  };
  take(step(state, { type: 'due' }));
  let most = 0;
  for (let trunk = running.shift(); trunk !== undefined; trunk = running.shift()) {
    most = Math.max(most, running.length + 1);
    expect(step(state, { type: 'due' })).toEqual([]);
    take(step(state, called(trunk, 'failed')));
  }
  expect(most).toBe(TRUNKS_AT_ONCE);
  expect([...calls.values()].every((count) => count === 2)).toBe(true);
  expect(calls.size).toBe(100);
  expect(state.rounds).toBe(1);
});
