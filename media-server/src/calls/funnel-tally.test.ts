import { expect, test } from 'vitest';
import type { StepWithOutcome } from '../storage/funnel.ts';
import { type FunnelFilter, FunnelTally } from './funnel-tally.ts';

const STEPS = ['confirmation', 'card-number', 'expiry', 'processing'] as const;
const LEFT = ['hung-up', 'asked-for-agent', 'cancelled-by-agent', 'silence', 'mistakes', 'other'] as const;

function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return state / 2 ** 31;
  };
}

/** Payments of customers who leave anywhere, and some who try another card. */
function steps(seed: number): StepWithOutcome[] {
  const next = random(seed);
  return Array.from({ length: 200 }, (_, i) => {
    const given = next() < 0.4;
    const last = given ? Math.floor(next() * STEPS.length) : STEPS.length - 1;
    const path: string[] = STEPS.slice(0, last + 1);
    if (last === 3 && next() < 0.3) path.push('card-number', 'expiry', 'processing');
    const of = {
      payment: `p${i}`,
      merchant: 'm',
      language: next() < 0.5 ? 'ja' : 'en',
      trunk: next() < 0.2 ? null : 'demo',
      purpose: next() < 0.2 ? ('verify' as const) : ('charge' as const),
      outcome: given ? ('cancelled' as const) : ('approved' as const),
    };
    return path.map((step, place): StepWithOutcome => {
      const left =
        given && place === path.length - 1 ? (LEFT[Math.floor(next() * LEFT.length)] ?? 'other') : 'finished';
      return { ...of, place, step, at: i, tookMs: Math.floor(next() * 20_000), mistakes: Math.floor(next() * 3), left };
    });
  }).flat();
}

function tally(rows: readonly StepWithOutcome[], filter: FunnelFilter = {}) {
  const counted = new FunnelTally(filter);
  for (const row of rows) counted.add(row);
  return counted.result();
}

/** The same, counted in another way. */
function byHand(rows: readonly StepWithOutcome[]) {
  return STEPS.flatMap((step) => {
    const payments = Map.groupBy(
      rows.filter((row) => row.step === step),
      ({ payment }) => payment,
    );
    if (payments.size === 0) return [];
    const each = [...payments.values()].map((times) => ({
      left: times.toSorted((a, b) => a.place - b.place).at(-1)?.left,
      took: times.reduce((sum, { tookMs }) => sum + tookMs, 0),
      mistakes: times.reduce((sum, { mistakes }) => sum + mistakes, 0),
    }));
    const count = (left: string) => each.filter((one) => one.left === left).length;
    const finished = each.filter(({ left }) => left === 'finished').sort((a, b) => a.took - b.took);
    // The shortest time that at least so many took at most.
    const rank = (share: number) =>
      finished.find(({ took }) => finished.filter((one) => one.took <= took).length >= finished.length * share)?.took ??
      null;
    return {
      step,
      reached: each.length,
      finished: finished.length,
      hungUp: count('hung-up'),
      askedForAgent: count('asked-for-agent'),
      cancelledByAgent: count('cancelled-by-agent'),
      silence: count('silence'),
      mistakes: count('mistakes'),
      other: count('other'),
      p50Ms: rank(0.5),
      p90Ms: rank(0.9),
      corrected: finished.reduce((sum, { mistakes }) => sum + mistakes, 0),
    };
  });
}

test('every number is what counting by hand gives, in whatever order rows come; who reached a step finished or left it', () => {
  for (let seed = 1; seed <= 30; seed++) {
    const rows = steps(seed);
    const counted = tally(rows);
    expect(counted.steps).toEqual(byHand(rows));
    expect(tally(rows.toReversed())).toEqual(counted);
    for (const step of counted.steps) {
      const left = step.hungUp + step.askedForAgent + step.cancelledByAgent + step.silence + step.mistakes + step.other;
      expect(step.finished + left).toBe(step.reached);
    }
    expect(counted.payments).toBe(200);
    expect(counted.outcomes.approved + counted.outcomes.cancelled).toBe(200);
  }
});

test('it is narrowed by language, trunk and purpose; what there is to narrow by stays whole', () => {
  const rows = steps(7);
  const choices = { languages: ['en', 'ja'], trunks: ['demo'] };
  expect(tally(rows, { language: 'en' }).steps).toEqual(byHand(rows.filter(({ language }) => language === 'en')));
  expect(tally(rows, { trunk: 'demo' }).steps).toEqual(byHand(rows.filter(({ trunk }) => trunk === 'demo')));
  expect(tally(rows, { purpose: 'verify' }).steps).toEqual(byHand(rows.filter(({ purpose }) => purpose === 'verify')));
  expect(tally(rows, { language: 'fr' })).toMatchObject({ payments: 0, steps: [], ...choices });
});

test('a payment without a row of its own counts in the steps and in no outcome', () => {
  const rows = steps(3).map((row) => ({ ...row, outcome: null }));
  expect(tally(rows)).toMatchObject({ payments: 200, outcomes: { approved: 0, cancelled: 0 } });
});
