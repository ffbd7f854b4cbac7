// The card process dies at every moment of a payment: the agent reads the truth, the books agree, the call goes on.
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { CARDS, CODE, House } from '../house/house.ts';
import {
  atStep,
  cardPid,
  eventually,
  expectBooks,
  hasNoOtherCard,
  hearEachOther,
  keysOn,
  kill,
  PAYMENT_MS,
  pays,
  paysUpTo,
  talking,
  totals,
  untilAsked,
} from './trouble.ts';

let house: House;

beforeAll(async () => {
  // The payment service thinks longer than a card process needs to be back.
  house = await House.open({ sandboxSlowMs: 5000 });
});
afterAll(() => house?.close());
afterEach(() => house.clear());

test('killed while the customer keys: failed, nothing was asked, and the same order is paid afterwards', {
  timeout: PAYMENT_MS,
}, async () => {
  const talk = await talking(house);
  const before = await totals(house);
  const order = house.order();
  await paysUpTo(talk, order, CARDS.approved, 'card-number');
  await talk.phone.keys(CARDS.approved.slice(0, 6));
  await kill(cardPid(house));
  expect(await talk.agent.outcome(15_000)).toMatchObject({ outcome: 'failed', reason: 'card-process-ended' });
  await hearEachOther(talk);
  expect(await totals(house)).toEqual(before);
  await pays(talk, order, CARDS.approved);
  expect((await talk.agent.outcome(30_000)).outcome).toBe('approved');
  await expectBooks(house, before, order.amountMinor);
});

test('killed while the payment service thinks: unknown, then approved, charged once', {
  timeout: PAYMENT_MS,
}, async () => {
  const talk = await talking(house);
  const { agent } = talk;
  const before = await totals(house);
  const order = house.order();
  const { id } = await paysUpTo(talk, order, CARDS.slow, 'security-code');
  await keysOn(talk.phone, CODE);
  await untilAsked(house);
  await kill(cardPid(house));
  await agent.until(({ call }) => call?.payment?.outcome === 'unknown', 10_000, 'the unknown outcome');
  await agent.until(({ call }) => call?.payment?.outcome === 'approved', 15_000, 'the settled outcome');
  expect(await agent.outcome(15_000)).toMatchObject({ id, lastFour: '0077', acknowledged: false });
  await agent.post(`/v1/payments/${id}/acknowledge`, {});
  expect(agent.call?.payment?.acknowledged).toBe(true);
  await hearEachOther(talk);
  await expectBooks(house, before, order.amountMinor);
});

test('killed while the customer hears that it is approved: the agent reads approved, charged once', {
  timeout: PAYMENT_MS,
}, async () => {
  const talk = await talking(house);
  const { agent } = talk;
  const before = await totals(house);
  const order = house.order();
  await pays(talk, order, CARDS.approved);
  await eventually(
    async () => (await totals(house)).attempts.approved > before.attempts.approved || undefined,
    'the approval',
  );
  await atStep(talk, 'result');
  expect(agent.call?.payment?.outcome).toBeNull();
  await kill(cardPid(house));
  expect(await agent.outcome(15_000)).toMatchObject({ outcome: 'approved', brand: 'visa', lastFour: '4242' });
  await hearEachOther(talk);
  await expectBooks(house, before, order.amountMinor);
});

test('killed after the outcome: it stays what it was, and they hear each other again', {
  timeout: PAYMENT_MS,
}, async () => {
  const talk = await talking(house);
  const { agent } = talk;
  const before = await totals(house);
  await pays(talk, house.order(700), CARDS.declined);
  await hasNoOtherCard(talk);
  await agent.until(({ call }) => call?.payment?.outcome === 'declined', 30_000, 'the outcome');
  const killed = performance.now();
  await kill(cardPid(house));
  expect(await agent.outcome(15_000)).toMatchObject({ outcome: 'declined', reason: 'card-refused' });
  await eventually(() => agent.heard(100).length > 0 || undefined, 'the customer to be heard again');
  await hearEachOther(talk);
  expect(performance.now() - killed).toBeLessThan(8000);
  await expectBooks(house, before, 0);
});

test('killed in a call without a payment: a gap, and they hear each other again', {
  timeout: PAYMENT_MS,
}, async () => {
  const talk = await talking(house);
  await kill(cardPid(house));
  await eventually(() => talk.agent.heard(60).length === 0 || undefined, 'the gap');
  await hearEachOther(talk);
});
