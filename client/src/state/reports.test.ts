import { expect, test } from 'vitest';
import { ok, type Result } from '../api/result.ts';
import type { ApiProblem } from '../api/problem.ts';
import { aFunnel, aTrunk } from '../../test-server/scenes.ts';
import { leftAt, Reports, wishOf, worstStep } from './reports.ts';

const NOW = Date.UTC(2026, 4, 12, 5, 30, 20);
const DAY = 86_400_000;
const ALL = { period: 'week', merchant: null, language: null, trunk: null, purpose: null } as const;

test('a period ends now and begins that many days before; what isn’t narrowed isn’t asked', () => {
  const to = NOW + 40_000;
  expect(wishOf(ALL, NOW)).toEqual({ from: to - 7 * DAY, to });
  expect(wishOf({ ...ALL, period: 'quarter', trunk: 'a', purpose: 'verify' }, NOW)).toEqual({
    from: to - 90 * DAY,
    to,
    trunk: 'a',
    purpose: 'verify',
  });
});

test('today begins at midnight where the supervisor sits', () => {
  const { from } = wishOf({ ...ALL, period: 'today' }, NOW);
  expect(new Date(from).getHours() + new Date(from).getMinutes()).toBe(0);
  expect(NOW - from).toBeLessThan(DAY);
});

test('the answer to an earlier question never replaces that to a later one', async () => {
  const answers: ((funnel: ReturnType<typeof aFunnel>) => void)[] = [];
  const reports = new Reports({
    api: {
      funnel: () =>
        new Promise<Result<ReturnType<typeof aFunnel>, ApiProblem>>((say) => answers.push((f) => say(ok(f)))),
      trunks: async () => ok({ trunks: [aTrunk('a', 'good')] }),
    },
    now: () => NOW,
    signedOut: () => undefined,
  });
  const first = reports.loadFunnel();
  reports.filter({ trunk: 'b' });
  await reports.loadTrunks();
  answers[1]?.(aFunnel({ payments: 2 }));
  answers[0]?.(aFunnel({ payments: 1 }));
  await first;
  expect(reports.state.getState()).toMatchObject({ funnel: { payments: 2 }, trunks: [{ trunk: 'a' }] });
});

test('the worst step is the one that most left', () => {
  const funnel = aFunnel();
  expect(worstStep(funnel)?.step).toBe('card-number');
  expect(funnel.steps.map(leftAt)).toEqual([21, 74, 5, 7, 1]);
  expect(worstStep(aFunnel({ steps: [] }))).toBeNull();
});
