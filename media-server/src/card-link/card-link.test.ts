import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { type FromCard } from '../cde/contract.ts';
import { newId } from '../shared/ids.ts';
import { Desk, RtpPeer, TestHouse } from './test-house.ts';

let house: TestHouse;
let desk: Desk;
let phone: RtpPeer;
let sfu: RtpPeer;

beforeAll(async () => {
  house = await TestHouse.build();
});
afterAll(() => house.destroy());

beforeEach(async () => {
  desk = new Desk(house.settings);
  phone = await RtpPeer.open(0x1111);
  sfu = await RtpPeer.open(0x2222);
  await desk.link.start();
});
afterEach(async () => {
  await desk.link.stop();
  phone.close();
  sfu.close();
});

/** A leg whose phone and SFU know where to send to. */
async function openLeg(): Promise<{ leg: string; ready: Extract<FromCard, { type: 'leg-ready' }> }> {
  const leg = newId();
  desk.openLeg(leg, phone, sfu);
  const ready = await desk.message('leg-ready', (message) => message.leg === leg);
  phone.to(ready.rtpPort);
  sfu.to(ready.sfuPort);
  return { leg, ready };
}

const carries = (byte: number) => (packet: Buffer) => packet.length === 172 && packet[100] === byte;

test('sound passes both ways while the gate is open, and none while it is shut', async () => {
  const { leg, ready } = await openLeg();
  for (let i = 0; i < 5; i++) phone.sound(0x11);
  await sfu.heard(carries(0x11));
  expect(sfu.got[0]?.readUInt32BE(8)).toBe(ready.ssrc);
  for (let i = 0; i < 5; i++) sfu.sound(0x22);
  await phone.heard(carries(0x22));

  desk.link.send({ type: 'wall', leg, want: 'shut' });
  const shut = await desk.message('wall', ({ state }) => state === 'shut');
  for (let i = 0; i < 5; i++) phone.sound(0x33);
  for (let i = 0; i < 5; i++) sfu.sound(0x44);
  desk.link.send({ type: 'wall', leg, want: 'open' });
  const open = await desk.message('wall', ({ state }) => state === 'open');
  expect(open.counts.toSfu).toBe(shut.counts.toSfu);
  phone.sound(0x55);
  await sfu.heard(carries(0x55));
  expect(sfu.got.some(carries(0x33))).toBe(false);
  expect(phone.got.some(carries(0x44))).toBe(false);
});

test('a customer pays: the wall shuts first, the outcome comes before it opens, and no digit leaves', async () => {
  const { leg } = await openLeg();
  const { payment } = desk.openPayment(leg);
  const shut = await desk.message('wall', (wall) => wall.payment === payment);
  expect(shut.state).toBe('shut');
  phone.sound(0x66);
  desk.link.send({ type: 'wall', leg, want: 'open' });
  expect(await desk.message('refused')).toMatchObject({ command: 'wall', why: 'in-payment' });

  desk.link.send({ type: 'payment-begin', payment });
  await pay(payment, leg);
  const outcome = await desk.message('outcome');
  expect(outcome).toEqual({
    ...{ type: 'outcome', payment, outcome: 'approved', reason: 'none', brand: 'visa', lastFour: '4242' },
    receipt: expect.any(String),
  });
  const open = await desk.message('wall', ({ state }) => state === 'open');
  expect(open.payment).toBe(payment);
  expect(open.counts.toSfu).toBe(shut.counts.toSfu);
  expect(desk.heard.indexOf(outcome)).toBeLessThan(desk.heard.indexOf(open));
  phone.sound(0x77);
  await sfu.heard(carries(0x77));
  expect(sfu.got.some(carries(0x66))).toBe(false);

  const steps = desk.heard.flatMap((message) => (message.type === 'progress' ? [message.step] : []));
  expect([...new Set(steps)]).toEqual([
    'confirmation',
    'card-number',
    'expiry',
    'security-code',
    'processing',
    'result',
  ]);
  expect(JSON.stringify(desk.heard)).not.toContain('424242');
  expect(house.log()).not.toMatch(/424242|1230/);
});

test('a customer who keys *0 comes back to the agent, and nothing was asked of the gateway', async () => {
  const { leg } = await openLeg();
  const { payment } = desk.openPayment(leg);
  await desk.message('wall');
  desk.link.send({ type: 'payment-begin', payment });
  await desk.step(payment, 'confirmation');
  await desk.press(phone, leg, '1*0');
  expect(await desk.message('outcome')).toEqual({
    ...{ type: 'outcome', payment, outcome: 'cancelled', reason: 'by-customer' },
  });
  await desk.message('wall', ({ state }) => state === 'open');
});

test('the agent stops a payment that was opened and not begun yet', async () => {
  const { leg } = await openLeg();
  const { payment } = desk.openPayment(leg);
  desk.link.send({ type: 'cancel', payment });
  expect(await desk.message('outcome')).toMatchObject({ payment, outcome: 'cancelled', reason: 'by-agent' });
  await desk.message('wall', ({ state }) => state === 'open');
});

test('killed while the customer keys, it is back as another instance: the leg opens on its ports, shut, and the ledger knows no charge', async () => {
  const { leg, ready } = await openLeg();
  const { payment } = desk.openPayment(leg);
  desk.link.send({ type: 'payment-begin', payment });
  await desk.step(payment, 'confirmation');
  await desk.press(phone, leg, '1');
  await desk.step(payment, 'card-number');
  await desk.press(phone, leg, '42424242');

  process.kill(house.pid(), 'SIGKILL');
  await desk.until(() => desk.ups.length === 2);
  expect(desk.downs).toBe(1);
  expect(desk.ups[1]).toMatchObject({ restarted: true });
  expect(desk.ups[1]?.instance).not.toBe(desk.ups[0]?.instance);

  phone.press('9');
  const from = desk.heard.length;
  const { rtpPort, sfuPort, ssrc } = ready;
  desk.link.send({
    type: 'leg-open',
    ...{ leg, codec: 'PCMU', bind: '127.0.0.1', ports: { rtp: rtpPort, sfu: sfuPort }, ssrc },
    far: {
      rtp: { ip: '127.0.0.1', port: phone.port },
      ...{ payloadType: 0, ptime: 20, wantsSound: true, keysIn: [{ payloadType: 101, rate: 8000 }] },
    },
    sfu: { address: { ip: '127.0.0.1', port: sfu.port }, payloadType: 0 },
    wall: 'shut',
  });
  expect(await desk.message('leg-ready', () => true, from)).toEqual(ready);
  const before = sfu.got.length;
  for (let i = 0; i < 5; i++) phone.sound(0x99);
  desk.link.send({ type: 'payments' });
  await desk.message('payments-end', () => true, from);
  const state = desk.heard.find((message) => message.type === 'payment-state' && message.payment === payment);
  if (state) expect(state).toMatchObject({ outcome: 'failed', reason: 'card-process-ended' });
  desk.link.send({ type: 'wall', leg, want: 'open' });
  await desk.message('wall', ({ state }) => state === 'open', from);
  expect(sfu.got.slice(before).some(carries(0x99))).toBe(false);
  phone.sound(0xaa);
  await sfu.heard(carries(0xaa), before);
});

/** Keys a whole payment, each key when the one before was heard. */
async function pay(payment: string, leg: string, number = '4242424242424242'): Promise<void> {
  await desk.step(payment, 'confirmation');
  await desk.press(phone, leg, '1');
  await desk.step(payment, 'card-number');
  await desk.press(phone, leg, `${number}#`);
  await desk.step(payment, 'expiry');
  await desk.press(phone, leg, '1230');
  await desk.step(payment, 'security-code');
  await desk.press(phone, leg, '123');
}
