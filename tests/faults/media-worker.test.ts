// mediasoup's workers die: the calls on them end in order, payments come to their true end, the next call works.
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { setTimeout as wait } from 'node:timers/promises';
import { CARDS, House } from '../house/house.ts';
import {
  childrenOf,
  eventually,
  expectBooks,
  goodCall,
  kill,
  PAYMENT_MS,
  pays,
  paysUpTo,
  type Talk,
  talking,
  totals,
  untilAsked,
} from './trouble.ts';

let house: House;

beforeAll(async () => {
  house = await House.open();
});
afterAll(() => house?.close());
afterEach(() => house.clear());

const workers = () => childrenOf(house.stack.server.pid ?? 0, 'mediasoup-worker');

async function killWorkers(): Promise<number[]> {
  const before = workers();
  expect(before.length).toBeGreaterThan(0);
  for (const pid of before) await kill(pid);
  return before;
}

async function replaced(before: readonly number[]): Promise<void> {
  await eventually(() => {
    const now = workers();
    return now.length === before.length && now.every((pid) => !before.includes(pid)) ? true : undefined;
  }, 'every worker to be replaced');
}

/** The call ends at both ends, and nothing of the customer's reaches the agent from then on. */
async function endsForBoth({ agent, phone }: Talk): Promise<void> {
  await Promise.all([
    phone.untilEnded(5000),
    agent.until(({ call }) => call?.state === 'ended', 5000, 'the end of the call'),
  ]);
  expect(phone.end).toBe('bye');
  expect(agent.call?.end).toBe('lost');
  const { received } = agent.counts;
  await wait(500);
  expect(agent.counts.received).toBe(received);
}

test('killed in a call: it ends for both, the workers are replaced, the next call works', {
  timeout: PAYMENT_MS,
}, async () => {
  const talk = await talking(house);
  const before = await killWorkers();
  await endsForBoth(talk);
  await replaced(before);
  await house.clear();
  await goodCall(house, CARDS.approved);
});

test('killed while the customer keys: the payment is over, nothing was asked', { timeout: PAYMENT_MS }, async () => {
  const talk = await talking(house);
  const before = await totals(house);
  await paysUpTo(talk, house.order(), CARDS.approved, 'card-number');
  await talk.phone.keys(CARDS.approved.slice(0, 6));
  const killed = await killWorkers();
  await endsForBoth(talk);
  await talk.agent.until(({ call }) => call?.payment?.outcome === 'cancelled', 5000, 'the outcome');
  expect(talk.agent.call?.payment?.reason).toBe('customer-hung-up');
  expect(await totals(house)).toEqual(before);
  await replaced(killed);
  await house.clear();
  await goodCall(house, CARDS.approved);
});

test('killed while the payment service thinks: the agent reads what became of it', {
  timeout: PAYMENT_MS,
}, async () => {
  const talk = await talking(house);
  const before = await totals(house);
  const order = house.order();
  const { id } = await pays(talk, order, CARDS.slow);
  await untilAsked(house);
  await killWorkers();
  await endsForBoth(talk);
  await talk.agent.until(({ call }) => call?.payment?.outcome === 'approved', 10_000, 'the outcome');
  expect(talk.agent.call?.payment).toMatchObject({ id, lastFour: '0077' });
  await talk.agent.post(`/v1/payments/${id}/acknowledge`, {});
  await expectBooks(house, before, order.amountMinor);
});
