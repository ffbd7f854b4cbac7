import { expect, test } from 'vitest';
import { anAuditEntry } from '../../test-server/scenes.ts';
import type { AuditWish } from '../api/api.ts';
import { ok } from '../api/result.ts';
import { AuditDesk } from './audit-desk.ts';

function desk() {
  const asked: AuditWish[] = [];
  const made = new AuditDesk({
    api: {
      audit: async (wish) => {
        asked.push(wish);
        const from = wish.before ?? 6;
        const numbers = [from - 1, from - 2].filter((number) => number > 0);
        return ok({ entries: numbers.map((number) => anAuditEntry(number)), next: from > 3 ? from - 2 : null });
      },
      auditActors: async () => ok({ actors: [] }),
      auditCheck: async () => ok({ ok: true, findings: [] }),
    },
    signedOut: () => undefined,
  });
  return { made, asked };
}

test('older entries come below the newer ones; another choice begins anew', async () => {
  const { made, asked } = desk();
  await made.open();
  await made.older();
  expect(made.state.getState().entries?.map(({ number }) => number)).toEqual([5, 4, 3, 2]);
  made.filter({ action: 'sign-in', days: { from: '2026-05-01', to: '' } });
  await expect.poll(() => made.state.getState().entries?.length).toBe(2);
  expect(asked.at(-1)).toEqual({ action: 'sign-in', since: new Date(2026, 4, 1).getTime(), limit: 50 });
});

test('days that make no period are said and nothing is asked', async () => {
  const { made, asked } = desk();
  made.filter({ days: { from: '2026-05-02', to: '2026-05-01' } });
  expect([made.state.getState().daysWrong, asked.length]).toEqual([true, 0]);
});

test('taking it out asks for every page, and says at each that it leaves the house', async () => {
  const { made, asked } = desk();
  const entries = await made.export();
  expect(entries?.map(({ number }) => number)).toEqual([5, 4, 3, 2, 1]);
  expect(asked.map(({ before, export: taken }) => [before, taken])).toEqual([
    [undefined, true],
    [4, true],
    [2, true],
  ]);
});
