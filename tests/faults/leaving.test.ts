// One of the two leaves in the middle of a payment: it comes to its true end, and whoever is still there is told.
import type { Payment } from '@tonegate/api-schema';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { AGENT_HZ, CARDS, CODE, CUSTOMER_HZ, EXPIRY, House } from '../house/house.ts';
import {
  eventually,
  expectBooks,
  goodCall,
  hearEachOther,
  keysOn,
  PAYMENT_MS,
  pays,
  paysUpTo,
  talking,
  totals,
  untilAsked,
} from './trouble.ts';

let house: House;

beforeAll(async () => {
  house = await House.open({
    settings: { calls: { awaitAgentSeconds: 2, queueSeconds: 4 }, card: { reverseAfterSeconds: 4 } },
  });
});
afterAll(() => house?.close());
afterEach(() => house.clear());

test('the customer hangs up while the payment service thinks: the agent reads the outcome, and it stands', {
  timeout: PAYMENT_MS,
}, async () => {
  const { agent, phone } = await talking(house);
  const before = await totals(house);
  const order = house.order();
  const { id } = await pays({ house, agent, phone }, order, CARDS.slow);
  await untilAsked(house);
  phone.hangUp();
  await agent.until(({ call }) => call?.payment?.outcome === 'approved', 10_000, 'the outcome');
  expect(agent.call).toMatchObject({ state: 'ended', end: 'customer-hung-up' });
  await agent.post(`/v1/payments/${id}/acknowledge`, {});
  await expectBooks(house, before, order.amountMinor);
});

test('both are gone before anybody was told: the money is given back, and the books say so', {
  timeout: PAYMENT_MS,
}, async () => {
  const { agent, phone } = await talking(house);
  const before = await totals(house);
  const order = house.order();
  const { id } = await pays({ house, agent, phone }, order, CARDS.slow);
  await untilAsked(house);
  phone.hangUp();
  await agent.until(({ call }) => call?.payment?.outcome === 'approved', 10_000, 'the outcome');
  await house.clear();
  const later = await house.agent();
  await eventually(async () => {
    const payment = (await later.request('GET', `/v1/payments/${id}`)) as Payment;
    return payment.outcome === 'failed' ? payment : undefined;
  }, 'the money to be given back');
  await expectBooks(house, before, 0);
});

test('the agent’s window dies and stays away: the customer pays on, is told, and another agent gets the call', {
  timeout: PAYMENT_MS,
}, async () => {
  const talk = await talking(house);
  const { phone } = talk;
  const before = await totals(house);
  const order = house.order();
  const { id } = await paysUpTo(talk, order, CARDS.approved, 'expiry');
  talk.agent.vanish();
  const taro = await house.agent('taro');
  await taro.ready();
  await keysOn(phone, EXPIRY + CODE);
  await phone.hearsVoice();
  await taro.until(({ call }) => call?.state === 'talking', 30_000, 'the call');
  await Promise.all([taro.hears(CUSTOMER_HZ), phone.hears(AGENT_HZ)]);
  expect(taro.call?.payment).toMatchObject({ id, outcome: 'approved' });
  await expectBooks(house, before, order.amountMinor);
});

test('the agent’s window dies and nobody else is there: the customer pays, is told so, and the call ends in words', {
  timeout: PAYMENT_MS,
}, async () => {
  const talk = await talking(house);
  const before = await totals(house);
  const order = house.order();
  const { id } = await paysUpTo(talk, order, CARDS.approved, 'security-code');
  talk.agent.vanish();
  await keysOn(talk.phone, CODE);
  await talk.phone.untilEnded(40_000);
  expect(talk.phone.end).toBe('bye');
  const later = await house.agent();
  expect(await later.request('GET', `/v1/payments/${id}`)).toMatchObject({ outcome: 'approved' });
  await expectBooks(house, before, order.amountMinor);
});

test('the agent’s window is back in time: the call is theirs again', { timeout: PAYMENT_MS }, async () => {
  const talk = await talking(house);
  const order = house.order();
  await paysUpTo(talk, order, CARDS.approved, 'security-code');
  talk.agent.vanish();
  const agent = await house.agent();
  await keysOn(talk.phone, CODE);
  expect(await agent.outcome(30_000)).toMatchObject({ outcome: 'approved', order });
  await hearEachOther({ ...talk, agent });
});

test('the agent’s phone hangs up: the customer pays on, is told, and the call ends', {
  timeout: PAYMENT_MS,
}, async () => {
  const talk = await talking(house);
  const before = await totals(house);
  const order = house.order();
  await expect(talk.agent.hangUp()).resolves.toBeDefined();
  await talk.phone.untilEnded(5000);
  await house.clear();
  const again = await talking(house);
  const { id } = await paysUpTo(again, order, CARDS.approved, 'security-code');
  await expect(again.agent.hangUp()).rejects.toThrow('409 already-in-payment');
  await again.agent.bye();
  await keysOn(again.phone, CODE);
  await again.phone.hearsVoice();
  await again.phone.untilEnded(30_000);
  expect(await again.agent.request('GET', `/v1/payments/${id}`)).toMatchObject({ outcome: 'approved' });
  await expectBooks(house, before, order.amountMinor);
  await house.clear();
  await goodCall(house, CARDS.approved);
});
