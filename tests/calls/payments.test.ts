// Orders that are paid once, and results that aren't known at first: what agents are told, and when.
import process from 'node:process';
import type { Payment, PaymentPage, ServerEvent } from '@tonegate/api-schema';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { eventually, kill, PAYMENT_MS, pays, talking, totals } from '../faults/trouble.ts';
import { CARDS, House } from '../house/house.ts';

let house: House;

beforeAll(async () => {
  house = await House.open();
});
afterAll(() => house?.close());
afterEach(async () => {
  process.kill(sandbox(), 'SIGCONT');
  await house.clear();
});

function sandbox(): number {
  const { pid } = house.stack.sandbox;
  if (pid === undefined) throw new Error('no sandbox runs');
  return pid;
}

test('an order that is paid is not paid again: the second payment is refused in words', {
  timeout: PAYMENT_MS,
}, async () => {
  const talk = await talking(house);
  const order = house.order();
  await pays(talk, order, CARDS.approved);
  expect(await talk.agent.outcome(30_000)).toMatchObject({ outcome: 'approved' });
  await talk.agent.until(({ call }) => call?.state === 'talking', 10_000, 'the wall’s opening');
  await expect(talk.agent.startPayment(order)).rejects.toThrow('409 already-ended');
  // The refused one left nothing: the call's payment is the one that was made.
  await talk.agent.until(({ call }) => call?.state === 'talking', 10_000, 'the wall’s opening');
  const { payments } = (await talk.agent.request('GET', `/v1/calls/${talk.agent.call?.id}/payments`)) as PaymentPage;
  expect(payments).toMatchObject([{ order, outcome: 'approved', possible: ['refund'] }]);
});

test('a result that wasn’t known when the server died is told to the agent’s new window when it is', {
  timeout: 2 * PAYMENT_MS,
}, async () => {
  const talk = await talking(house);
  const order = house.order();
  const before = await totals(house);
  const { id } = await pays(talk, order, CARDS.lateApproval);
  const moved = async () => (await totals(house)).kept > before.kept || undefined;
  await eventually(moved, 'the money to move');
  // The payment service answers no look-up until the agent has a window again.
  process.kill(sandbox(), 'SIGSTOP');
  expect(await talk.agent.outcome(30_000)).toMatchObject({ id, outcome: 'unknown' });
  await talk.agent.until(({ call }) => call?.state === 'talking', 10_000, 'the wall’s opening');
  await expect(talk.agent.startPayment(order)).rejects.toThrow('409 attempt-alive');
  await kill(house.stack.server.pid ?? 0);
  await house.clear();
  await house.stack.startServer();
  const agent = await house.agent();
  const list = async () => ((await agent.request('GET', '/v1/payments?unsettled=true')) as PaymentPage).payments;
  expect(await list()).toContainEqual(expect.objectContaining({ id, outcome: 'unknown' }));
  process.kill(sandbox(), 'SIGCONT');
  const told = (): Payment | undefined =>
    agent.said
      .filter((event): event is Extract<ServerEvent, { type: 'payment' }> => event.type === 'payment')
      .map(({ payment }) => payment)
      .find((payment) => payment.id === id && payment.outcome !== 'unknown');
  await agent.until(() => told() !== undefined, 20_000, 'the news of the payment');
  expect(told()).toMatchObject({ outcome: 'approved', lastFour: '0341', acknowledged: false });
  expect(await list()).toContainEqual(expect.objectContaining({ id, outcome: 'approved' }));
  await agent.request('POST', `/v1/payments/${id}/acknowledge`);
  expect((await list()).some((payment) => payment.id === id)).toBe(false);
});
