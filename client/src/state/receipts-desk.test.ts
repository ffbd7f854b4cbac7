import type { Receipts } from '@tonegate/api-schema';
import { expect, test } from 'vitest';
import type { ReceiptsWish } from '../api/api.ts';
import { err, ok, type Result } from '../api/result.ts';
import type { ApiProblem } from '../api/problem.ts';
import { ReceiptsDesk } from './receipts-desk.ts';

const receipt = (number: number) => ({ record: { number, previous: 'd' }, signature: 's' });

function desk(page: (wish: ReceiptsWish) => Result<Receipts, ApiProblem>) {
  return new ReceiptsDesk({
    api: { receipts: async (_, wish) => page(wish), receiptKey: async () => ok({ key: 'k', publicKey: 'PEM' }) },
    now: () => new Date(2026, 4, 12, 12).getTime(),
    digest: async () => 'd',
    signedOut: () => undefined,
  });
}

test('all pages of a period become one file, with the chain’s end where it is among them', async () => {
  const asked: ReceiptsWish[] = [];
  const made = desk((wish) => {
    asked.push(wish);
    return ok(
      wish.from === 1
        ? { receipts: [receipt(4), receipt(5)], head: null, next: 6 }
        : { receipts: [receipt(6)], head: { number: 6, digest: 'd' }, next: null },
    );
  });
  made.choose({ merchant: 'm', days: { from: '2026-05-01', to: '2026-05-02' } });
  await made.fetch();
  const { found, publicKey, fetched } = made.state.getState();
  expect(asked.map(({ from }) => from)).toEqual([1, 6]);
  expect(asked[0]).toMatchObject({ since: new Date(2026, 4, 1).getTime(), until: new Date(2026, 4, 3).getTime() });
  expect(found?.chain).toMatchObject({ first: 4, last: 6, count: 3, toTheEnd: true, findings: [] });
  expect(JSON.parse(found?.file ?? '')).toMatchObject({
    receipts: [{}, {}, {}],
    head: { number: 6 },
    publicKey: 'PEM',
  });
  expect([publicKey, fetched]).toEqual(['PEM', null]);
  made.choose({ merchant: 'n' });
  expect(made.state.getState().found).toBeNull();
});

test('a refusal is said, and so are days that make no period', async () => {
  const made = desk(() => err('not-allowed'));
  made.choose({ merchant: 'm' });
  await made.fetch();
  expect(made.state.getState()).toMatchObject({ problem: 'not-allowed', fetched: null, found: null });
  made.choose({ days: { from: '', to: '' } });
  await made.fetch();
  expect(made.state.getState().daysWrong).toBe(true);
});
