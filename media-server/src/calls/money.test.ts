import { expect, test } from 'vitest';
import { type MoneyFact, moneyOf } from './money.ts';

const held = { purpose: 'authorize', outcome: 'approved', amountMinor: 1000 } as const;
const taken = { purpose: 'charge', outcome: 'approved', amountMinor: 1000 } as const;
const done = (action: MoneyFact['action'], amountMinor: number, outcome: MoneyFact['outcome'] = 'approved') => ({
  action,
  amountMinor,
  outcome,
});

test('held money is captured once or voided, then refunded up to what was captured', () => {
  expect(moneyOf(held, [])).toMatchObject({ possible: ['capture', 'void'], captureMinor: 1000, refundMinor: 0 });
  expect(moneyOf(held, [done('void', 1000)])).toMatchObject({ possible: [] });
  expect(moneyOf(held, [done('capture', 600)])).toMatchObject({ possible: ['refund'], refundMinor: 600 });
  expect(moneyOf(held, [done('capture', 600), done('refund', 600)])).toMatchObject({
    possible: [],
    refundedMinor: 600,
  });
});

test('taken money is refunded in parts until nothing is left', () => {
  expect(moneyOf(taken, [])).toMatchObject({ possible: ['refund'], refundMinor: 1000, refundedMinor: 0 });
  const once = [done('refund', 300)];
  expect(moneyOf(taken, once)).toMatchObject({ possible: ['refund'], refundMinor: 700, refundedMinor: 300 });
  expect(moneyOf(taken, [...once, done('refund', 700)])).toMatchObject({ possible: [], refundedMinor: 1000 });
  expect(moneyOf({ ...taken, purpose: 'stored-charge' }, [])).toMatchObject({ possible: ['refund'] });
});

test('while a result isn’t known nothing more can be done; what was declined or failed counts for nothing', () => {
  for (const outcome of [null, 'unknown'] as const) {
    expect(moneyOf(taken, [done('refund', 300, outcome)])).toMatchObject({ possible: [], pending: true });
  }
  expect(moneyOf(taken, [done('refund', 300, 'failed'), done('refund', 1, 'declined')])).toMatchObject({
    possible: ['refund'],
    refundMinor: 1000,
    refundedMinor: 0,
  });
});

test('what moved no money has none', () => {
  for (const purpose of ['card-update', 'verify', 'capture', 'refund', 'void'] as const) {
    expect(moneyOf({ ...taken, purpose }, [])).toMatchObject({ possible: [] });
  }
  for (const outcome of [null, 'declined', 'cancelled', 'failed', 'unknown'] as const) {
    expect(moneyOf({ ...taken, outcome }, [])).toMatchObject({ possible: [] });
  }
});
