import type { DoMoney, Payment } from '@tonegate/api-schema';
import { expect, test } from 'vitest';
import { createStore } from 'zustand/vanilla';
import type { Answer, Api } from '../api/api.ts';
import { err, ok } from '../api/result.ts';
import { anEndedCall, aPayment } from '../../test-server/scenes.ts';
import { type CallsState, NO_CALLS } from './calls.ts';
import { MoneyDesk } from './money-desk.ts';

const charged = aPayment({ outcome: 'approved', possible: ['refund'] });

/** A desk before a server that answers each request as told; what it was asked is kept. */
function aDesk(answers: Awaited<Answer<Payment>>[], payments: Record<string, Payment[]> = {}) {
  const sent: (DoMoney & { key: string })[] = [];
  const api: Pick<Api, 'doMoney' | 'payment'> = {
    doMoney: async (_, body, key) => {
      sent.push({ ...body, key });
      return answers.shift() ?? err('server-error');
    },
    payment: async (id) => {
      const next = payments[id]?.shift();
      return next === undefined ? err('unreachable') : ok(next);
    },
  };
  let keys = 0;
  const calls = createStore<CallsState>(() => ({ ...NO_CALLS, recent: [anEndedCall('h', { payment: charged })] }));
  const desk = new MoneyDesk({
    api,
    calls,
    pause: async () => undefined,
    newKey: () => `key-${(keys += 1)}`,
    signedOut: () => undefined,
  });
  return { desk, sent, calls, task: () => desk.task.getState().task };
}

test('nothing is sent before the agent confirms, and all of an amount goes without a number', async () => {
  const refund = aPayment({ id: 'r'.repeat(26), purpose: 'refund', outcome: 'approved', about: charged.id });
  const { desk, sent, task } = aDesk([ok(refund)]);
  desk.begin(charged, 'refund', '12800');
  expect(sent).toEqual([]);
  await desk.confirm();
  expect(sent).toEqual([{ action: 'refund', key: 'key-1' }]);
  expect(task()).toMatchObject({ phase: 'done', result: { outcome: 'approved' } });
});

test('no more can be given back than is left', async () => {
  const { desk, sent, task } = aDesk([]);
  desk.begin({ ...charged, refundedMinor: 12_000 }, 'refund', '800');
  desk.setAmount('801');
  await desk.confirm();
  expect(task()?.amountProblem).toBe('more-than-left');
  expect(sent).toEqual([]);
});

test('a request without an answer is tried again as it was, under the same key, even after the question was closed', async () => {
  const refund = aPayment({ id: 'r'.repeat(26), purpose: 'refund', outcome: 'approved' });
  const { desk, sent, task } = aDesk([err('unreachable'), ok(refund)]);
  desk.begin(charged, 'refund', '5000');
  desk.setAmount('3000');
  await desk.confirm();
  expect(task()?.phase).toBe('unanswered');
  desk.setAmount('4000');
  desk.close();
  desk.begin(charged, 'refund', '12800');
  expect(task()).toMatchObject({ phase: 'unanswered', amount: '3000' });
  await desk.confirm();
  expect(sent.map(({ amountMinor, key }) => [amountMinor, key])).toEqual([
    [3_000, sent[0]?.key],
    [3_000, sent[0]?.key],
  ]);
  expect(task()?.phase).toBe('done');
});

test('a refusal leaves the question open for another amount, under another key', async () => {
  const { desk, sent, task } = aDesk([err('amount-unfit'), err('amount-unfit')]);
  desk.begin(charged, 'refund', '5000');
  await desk.confirm();
  expect(task()).toMatchObject({ phase: 'ask', problem: 'amount-unfit' });
  desk.setAmount('4000');
  await desk.confirm();
  expect(new Set(sent.map(({ key }) => key)).size).toBe(2);
});

test('an outcome that comes later is waited for, and the payment it is about is shown as it then is', async () => {
  const id = 'r'.repeat(26);
  const opening = aPayment({ id, purpose: 'refund', state: 'opening' });
  const { desk, calls, task } = aDesk([ok(opening)], {
    [id]: [opening, aPayment({ id, purpose: 'refund', outcome: 'approved' })],
    [charged.id]: [{ ...charged, refundedMinor: 12_800, possible: [] }],
  });
  desk.begin(charged, 'refund', '12800');
  await desk.confirm();
  expect(task()?.result?.outcome).toBe('approved');
  expect(calls.getState().recent[0]?.payment).toMatchObject({ refundedMinor: 12_800, possible: [] });
});
