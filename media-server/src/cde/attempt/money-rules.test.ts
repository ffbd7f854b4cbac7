import { expect, test } from 'vitest';
import type { MoneyAction } from '../contract.ts';
import type { Phase } from './attempt.ts';
import { type Action, allowedAmount, isGivenBack, type Original } from './money-rules.ts';

const HELD: Original = { purpose: 'authorize', amountMinor: 1200, phase: 'told' };
const TAKEN: Original = { purpose: 'charge', amountMinor: 1200, phase: 'told' };
const did = (action: MoneyAction, amountMinor: number, phase: Phase = 'done'): Action => ({
  action,
  amountMinor,
  phase,
});

test('of a hold that was captured in part no more than that part can be refunded, in however many refunds', () => {
  const captured = [did('capture', 800)];
  expect(allowedAmount(HELD, captured, 'refund')).toEqual({ ok: true, value: 800 });
  expect(allowedAmount(HELD, captured, 'refund', 801)).toEqual({ ok: false, error: 'amount-unfit' });
  const partly = [...captured, did('refund', 300)];
  expect(allowedAmount(HELD, partly, 'refund', 501)).toEqual({ ok: false, error: 'amount-unfit' });
  expect(allowedAmount(HELD, partly, 'refund', 500)).toEqual({ ok: true, value: 500 });
  const all = [...partly, did('refund', 500)];
  expect(allowedAmount(HELD, all, 'refund', 1)).toEqual({ ok: false, error: 'already-settled' });
  expect([isGivenBack(HELD, partly), isGivenBack(HELD, all)]).toEqual([false, true]);
});

test('a hold is captured once, at most what was held; what was asked for and not carried out counts for nothing', () => {
  expect(allowedAmount(HELD, [], 'capture', 1201)).toEqual({ ok: false, error: 'amount-unfit' });
  expect(allowedAmount(HELD, [], 'capture', 0)).toEqual({ ok: false, error: 'amount-unfit' });
  const missed = [did('capture', 800, 'declined'), did('capture', 700, 'not-executed')];
  expect(allowedAmount(HELD, missed, 'refund')).toEqual({ ok: false, error: 'not-possible' });
  expect(allowedAmount(HELD, missed, 'capture', 1000)).toEqual({ ok: true, value: 1000 });
  expect(allowedAmount(HELD, [did('capture', 1)], 'capture', 1)).toEqual({ ok: false, error: 'already-settled' });
});

test('while one action is not known no other is allowed, whatever it is', () => {
  for (const phase of ['intended', 'prepared', 'sent', 'unknown', 'reversing', 'manual'] as const) {
    for (const action of ['capture', 'void', 'refund'] as const) {
      expect(allowedAmount(TAKEN, [did('refund', 1, phase)], action)).toEqual({ ok: false, error: 'attempt-alive' });
    }
  }
});

test('by whatever order of actions, no more is given back than was taken, and nothing after a void', () => {
  // A small generator of its own, so that a failure can be played again.
  let state = 7;
  const below = (most: number) => (state = (state * 48_271) % 2_147_483_647) % most;
  for (let round = 0; round < 2000; round++) {
    const original = below(2) === 0 ? HELD : TAKEN;
    const actions: Action[] = [];
    for (let i = 0; i < 12; i++) {
      const action = (['capture', 'refund', 'refund', 'void'] as const)[below(4)] ?? 'refund';
      const wanted = below(3) === 0 ? undefined : below(1400) - 50;
      const allowed = allowedAmount(original, actions, action, wanted);
      if (!allowed.ok) continue;
      actions.push(did(action, allowed.value, below(4) === 0 ? 'declined' : 'done'));
    }
    const done = actions.filter(({ phase }) => phase === 'done');
    const sum = (of: MoneyAction) =>
      done.filter(({ action }) => action === of).reduce((total, each) => total + each.amountMinor, 0);
    const taken = original === HELD ? sum('capture') : original.amountMinor;
    expect(taken).toBeLessThanOrEqual(original.amountMinor);
    expect(sum('refund')).toBeLessThanOrEqual(taken);
    const voided = done.findIndex(({ action }) => action === 'void');
    expect(voided < 0 || voided === done.length - 1).toBe(true);
    expect(voided >= 0 && sum('refund') > 0).toBe(false);
  }
});
