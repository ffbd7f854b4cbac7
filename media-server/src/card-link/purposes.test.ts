import { createHmac, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type PaymentOpen } from '../cde/contract.ts';
import { newId } from '../shared/ids.ts';
import { Desk, RtpPeer, TestHouse } from './test-house.ts';

const DECLINED = { number: '4000000000000002', code: '123' };
const GOOD = { number: '5555555555554444', code: '456' };
const ULAW_SILENCE = 0xff;
const NO_MONEY = { reference: 'A-1042', amountMinor: 0, currency: 'JPY' } as const;

let house: TestHouse;
let desk: Desk;
let phone: RtpPeer;
let sfu: RtpPeer;
let leg: string;

beforeAll(async () => {
  house = await TestHouse.build();
  desk = new Desk(house.settings);
  await desk.link.start();
  phone = await RtpPeer.open(0x1111);
  sfu = await RtpPeer.open(0x2222);
  leg = newId();
  desk.openLeg(leg, phone, sfu);
  phone.to((await desk.message('leg-ready')).rtpPort);
});
afterAll(async () => {
  await desk.link.stop();
  phone.close();
  sfu.close();
  await house.destroy();
});

/** A payment whose guide speaks. */
async function begin(over: Partial<PaymentOpen>): Promise<PaymentOpen> {
  const open = desk.openPayment(leg, over);
  await desk.message('wall', (wall) => wall.payment === open.payment && wall.state === 'shut');
  desk.send({ type: 'payment-begin', payment: open.payment });
  return open;
}

/** How it ended, once the customer is back with the agent. */
async function ended(payment: string) {
  const {
    type,
    payment: of,
    wiped,
    ...result
  } = await desk.message('outcome', (outcome) => outcome.payment === payment);
  await desk.message('wall', (wall) => wall.payment === payment && wall.state === 'open');
  expect([type, of]).toEqual(['outcome', payment]);
  expect(wiped).toBeGreaterThan(0);
  return result;
}

test('a customer whose card is declined pays with another one, without the agent', async () => {
  const { payment } = await begin({ cards: 2 });
  await desk.pay(phone, leg, payment, DECLINED);
  await desk.message('progress', (of) => of.payment === payment && of.step === 'card-number' && of.declined === 1);
  await desk.keyCard(phone, leg, payment, GOOD);
  expect(await ended(payment)).toMatchObject({ outcome: 'approved', brand: 'mastercard', lastFour: '4444' });
});

test('a customer who has no other card ends with the decline, and the ledger says so', async () => {
  const { payment, order, merchant } = await begin({ cards: 3 });
  await desk.pay(phone, leg, payment, DECLINED);
  await desk.message('progress', (of) => of.payment === payment && of.declined === 1);
  await desk.press(phone, leg, '*0');
  expect(await ended(payment)).toEqual({ outcome: 'declined', reason: 'card-refused' });
  desk.send({ type: 'payments', of: [payment] });
  expect(await desk.message('payment-state', (state) => state.payment === payment)).toMatchObject({
    outcome: 'declined',
    reason: 'card-refused',
  });
  // Its order is free for another payment.
  const again = await begin({ merchant, order });
  await desk.pay(phone, leg, again.payment, GOOD);
  expect(await ended(again.payment)).toMatchObject({ outcome: 'approved' });
});

test('a person is verified by the code of a message', async () => {
  const { payment } = await begin({ purpose: 'verify', order: NO_MONEY });
  await desk.message('code-wanted', (wanted) => wanted.payment === payment && !wanted.again);
  const salt = randomBytes(16);
  const digest = createHmac('sha256', salt).update('012345').digest('hex');
  desk.send({ type: 'code-digest', payment, salt: salt.toString('hex'), digest, validMs: 300_000 });
  await desk.step(payment, 'one-time-code');
  await desk.press(phone, leg, '012345');
  expect(await ended(payment)).toEqual({ outcome: 'approved', reason: 'none' });
  desk.send({ type: 'told', payment, outcome: 'approved' });
});

test('a card is stored for a member, charged without being keyed, and the money given back', async () => {
  const merchant = newId();
  const stored = await begin({ purpose: 'card-update', member: 'M-1', merchant, order: NO_MONEY });
  await desk.keyCard(phone, leg, stored.payment, GOOD);
  expect(await ended(stored.payment)).toMatchObject({ outcome: 'approved', lastFour: '4444' });

  const charged = await begin({ purpose: 'stored-charge', member: 'M-1', merchant });
  await desk.step(charged.payment, 'confirmation');
  await desk.press(phone, leg, '1');
  expect(await ended(charged.payment)).toMatchObject({ outcome: 'approved' });

  const refund = newId();
  desk.send({ type: 'money', payment: refund, merchant, of: charged.payment, action: 'refund' });
  expect(await desk.message('outcome', ({ payment }) => payment === refund)).toMatchObject({ outcome: 'approved' });
});

test('no key test is made in a payment; before it, it tells by which way the key came', async () => {
  const before = phone.got.length;
  desk.send({ type: 'key-test', leg, language: 'ja' });
  await phone.heard((packet) => packet.subarray(12).some((byte) => byte !== ULAW_SILENCE), before);
  phone.press('1');
  expect(await desk.message('key-tested')).toEqual({
    type: 'key-tested',
    leg,
    heard: 'right',
    event: true,
    tone: false,
  });
  const { payment } = await begin({});
  desk.send({ type: 'key-test', leg, language: 'ja' });
  expect(await desk.message('refused', ({ command }) => command === 'key-test')).toMatchObject({ why: 'in-payment' });
  desk.send({ type: 'cancel', payment });
  expect(await ended(payment)).toEqual({ outcome: 'cancelled', reason: 'by-agent' });
});
