// The payment service is slow, silent or gone: nobody is told what isn't known, and what is found out is told.
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { CARDS, House } from '../house/house.ts';
import { expectBooks, hearEachOther, kill, PAYMENT_MS, pays, talking, totals } from './trouble.ts';

let house: House;

beforeAll(async () => {
  house = await House.open();
});
afterAll(() => house?.close());
afterEach(() => house.clear());

test('a slow answer is waited for', { timeout: PAYMENT_MS }, async () => {
  const talk = await talking(house);
  const before = await totals(house);
  const order = house.order();
  await pays(talk, order, CARDS.slow);
  await talk.agent.until(({ call }) => call?.payment?.step === 'processing', 10_000, 'the waiting');
  expect(await talk.agent.outcome(30_000)).toMatchObject({ outcome: 'approved', lastFour: '0077' });
  await expectBooks(house, before, order.amountMinor);
});

test('an approval whose answer got lost: the agent reads unknown, then approved; a second try of the order is refused', {
  timeout: PAYMENT_MS,
}, async () => {
  const talk = await talking(house);
  const { agent } = talk;
  const before = await totals(house);
  const order = house.order();
  const { id } = await pays(talk, order, CARDS.lateApproval);
  await agent.until(({ call }) => call?.payment?.outcome === 'unknown', 15_000, 'the unknown outcome');
  await agent.until(({ call }) => call?.payment?.outcome === 'approved', 15_000, 'the settled outcome');
  await agent.outcome(15_000);
  await expect(agent.startPayment(order)).rejects.toThrow('409 attempt-alive');
  await hearEachOther(talk);
  await agent.post(`/v1/payments/${id}/acknowledge`, {});
  await expectBooks(house, before, order.amountMinor);
});

test('a request that was never carried out, and no answer: unknown, then failed; the order can be paid', {
  timeout: PAYMENT_MS,
}, async () => {
  const talk = await talking(house);
  const { agent } = talk;
  const before = await totals(house);
  const order = house.order();
  await pays(talk, order, CARDS.nothing);
  await agent.until(({ call }) => call?.payment?.outcome === 'unknown', 15_000, 'the unknown outcome');
  await agent.until(({ call }) => call?.payment?.outcome === 'failed', 15_000, 'the settled outcome');
  await agent.outcome(15_000);
  await expectBooks(house, before, 0);
  await pays(talk, order, CARDS.approved);
  expect((await agent.outcome(30_000)).outcome).toBe('approved');
  await expectBooks(house, before, order.amountMinor);
});

test('a payment service that is down: failed at once, nothing charged, and the call goes on', {
  timeout: PAYMENT_MS,
}, async () => {
  const talk = await talking(house);
  const order = house.order();
  await kill(house.stack.sandbox.pid ?? 0);
  await pays(talk, order, CARDS.approved);
  expect(await talk.agent.outcome(30_000)).toMatchObject({ outcome: 'failed', reason: 'gateway-unreachable' });
  await hearEachOther(talk);
  const books = new DatabaseSync(path.join(house.stack.folder, 'sandbox-books/books.sqlite'), { readOnly: true });
  const asked = books.prepare('SELECT count(*) AS n FROM attempts WHERE order_reference = ?').get(order.reference);
  books.close();
  expect(asked?.['n']).toBe(0);
});
