import { expect, test } from 'vitest';
import { type CanaryMeasure, judge, type WallCounts } from './findings.ts';

const silent: WallCounts = {
  atAgent: 0,
  fromCustomer: 0,
  toAgent: 0,
  toCustomer: 0,
  gateToSfu: 0,
  gateToCustomer: 0,
  loudest: -120,
  looks: 20,
};
const good: CanaryMeasure = {
  transport: 'both',
  trouble: undefined,
  wall: silent,
  keys: { event: 24, tone: 0, both: 24 },
  outcomeFits: true,
};

test('a call that was paid behind a silent wall is good', () => {
  expect(judge(good)).toEqual({ transport: 'both', verdict: 'passed', why: 'none' });
});

test.each([
  [{ atAgent: 1 }, 'gate-and-sfu'],
  [{ fromCustomer: 1 }, 'gate'],
  [{ gateToSfu: 1 }, 'gate'],
  [{ gateToCustomer: 1 }, 'gate'],
  [{ toAgent: 1 }, 'sfu'],
  [{ toCustomer: 1 }, 'sfu'],
  [{ fromCustomer: 1, toCustomer: 1 }, 'gate-and-sfu'],
] satisfies [Partial<WallCounts>, string][])('one packet is a leak, and says of which valve: %o', (passed, why) => {
  expect(judge({ ...good, wall: { ...silent, ...passed } })).toMatchObject({ verdict: 'leak', why });
  // Whatever else went wrong.
  expect(judge({ ...good, trouble: 'no-outcome', wall: { ...silent, ...passed } }).verdict).toBe('leak');
});

test('a call that could not be made, measured, keyed or paid is not good', () => {
  expect(judge({ ...good, trouble: 'no-media' })).toMatchObject({ verdict: 'failed', why: 'no-media' });
  expect(judge({ ...good, wall: undefined })).toMatchObject({ verdict: 'failed', why: 'not-measured' });
  expect(judge({ ...good, wall: { ...silent, looks: 1 } })).toMatchObject({ verdict: 'failed', why: 'not-measured' });
  expect(judge({ ...good, keys: { event: 24, tone: 0, both: 0 } }).why).toBe('keys-not-heard');
  expect(judge({ ...good, outcomeFits: false })).toMatchObject({ verdict: 'failed', why: 'outcome-wrong' });
});
