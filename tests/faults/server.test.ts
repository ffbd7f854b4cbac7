// The media-server dies or is asked to end in the middle of a payment: the card process finishes it, and a server started
// again knows what became of it.
import { once } from 'node:events';
import type { Payment } from '@tonegate/api-schema';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { CARDS, CODE, EXPIRY, House } from '../house/house.ts';
import {
  atStep,
  calls,
  cardPid,
  eventually,
  expectBooks,
  goodCall,
  keysOn,
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

/** The payment as the API tells it to its agent, who signs in now. */
async function asStored(id: string, name: 'hanako' | 'taro' = 'hanako'): Promise<Payment> {
  const agent = await house.agent(name);
  return (await agent.request('GET', `/v1/payments/${id}`)) as Payment;
}

async function killServer({ phone }: Talk): Promise<void> {
  const { pid } = house.stack.server;
  await kill(pid ?? 0);
  // Nobody says goodbye to the phone: its sound still reaches the card process.
  expect(phone.up).toBe(true);
}

test('killed while the payment service thinks: the customer is told, and the next server knows', {
  timeout: PAYMENT_MS,
}, async () => {
  const talk = await talking(house);
  const before = await totals(house);
  const order = house.order();
  const card = cardPid(house);
  const { id } = await pays(talk, order, CARDS.slow);
  await untilAsked(house);
  await killServer(talk);
  await talk.phone.hearsVoice();
  await house.stack.startServer();
  expect(cardPid(house)).toBe(card);
  const payment = await eventually(async () => {
    const stored = await asStored(id);
    await house.clear();
    return stored.outcome === null ? undefined : stored;
  }, 'the outcome in the books');
  expect(payment).toMatchObject({ outcome: 'approved', brand: 'visa', lastFour: '0077', state: 'ended' });
  await expectBooks(house, before, order.amountMinor);
  await goodCall(house, CARDS.approved);
});

test('killed while the customer keys: who keys on has paid, and the next server knows', {
  timeout: PAYMENT_MS,
}, async () => {
  const talk = await talking(house);
  const before = await totals(house);
  const order = house.order();
  const { id } = await paysUpTo(talk, order, CARDS.approved, 'expiry');
  await killServer(talk);
  await house.stack.startServer();
  expect(await asStored(id)).toMatchObject({ outcome: null, state: 'running' });
  await keysOn(talk.phone, EXPIRY + CODE);
  const payment = await eventually(async () => {
    const stored = await asStored(id);
    await house.clearAgents();
    return stored.outcome === null ? undefined : stored;
  }, 'the outcome in the books');
  expect(payment).toMatchObject({ outcome: 'approved', lastFour: '4242' });
  await expectBooks(house, before, order.amountMinor);
});

test('killed together with the card process: unknown to nobody for long, and the order is free again', {
  timeout: PAYMENT_MS,
}, async () => {
  const talk = await talking(house);
  const before = await totals(house);
  const [asked, keyed] = [house.order(), house.order()];
  const { id } = await pays(talk, asked, CARDS.nothing);
  await atStep(talk, 'processing');
  const other = await talking(house, 'taro');
  const second = await paysUpTo(other, keyed, CARDS.approved, 'expiry');
  const card = cardPid(house);
  await killServer(talk);
  await kill(card);
  await house.stack.startServer();
  expect(await asStored(second.id, 'taro')).toMatchObject({ outcome: 'failed', reason: 'card-process-ended' });
  // Looked up twice, and the payment service never had it.
  const settled = await eventually(async () => {
    const stored = await asStored(id);
    await house.clearAgents();
    return stored.outcome === 'failed' ? stored : undefined;
  }, 'the settled outcome');
  expect(settled.brand).toBeNull();
  await house.clear();
  const again = await talking(house);
  await pays(again, asked, CARDS.approved);
  expect((await again.agent.outcome(30_000)).outcome).toBe('approved');
  await expectBooks(house, before, asked.amountMinor);
});

test('killed over an unknown outcome: the next server finds out, and its acknowledgement keeps the money', {
  timeout: PAYMENT_MS,
}, async () => {
  const talk = await talking(house);
  const before = await totals(house);
  const order = house.order();
  const { id } = await pays(talk, order, CARDS.lateApproval);
  await atStep(talk, 'processing');
  await killServer(talk);
  await house.clear();
  await house.stack.startServer();
  const later = await talking(house);
  await eventually(async () => {
    const stored = (await later.agent.request('GET', `/v1/payments/${id}`)) as Payment;
    return stored.outcome === 'approved' || undefined;
  }, 'the settled outcome');
  // Until somebody was told it may be given back: no second try stands beside it.
  await expect(later.agent.startPayment(order)).rejects.toThrow('409 attempt-alive');
  expect(await later.agent.post(`/v1/payments/${id}/acknowledge`, {})).toMatchObject({ acknowledged: true });
  expect(await later.agent.request('GET', `/v1/payments/${id}`)).toMatchObject({ acknowledged: true });
  await expectBooks(house, before, order.amountMinor);
});

test('SIGTERM: the running payment finishes, new calls and payments are refused, then it ends by itself', {
  timeout: PAYMENT_MS,
}, async () => {
  const taro = await talking(house, 'taro');
  const talk = await talking(house);
  const before = await totals(house);
  const order = house.order();
  const { id } = await paysUpTo(talk, order, CARDS.approved, 'expiry');
  const { server } = house.stack;
  const ended = once(server, 'exit');
  server.kill('SIGTERM');
  await talk.agent.until(({ said }) => said.some(({ type }) => type === 'draining'), 5000, 'the drain');
  await expect(calls(house, talk.agent)).rejects.toThrow('refused with 503');
  await expect(taro.agent.startPayment(house.order())).rejects.toThrow('draining');
  await keysOn(talk.phone, EXPIRY + CODE);
  expect((await talk.agent.outcome(30_000)).outcome).toBe('approved');
  talk.phone.hangUp();
  expect(server.exitCode).toBeNull();
  taro.phone.hangUp();
  expect(await ended).toEqual([0, null]);
  await house.clear();
  await house.stack.startServer();
  expect(await asStored(id)).toMatchObject({ outcome: 'approved', receipt: expect.any(String) });
  await expectBooks(house, before, order.amountMinor);
});
