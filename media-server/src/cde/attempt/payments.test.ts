import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Writable } from 'node:stream';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { TestClock } from '../../shared/clock.ts';
import { newId } from '../../shared/ids.ts';
import { createLogger, silentLogger } from '../../shared/logger.ts';
import type { PaymentResult } from '../contract.ts';
import type { Answer } from '../gateways/gateway.ts';
import { GatewayBook } from './gateway-book.ts';
import { Ledger } from './ledger.ts';
import { type Card, type PaymentMeta, Payments } from './payments.ts';
import { FakeGateway } from './testing/fake-gateway.ts';

const RULES = { lookupDelaysMs: [1000, 2000], reverseAfterMs: 600_000, absentAgainAfterMs: 1500 };
const APPROVED: Answer = { is: 'approved', receipt: 'TAB' };

let folder: string;
let gateway: FakeGateway;
let clock: TestClock;
let payments: Payments;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'payments-'));
  gateway = new FakeGateway();
  clock = new TestClock();
  payments = await life();
});
afterEach(async () => {
  await payments.close();
  rmSync(folder, { recursive: true });
});

async function life(logger = silentLogger): Promise<Payments> {
  const ledger = await Ledger.open(folder);
  return new Payments({ ledger, gateways: new GatewayBook(gateway), clock, rules: RULES, timeoutMs: 1000, logger });
}

function meta(reference = 'A-1'): PaymentMeta {
  return {
    payment: newId(),
    merchant: 'a'.repeat(26),
    purpose: 'charge',
    order: {
      reference,
      amountMinor: 1200,
      currency: 'JPY',
    },
  };
}

function card(): Card {
  return {
    number: Buffer.from(Array.from('4242424242424242', Number)),
    expiry: Buffer.from([1, 2, 3, 0]),
    securityCode: Buffer.from([1, 2, 3]),
    brand: 'visa',
  };
}

function isWiped(used: Card): boolean {
  return [used.number, used.expiry, used.securityCode].every((field) => field.every((byte) => byte === 0));
}

function nextSettled(): Promise<[string, PaymentResult]> {
  return new Promise((resolve) => {
    const end = payments.onSettled((payment, result) => {
      end();
      resolve([payment, result]);
    });
  });
}

/** Moves time whenever the driver waits, until the promise is settled. */
async function whileTimePasses<T>(promise: Promise<T>): Promise<T> {
  let settled = false;
  const end = () => {
    settled = true;
  };
  promise.then(end, end);
  // By real time, not by turns: on a busy machine the ledger's thread gets few of them.
  const until = performance.now() + 19_000;
  while (!settled && performance.now() < until) {
    clock.advance(100);
    await new Promise((resolve) => setImmediate(resolve));
  }
  return promise;
}

async function authorized(order = meta(), used = card()) {
  expect((await payments.open(order)).ok).toBe(true);
  return { order, used, result: await payments.authorize(order, used) };
}

test('an approval comes with brand, last four digits and receipt, and the card is wiped', async () => {
  gateway.answers = [() => APPROVED];
  const { order, used, result } = await authorized();
  expect(result).toEqual({ outcome: 'approved', reason: 'none', brand: 'visa', lastFour: '4242', receipt: 'TAB' });
  expect(gateway.cardSeen).toBe('4242424242424242');
  expect(isWiped(used)).toBe(true);
  expect(await payments.list()).toEqual([{ payment: order.payment, told: false, result }]);
  expect(await payments.told(order.payment, 'approved')).toBe(true);
  expect(await payments.list()).toEqual([]);
});

test('an approved order is taken until somebody was told, and not charged again for a day; another order is', async () => {
  gateway.answers = [() => APPROVED];
  const { order } = await authorized();
  expect(await payments.open(meta())).toEqual({ ok: false, error: 'attempt-alive' });
  await payments.told(order.payment);
  expect(await payments.open(meta())).toEqual({ ok: false, error: 'already-paid' });
  expect((await payments.open(meta('A-1 again'))).ok).toBe(true);
  clock.advance(86_400_000);
  expect((await payments.open(meta())).ok).toBe(true);
});

test('a declined order can be paid again at once', async () => {
  gateway.answers = [() => ({ is: 'declined', reason: 'funds' }), () => APPROVED];
  expect((await authorized()).result).toEqual({ outcome: 'declined', reason: 'funds' });
  expect((await authorized()).result.outcome).toBe('approved');
});

test('while a result is unknown the order is taken; the look-up settles it', async () => {
  gateway.found = [{ is: 'no-answer' }, { is: 'approved', receipt: 'TCD', brand: 'jcb', lastFour: '0000' }];
  const settled = nextSettled();
  const { order, result } = await authorized();
  expect(result).toEqual({ outcome: 'unknown', reason: 'no-answer' });
  expect(await payments.open(meta())).toEqual({ ok: false, error: 'attempt-alive' });
  const [payment, later] = await whileTimePasses(settled);
  expect(payment).toBe(order.payment);
  expect(later).toEqual({ outcome: 'approved', reason: 'none', receipt: 'TCD', brand: 'jcb', lastFour: '0000' });
});

test('an acknowledged "unknown" is no acknowledged approval', async () => {
  gateway.found = [{ is: 'no-answer' }, { is: 'approved' }];
  const settled = nextSettled();
  const { order } = await authorized();
  expect(await payments.told(order.payment, 'unknown')).toBe(true);
  await whileTimePasses(settled);
  expect(await payments.told(order.payment, 'unknown')).toBe(false);
  expect(await payments.list()).toMatchObject([{ told: false, result: { outcome: 'approved' } }]);
});

test('what nobody was told of is given back, and cannot be told any more', async () => {
  gateway.answers = [() => APPROVED];
  gateway.reversals = ['reversed'];
  const settled = nextSettled();
  const { order } = await authorized();
  expect(await whileTimePasses(settled)).toEqual([order.payment, { outcome: 'failed', reason: 'no-answer' }]);
  expect(gateway.asked.map((asked) => asked.split(' ')[0])).toEqual(['authorize', 'reverse']);
  expect(await payments.told(order.payment, 'approved')).toBe(false);
});

test('a wall clock that jumps gives nothing back early', async () => {
  gateway.answers = [() => APPROVED];
  const { order } = await authorized();
  clock.now = () => Date.UTC(2030, 0, 1);
  clock.advance(RULES.reverseAfterMs - 1);
  expect(await payments.told(order.payment)).toBe(true);
});

test('a new life takes up what the last one left: looked up, never asked again', async () => {
  let answer = (_: Answer) => {};
  gateway.answers = [() => new Promise<Answer>((resolve) => (answer = resolve))];
  const order = meta();
  await payments.open(order);
  const used = card();
  const pending = payments.authorize(order, used);
  // The first life is stuck in its request; the ledger is left as a dead process leaves it.
  while (gateway.asked.length === 0) await new Promise((resolve) => setImmediate(resolve));
  const db = new DatabaseSync(join(folder, 'ledger.sqlite'));
  expect(db.prepare('SELECT phase FROM attempts').get()).toEqual({ phase: 'sent' });
  db.close();
  expect(isWiped(used)).toBe(true);
  const old = payments;
  answer({ is: 'unknown' });
  await pending;
  await old.close();

  gateway.found = [{ is: 'absent' }, { is: 'absent' }, { is: 'absent' }];
  payments = await life();
  const settled = nextSettled();
  await payments.start();
  expect(await payments.open(meta())).toEqual({ ok: false, error: 'attempt-alive' });
  expect(await whileTimePasses(settled)).toEqual([order.payment, { outcome: 'failed', reason: 'no-answer' }]);
  expect(gateway.asked.filter((asked) => asked.startsWith('authorize'))).toHaveLength(1);
  expect((await payments.open(meta())).ok).toBe(true);
});

test('a payment that died in its dialogue is failed after a restart, and its order free', async () => {
  const order = meta();
  await payments.open(order);
  await payments.close();
  payments = await life();
  await payments.start();
  const result = { outcome: 'failed', reason: 'card-process-ended' };
  expect(await payments.list()).toEqual([{ payment: order.payment, told: false, result }]);
  expect((await payments.open(meta())).ok).toBe(true);
});

test('a ledger that cannot write the intent stops the payment before anything is asked', async () => {
  const order = meta();
  await payments.open(order);
  const blocker = new DatabaseSync(join(folder, 'ledger.sqlite'));
  blocker.exec('BEGIN IMMEDIATE');
  const used = card();
  expect(await payments.authorize(order, used)).toEqual({ outcome: 'failed', reason: 'ledger-unavailable' });
  expect(gateway.asked).toEqual([]);
  expect(isWiped(used)).toBe(true);
  blocker.exec('ROLLBACK');
  blocker.close();
});

test('a result that cannot be written is not told: unknown, until it is written', async () => {
  const blocker = new DatabaseSync(join(folder, 'ledger.sqlite'));
  gateway.answers = [
    () => {
      blocker.exec('BEGIN IMMEDIATE');
      return APPROVED;
    },
  ];
  const settled = nextSettled();
  const { order, result } = await authorized();
  expect(result).toEqual({ outcome: 'unknown', reason: 'no-answer' });
  blocker.exec('ROLLBACK');
  blocker.close();
  const [payment, later] = await whileTimePasses(settled);
  expect([payment, later.outcome]).toEqual([order.payment, 'approved']);
});

test('an adapter that throws leaves the result unknown, not the money lost, and what its error quotes is not logged', async () => {
  let logged = '';
  const lines = new Writable({ write: (chunk, _encoding, done) => done(void (logged += chunk)) });
  await payments.close();
  payments = await life(createLogger('trace', lines));
  gateway.answers = [
    () => {
      throw new Error('bug near 42424242');
    },
  ];
  const { used, result } = await authorized();
  expect(result.outcome).toBe('unknown');
  expect(isWiped(used)).toBe(true);
  expect(logged).toContain('the gateway adapter threw');
  expect(logged).not.toContain('4242');
});

test('a payment that is not open is a bug, and its card is wiped all the same', async () => {
  const used = card();
  await expect(payments.authorize(meta(), used)).rejects.toThrow('is not open');
  expect(isWiped(used)).toBe(true);
});

test('payments that end without an attempt are in the ledger too', async () => {
  const order = meta();
  await payments.open(order);
  await payments.ended(order.payment, { outcome: 'cancelled', reason: 'by-customer' });
  expect(await payments.state(order.payment)).toEqual({
    payment: order.payment,
    told: false,
    result: {
      outcome: 'cancelled',
      reason: 'by-customer',
    },
  });
  expect(await payments.told(order.payment, 'approved')).toBe(false);
  expect(await payments.told(order.payment)).toBe(true);
  expect(await payments.list()).toEqual([]);
  expect((await payments.open(meta())).ok).toBe(true);
});

test('twenty at once are twenty attempts, each answered for itself', async () => {
  const orders = Array.from({ length: 20 }, (_, index) => meta(`A ${index}`));
  gateway.answers = orders.map((_, index) => () => (index % 2 ? APPROVED : { is: 'declined', reason: 'limit' }));
  const results = await Promise.all(orders.map(async (order) => (await authorized(order)).result.outcome));
  expect(results.filter((outcome) => outcome === 'approved')).toHaveLength(10);
  expect(new Set(gateway.asked).size).toBe(20);
});

test('after close nothing is opened', async () => {
  await payments.close();
  expect(await payments.open(meta())).toEqual({ ok: false, error: 'draining' });
});
