import { expect, test } from 'vitest';
import type { Outcome, Reason, Step } from '../card-link/contract.ts';
import { newTrail, passThrough, stepsOf } from './funnel.ts';

/** Words of progress, one a second, then the end. */
function walk(words: [Step, number?][], outcome: Outcome, reason: Reason = 'none') {
  const trail = newTrail();
  let now = 0;
  for (const [step, mistakes = 0] of words) {
    passThrough(trail, { step, mistakes }, 1000 + now, now);
    now += 1000;
  }
  return stepsOf(trail, { outcome, reason }, now).map(({ step, tookMs, mistakes, left }) => [
    step,
    tookMs,
    mistakes,
    left,
  ]);
}

test('a payment that is made finishes each step that it came to', () => {
  const words: [Step, number?][] = [
    ['confirmation'],
    ['card-number'],
    ['card-number', 1],
    ['card-number', 1],
    ['expiry'],
    ['security-code'],
    ['processing'],
    ['result'],
  ];
  expect(walk(words, 'approved')).toEqual([
    ['confirmation', 1000, 0, 'finished'],
    ['card-number', 3000, 1, 'finished'],
    ['expiry', 1000, 0, 'finished'],
    ['security-code', 1000, 0, 'finished'],
    ['processing', 2000, 0, 'finished'],
  ]);
});

test.each([
  ['cancelled', 'customer-hung-up', 'hung-up'],
  ['cancelled', 'by-customer', 'asked-for-agent'],
  ['cancelled', 'by-agent', 'cancelled-by-agent'],
  ['failed', 'silence', 'silence'],
  ['failed', 'too-many-mistakes', 'mistakes'],
  ['failed', 'code-wrong', 'mistakes'],
  ['failed', 'time-limit', 'other'],
  ['unknown', 'no-answer', 'other'],
  ['declined', 'card-refused', 'finished'],
] as const)('%s %s leaves the last step as %s, and those before it as finished', (outcome, reason, left) => {
  const rows = walk([['confirmation'], ['card-number']], outcome, reason);
  expect(rows.map((row) => row[3])).toEqual(['finished', left]);
});

test('a step put off because an earlier one is asked again counts only if it is come to again, with all its time', () => {
  const back: [Step, number?][] = [['card-number'], ['expiry', 1], ['card-number', 0]];
  expect(walk(back, 'cancelled', 'customer-hung-up')).toEqual([
    ['card-number', 1000, 0, 'finished'],
    ['card-number', 1000, 0, 'hung-up'],
  ]);
  expect(walk([...back, ['expiry', 1], ['processing']], 'approved').slice(2)).toEqual([
    ['expiry', 2000, 1, 'finished'],
    ['processing', 1000, 0, 'finished'],
  ]);
});

test('another card after a decline goes through the steps anew; those of the first card were finished', () => {
  const rows = walk([['card-number', 2], ['processing'], ['card-number', 0], ['card-number', 1]], 'failed', 'silence');
  expect(rows).toEqual([
    ['card-number', 1000, 2, 'finished'],
    ['processing', 1000, 0, 'finished'],
    ['card-number', 2000, 1, 'silence'],
  ]);
});

test('whatever a dialogue says, by seed: rows are bounded, all finished but the last, no time lost or made up', () => {
  const STEPS: Step[] = [
    'language',
    'confirmation',
    'card-number',
    'expiry',
    'security-code',
    'one-time-code',
    'processing',
    'result',
  ];
  const REASONS: Reason[] = ['none', 'silence', 'customer-hung-up', 'by-agent', 'by-customer', 'time-limit'];
  for (let seed = 1; seed <= 2000; seed++) {
    const next = random(seed);
    const trail = newTrail();
    let now = 0;
    let first: number | undefined;
    for (let i = Math.floor(next() * 300); i >= 0; i--) {
      const step = STEPS[Math.floor(next() * STEPS.length)] as Step;
      if (step !== 'result') first ??= now;
      passThrough(trail, { step, mistakes: Math.floor(next() * 4) }, now, now);
      now += Math.floor(next() * 5000);
    }
    const reason = REASONS[Math.floor(next() * REASONS.length)] as Reason;
    const rows = stepsOf(trail, { outcome: 'cancelled', reason }, now);
    expect(rows.length).toBeLessThanOrEqual(100);
    expect(rows.slice(0, -1).every(({ left }) => left === 'finished')).toBe(true);
    expect(rows.map(({ place }) => place)).toEqual(rows.map((_, place) => place));
    expect(rows.every(({ tookMs, mistakes }) => tookMs >= 0 && mistakes >= 0)).toBe(true);
    const putOff = [...trail.putOff.values()].reduce((sum, { tookMs }) => sum + tookMs, 0);
    const took = rows.reduce((sum, { tookMs }) => sum + tookMs, putOff);
    expect(took).toBe(first === undefined ? 0 : now - first);
  }
});

function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return state / 2 ** 31;
  };
}
