import { expect, test } from 'vitest';
import { type TrunkEvidence, verdictOf } from './trunk-verdict.ts';

const NONE: TrunkEvidence = { keyed: 0, infoOnly: 0, event: 0, tone: 0, both: 0, payments: 0, silent: 0 };

const verdicts: [string, ReturnType<typeof verdictOf>, Partial<TrunkEvidence>][] = [
  ['nothing is known', 'too-few-calls', {}],
  ['four calls with keys', 'too-few-calls', { keyed: 4, event: 4 }],
  ['events', 'good', { keyed: 50, event: 49, tone: 3 }],
  ['tones', 'tones-only', { keyed: 50, event: 3, tone: 47 }],
  ['a fifth of them both ways', 'both-ways', { keyed: 50, event: 50, both: 10 }],
  ['half of them by INFO alone', 'info-only', { keyed: 50, event: 25, infoOnly: 25 }],
  ['payments without a key', 'no-keys', { payments: 9, silent: 5 }],
  ['some payments without a key', 'good', { keyed: 50, event: 50, payments: 40, silent: 12 }],
  ['INFO, and so payments without a key', 'info-only', { keyed: 6, infoOnly: 5, event: 1, payments: 9, silent: 9 }],
];

test.each(verdicts)('%s: %s', (_, verdict, evidence) => {
  expect(verdictOf({ ...NONE, ...evidence })).toBe(verdict);
});
