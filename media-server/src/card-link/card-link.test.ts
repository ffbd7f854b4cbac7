import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { type FromCard } from '../cde/contract.ts';
import { takeLock } from '../cde/lock.ts';
import { systemClock } from '../shared/clock.ts';
import { newId } from '../shared/ids.ts';
import { settingsFile } from './launch.ts';
import { Session } from './session.ts';
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

  desk.send({ type: 'wall', leg, want: 'shut' });
  const shut = await desk.message('wall', ({ state }) => state === 'shut');
  for (let i = 0; i < 5; i++) sfu.sound(0x44);
  for (let i = 0; i < 5; i++) phone.sound(0x33);
  await desk.keptIn(leg, 5);
  desk.send({ type: 'wall', leg, want: 'open' });
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
  desk.send({ type: 'wall', leg, want: 'open' });
  expect(await desk.message('refused')).toMatchObject({ command: 'wall', why: 'in-payment' });

  desk.send({ type: 'payment-begin', payment });
  await desk.pay(phone, leg, payment);
  const outcome = await desk.message('outcome');
  expect(outcome).toEqual({
    type: 'outcome',
    wiped: 7,
    payment,
    outcome: 'approved',
    reason: 'none',
    brand: 'visa',
    lastFour: '4242',
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
  expect(house.log()).not.toContain('424242');
});

test('a customer who keys *0 comes back to the agent, and nothing was asked of the gateway', async () => {
  const { leg } = await openLeg();
  const { payment } = desk.openPayment(leg);
  await desk.message('wall');
  desk.send({ type: 'payment-begin', payment });
  await desk.step(payment, 'confirmation');
  await desk.press(phone, leg, '1*0');
  expect(await desk.message('outcome')).toEqual({
    type: 'outcome',
    wiped: 2,
    payment,
    outcome: 'cancelled',
    reason: 'by-customer',
  });
  await desk.message('wall', ({ state }) => state === 'open');
});

test('the agent stops a payment that was opened and not begun yet', async () => {
  const { leg } = await openLeg();
  const { payment } = desk.openPayment(leg);
  desk.send({ type: 'cancel', payment });
  expect(await desk.message('outcome')).toMatchObject({ payment, outcome: 'cancelled', reason: 'by-agent' });
  await desk.message('wall', ({ state }) => state === 'open');
});

test('killed while the customer keys, it is back as another instance: the leg opens on its ports, shut, and the ledger knows no charge', async () => {
  const { leg, ready } = await openLeg();
  const { payment } = desk.openPayment(leg);
  desk.send({ type: 'payment-begin', payment });
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
  desk.openLeg(leg, phone, sfu, { wall: 'shut', ports: { rtp: rtpPort, sfu: sfuPort }, ssrc });
  expect(await desk.message('leg-ready', () => true, from)).toEqual(ready);
  desk.send({ type: 'payments' });
  expect(await desk.message('payment-state', (state) => state.payment === payment, from)).toMatchObject({
    outcome: 'failed',
    reason: 'card-process-ended',
  });
  await desk.message('payments-end', () => true, from);
  const before = sfu.got.length;
  for (let i = 0; i < 5; i++) phone.sound(0x99);
  await desk.keptIn(leg, 5);
  desk.send({ type: 'wall', leg, want: 'open' });
  await desk.message('wall', ({ state }) => state === 'open', from);
  expect(sfu.got.slice(before).some(carries(0x99))).toBe(false);
  phone.sound(0xaa);
  await sfu.heard(carries(0xaa), before);
});

test('killed while the gateway is asked, it looks the payment up and tells what became of it', async () => {
  const { leg } = await openLeg();
  const { payment } = desk.openPayment(leg);
  desk.send({ type: 'payment-begin', payment });
  // This card’s money moves and its answer never comes.
  await desk.pay(phone, leg, payment, { number: '4000000000000341#', code: '123' });
  await desk.step(payment, 'processing');
  process.kill(house.pid(), 'SIGKILL');
  await desk.until(() => desk.ups.length === 2);
  const from = desk.heard.length;
  desk.send({ type: 'payments' });
  const state = await desk.message('payment-state', (of) => of.payment === payment, from);
  // Whether its request had left is a matter of microseconds; either way the ledger knows it, and settles it.
  const known = state.outcome === 'unknown' ? await desk.message('settled', (of) => of.payment === payment) : state;
  expect(['approved', 'failed']).toContain(known.outcome);
});

test('two customers pay at once, each on a thread of its own, and each gets the own result', async () => {
  const other = { phone: await RtpPeer.open(0x3333), sfu: await RtpPeer.open(0x4444) };
  const { leg } = await openLeg();
  const otherLeg = newId();
  desk.openLeg(otherLeg, other.phone, other.sfu);
  other.phone.to((await desk.message('leg-ready', (message) => message.leg === otherLeg)).rtpPort);
  const first = desk.openPayment(leg).payment;
  const second = desk.openPayment(otherLeg).payment;
  for (const payment of [first, second]) desk.send({ type: 'payment-begin', payment });
  await Promise.all([
    desk.pay(phone, leg, first),
    // Declined by its issuer.
    desk.pay(other.phone, otherLeg, second, { number: '4000000000000002#', code: '123' }),
  ]);
  expect(await desk.message('outcome', ({ payment }) => payment === first)).toMatchObject({ outcome: 'approved' });
  expect(await desk.message('outcome', ({ payment }) => payment === second)).toMatchObject({
    outcome: 'declined',
    reason: 'card-refused',
  });
  other.phone.close();
  other.sfu.close();
});

test('the server dies in a payment: the customer goes on keying, the payment is carried out, told and kept for the next server', async () => {
  await desk.link.stop();
  const first = new Desk(house.settings);
  await first.startBare(house.settings);
  desk = first;
  const { leg, ready } = await openLeg();
  const { payment } = desk.openPayment(leg);
  desk.send({ type: 'payment-begin', payment });
  await desk.step(payment, 'confirmation');
  await desk.press(phone, leg, '1');
  first.die();

  desk = new Desk(house.settings);
  await desk.link.start();
  expect(desk.ups[0]?.instance).toBe(first.ups[0]?.instance);
  await desk.press(phone, leg, '4242424242424242#');
  await desk.step(payment, 'expiry');
  await desk.press(phone, leg, '1230');
  await desk.step(payment, 'security-code');
  await desk.press(phone, leg, '123');
  expect(await desk.message('outcome')).toMatchObject({ payment, outcome: 'approved', lastFour: '4242' });
  // The dead server's leg is gone with its payment, and never was open again: its ports are free.
  const again = newId();
  const open = async (): Promise<FromCard> => {
    const from = desk.heard.length;
    desk.openLeg(again, phone, sfu, { ports: { rtp: ready.rtpPort, sfu: ready.sfuPort } });
    await desk.until(() => desk.heard.slice(from).some((message) => 'leg' in message && message.leg === again));
    return desk.heard.slice(from).find((message) => 'leg' in message && message.leg === again) as FromCard;
  };
  let answer = await open();
  while (answer.type === 'refused') answer = await open();
  expect(answer).toMatchObject({ type: 'leg-ready', rtpPort: ready.rtpPort });
  expect(desk.heard.filter((message) => message.type === 'wall' && message.state === 'open')).toEqual([]);
});

test('a server that stops leaves a running payment to the card process, and ends the card process where none runs', async () => {
  const { leg } = await openLeg();
  const { payment } = desk.openPayment(leg);
  desk.send({ type: 'payment-begin', payment });
  await desk.step(payment, 'confirmation');
  const { instance } = desk.ups[0] ?? {};
  await desk.link.stop();
  expect(desk.link.up).toBe(false);
  expect(takeLock(house.settings.socket)).toBeUndefined();

  desk = new Desk(house.settings);
  await desk.link.start();
  expect(desk.ups[0]?.instance).toBe(instance);
  desk.send({ type: 'cancel', payment });
  expect(await desk.message('outcome')).toMatchObject({ payment, outcome: 'cancelled' });
  await desk.link.stop();
  await lockIsFree();
});

test('a server that wants the gate shut in a payment finds it shut after it', async () => {
  const { leg } = await openLeg();
  const { payment } = desk.openPayment(leg);
  await desk.message('wall');
  desk.send({ type: 'wall', leg, want: 'shut' });
  desk.send({ type: 'cancel', payment });
  const from = desk.heard.indexOf(await desk.message('outcome'));
  await desk.keptIn(leg, 0);
  expect(desk.heard.some((message) => message.type === 'wall' && message.state === 'open')).toBe(false);
  desk.send({ type: 'wall', leg, want: 'open' });
  await desk.message('wall', ({ state }) => state === 'open', from);
});

test('the terminal’s signals and a debugger’s don’t reach it', async () => {
  for (const signal of ['SIGINT', 'SIGHUP', 'SIGUSR1'] as const) process.kill(house.pid(), signal);
  await openLeg();
  expect(desk.downs).toBe(0);
  expect(house.log()).not.toContain('Debugger listening');
});

const FILTER = (pid: number) => `/proc/${pid}/coredump_filter`;
test.runIf(existsSync(FILTER(process.pid)))(
  'nothing of its memory can be in a core dump, however the system takes them',
  () => {
    expect(Number(readFileSync(FILTER(house.pid()), 'utf8'))).toBe(0);
    expect(readFileSync(`/proc/${house.pid()}/limits`, 'utf8')).toMatch(/^Max core file size +0 +0 /m);
  },
);

test('on SIGTERM it takes nothing new, finishes the payment that runs, and ends with its server', async () => {
  await desk.link.stop();
  desk = new Desk(house.settings);
  await desk.startBare(house.settings);
  const { leg } = await openLeg();
  const { payment } = desk.openPayment(leg);
  desk.send({ type: 'payment-begin', payment });
  await desk.step(payment, 'confirmation');
  process.kill(house.pid(), 'SIGTERM');
  const refused = async () => {
    const other = newId();
    const from = desk.heard.length;
    desk.openLeg(other, phone, sfu);
    await desk.until(() => desk.heard.slice(from).some((message) => 'leg' in message && message.leg === other));
    return desk.heard.slice(from).some((message) => message.type === 'refused' && message.why === 'draining');
  };
  while (!(await refused()));
  await desk.pay(phone, leg, payment);
  expect(await desk.message('outcome')).toMatchObject({ payment, outcome: 'approved' });
  desk.die();
  await lockIsFree();
});

test('one that can’t start is given up with the place where it says why', async () => {
  await desk.link.stop();
  const { gateway } = house.settings;
  const settings = { ...house.settings, gateway: { ...gateway, caFile: '/dev/null/ca.pem' } as typeof gateway };
  desk = new Desk(settings);
  await expect(desk.link.start()).rejects.toThrow(`its log ${settings.logFile} says why`);
  expect(house.log()).toMatch(/tonegate-card: can’t start: .*\/dev\/null/);
});

test('a command that isn’t in the contract is its caller’s bug, named without its values', () => {
  const send = () => desk.send({ type: 'send-key', leg: newId(), key: '42' });
  expect(send).toThrow("the command send-key isn't in the contract: see key");
});

test('a second card process for the same socket refuses to start', async () => {
  const entry = fileURLToPath(new URL('../cde/main.ts', import.meta.url));
  const second = spawn(process.execPath, [entry, settingsFile(house.settings)], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: {},
  });
  const said = second.stderr.setEncoding('utf8').toArray();
  const [code] = await once(second, 'exit');
  expect(code).toBe(75);
  expect((await said).join('')).toContain(`another card process runs for ${house.settings.socket}`);
});

test('a card process doesn’t start under a debugger or with foreign options', async () => {
  const entry = fileURLToPath(new URL('../cde/main.ts', import.meta.url));
  const file = settingsFile(house.settings);
  for (const [args, env] of [
    [['--inspect=0'], {}],
    [[], { NODE_OPTIONS: '--no-warnings' }],
  ] as const) {
    const child = spawn(process.execPath, [...args, entry, file], { stdio: 'ignore', env: { ...env } });
    expect((await once(child, 'exit'))[0]).toBe(77);
  }
});

test('a second server is refused, and the first one keeps its card process', async () => {
  const opened = await Session.open(house.settings.socket, systemClock);
  const second = opened.ok ? opened.value : undefined;
  expect(second?.greeting).toEqual({ kind: 'busy' });
  second?.close('left');
  await openLeg();
});

test('a server with other settings waits until the old card process has ended, and starts its own', async () => {
  await desk.link.stop();
  const first = new Desk(house.settings);
  await first.startBare(house.settings);
  first.die();
  desk = new Desk({ ...house.settings, logLevel: 'debug' });
  await desk.link.start();
  expect(desk.ups[0]?.instance).not.toBe(first.ups[0]?.instance);
  await openLeg();
});

test('a customer who hangs up while the gateway is asked has paid all the same, and the agent is told', async () => {
  const { leg } = await openLeg();
  const { payment } = desk.openPayment(leg);
  desk.send({ type: 'payment-begin', payment });
  // This card’s money moves and its answer never comes: it is looked up after the time-out.
  await desk.pay(phone, leg, payment, { number: '4000000000000341#', code: '123' });
  await desk.step(payment, 'processing');
  desk.send({ type: 'leg-close', leg });
  expect(await desk.message('outcome')).toEqual({
    type: 'outcome',
    payment,
    outcome: 'unknown',
    reason: 'no-answer',
    wiped: 7,
  });
  expect(await desk.message('settled')).toMatchObject({ payment, outcome: 'approved', lastFour: '0341' });
});

test('a sound is played to its end, and nothing of the server’s is played in a payment', async () => {
  const { leg } = await openLeg();
  const play = { type: 'play', leg, sound: 'please-wait', loop: false, language: 'ja' } as const;
  desk.send(play);
  const heard = phone.got.length;
  expect(await desk.message('played')).toMatchObject({ leg, sound: 'please-wait' });
  expect(phone.got.length).toBeGreaterThan(heard);
  const { payment } = desk.openPayment(leg);
  desk.send(play);
  desk.send({ type: 'send-key', leg, key: '1' });
  expect(await desk.message('refused', ({ command }) => command === 'play')).toMatchObject({ why: 'in-payment' });
  expect(await desk.message('refused', ({ command }) => command === 'send-key')).toMatchObject({ why: 'in-payment' });
  desk.send({ type: 'cancel', payment });
  await desk.message('outcome');
});

/** Waits until no card process holds the lock; the test's time limit is the only clock. */
async function lockIsFree(): Promise<void> {
  let release = takeLock(house.settings.socket);
  while (!release) {
    await new Promise((resolve) => setImmediate(resolve));
    release = takeLock(house.settings.socket);
  }
  release();
}
