import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { TestClock } from '../../shared/clock.ts';
import { newId } from '../../shared/ids.ts';
import { silentLogger } from '../../shared/logger.ts';
import type { MoneyCommand, PaymentResult } from '../contract.ts';
import type { Answer } from '../gateways/gateway.ts';
import { keyFileText, newKey } from '../vault/key-file.ts';
import { Fingerprints } from './fingerprint.ts';
import { GatewayBook } from './gateway-book.ts';
import { Ledger } from './ledger.ts';
import { type Card, type PaymentMeta, Payments } from './payments.ts';
import { FakeGateway } from './testing/fake-gateway.ts';

const RULES = { lookupDelaysMs: [1000, 2000], reverseAfterMs: 600_000, absentAgainAfterMs: 1500 };
const APPROVED: Answer = { is: 'approved', receipt: 'TAB', transaction: 'txn-a' };
const DECLINED: Answer = { is: 'declined', reason: 'funds' };
const MERCHANT = 'a'.repeat(26);

let folder: string;
let gateway: FakeGateway;
let book: GatewayBook;
let clock: TestClock;
let payments: Payments;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'purposes-'));
  gateway = new FakeGateway();
  clock = new TestClock();
  await life();
});
afterEach(async () => {
  await payments.close();
  rmSync(folder, { recursive: true });
});

async function life(standard: FakeGateway | 'none' = gateway): Promise<void> {
  book = new GatewayBook(standard === 'none' ? undefined : standard);
  payments = new Payments({
    ledger: await Ledger.open(join(folder, 'ledger')),
    gateways: book,
    clock,
    rules: RULES,
    timeoutMs: 1000,
    logger: silentLogger,
    fingerprints: Fingerprints.open(join(folder, 'keys')),
  });
  await payments.start();
}

function meta(purpose: PaymentMeta['purpose'], change: Partial<PaymentMeta> = {}): PaymentMeta {
  const moves = purpose !== 'card-update' && purpose !== 'verify';
  const order = { reference: 'A-1', amountMinor: moves ? 1200 : 0, currency: 'JPY' } as const;
  return { payment: newId(), merchant: MERCHANT, purpose, order, member: 'member-a', ...change };
}

function card(): Card {
  return {
    number: Buffer.from(Array.from('4242424242424242', Number)),
    expiry: Buffer.from([1, 2, 3, 0]),
    securityCode: Buffer.from([1, 2, 3]),
    brand: 'visa',
  };
}

/** Pays in full: opened, asked, told where approved. */
async function pay(purpose: PaymentMeta['purpose'], answer: Answer, change: Partial<PaymentMeta> = {}) {
  const order = meta(purpose, change);
  gateway.answers = [() => answer];
  expect(await payments.open(order)).toEqual({ ok: true, value: undefined });
  const asked = purpose === 'stored-charge' ? payments.chargeStored(order) : payments.authorize(order, card());
  const result = await asked;
  if (result.outcome === 'approved') expect(await payments.told(order.payment, 'approved')).toBe(true);
  return { order, result };
}

function money(of: string, action: MoneyCommand['action'], amountMinor?: number): MoneyCommand {
  const command = { type: 'money', payment: newId(), merchant: MERCHANT, of, action } as const;
  return amountMinor === undefined ? command : { ...command, amountMinor };
}

async function act(of: string, action: MoneyCommand['action'], amountMinor?: number, answer: Answer = APPROVED) {
  gateway.answers = [() => answer];
  const done = await payments.money(money(of, action, amountMinor));
  return done.ok ? done.value.outcome : done.error;
}

function settled(): Promise<[string, PaymentResult]> {
  return new Promise((resolve) => {
    const end = payments.onSettled((payment, result) => {
      end();
      resolve([payment, result]);
    });
  });
}

async function whileTimePasses<T>(promise: Promise<T>): Promise<T> {
  let over = false;
  const end = () => {
    over = true;
  };
  promise.then(end, end);
  // By real time, not by turns: on a busy machine the ledger's thread gets few of them.
  const until = performance.now() + 19_000;
  while (!over && performance.now() < until) {
    clock.advance(100);
    await new Promise((resolve) => setImmediate(resolve));
  }
  return promise;
}

function attempts(): Record<string, unknown>[] {
  const db = new DatabaseSync(join(folder, 'ledger', 'ledger.sqlite'), { readOnly: true });
  const rows = db.prepare('SELECT * FROM attempts ORDER BY rowid').all();
  db.close();
  return rows;
}

test('a declined card is followed by another of the same payment, as often as it may, and money moves once', async () => {
  const order = meta('charge', { cards: 3 });
  gateway.answers = [() => DECLINED, () => DECLINED, () => APPROVED];
  await payments.open(order);
  expect((await payments.authorize(order, card())).outcome).toBe('declined');
  // Between two cards the order is taken, and nobody hears of the first one's end.
  expect(await payments.open(meta('charge'))).toEqual({ ok: false, error: 'attempt-alive' });
  expect(await payments.list()).toEqual([]);
  expect((await payments.authorize(order, card())).outcome).toBe('declined');
  expect((await payments.authorize(order, card())).outcome).toBe('approved');
  await expect(payments.authorize(order, card())).rejects.toThrow('is not open');
  expect(new Set(gateway.asked).size).toBe(3);
});

test('after the last card that may be tried the payment is declined, and its order free', async () => {
  const order = meta('charge', { cards: 2 });
  gateway.answers = [() => DECLINED, () => DECLINED];
  await payments.open(order);
  await payments.authorize(order, card());
  await payments.authorize(order, card());
  await expect(payments.authorize(order, card())).rejects.toThrow('is not open');
  expect((await payments.open(meta('charge'))).ok).toBe(true);
});

test('a customer who hangs up between two cards ends the payment as the dialogue says', async () => {
  const order = meta('charge', { cards: 2 });
  gateway.answers = [() => DECLINED];
  await payments.open(order);
  await payments.authorize(order, card());
  await payments.ended(order.payment, { outcome: 'cancelled', reason: 'customer-hung-up' });
  expect((await payments.state(order.payment))?.result).toEqual({ outcome: 'cancelled', reason: 'customer-hung-up' });
  expect((await payments.open(meta('charge'))).ok).toBe(true);
});

test('a process that dies between two cards leaves the decline, and the order free', async () => {
  const order = meta('charge', { cards: 2 });
  gateway.answers = [() => DECLINED];
  await payments.open(order);
  await payments.authorize(order, card());
  await payments.close();
  await life();
  expect((await payments.state(order.payment))?.result).toEqual({ outcome: 'declined', reason: 'funds' });
  expect((await payments.open(meta('charge'))).ok).toBe(true);
});

test('in two steps the transaction is durable before the card is sent, and the card names it', async () => {
  await payments.close();
  gateway = new FakeGateway('two', true);
  await life();
  gateway.prepared = [() => ({ is: 'prepared', transaction: 'txn-made' })];
  let seen: unknown;
  const order = meta('charge');
  gateway.answers = [
    () => {
      seen = attempts()[0];
      return APPROVED;
    },
  ];
  await payments.open(order);
  await payments.authorize(order, card());
  expect(gateway.asked.map((asked) => asked.split(' ')[0])).toEqual(['prepare', 'authorize']);
  expect(seen).toMatchObject({ phase: 'sent', gateway_transaction: 'txn-made' });
  expect(gateway.requests[1]).toMatchObject({ transaction: 'txn-made' });
});

test.each([
  [{ is: 'no-answer' }, { outcome: 'failed', reason: 'gateway-unreachable' }],
  [
    { is: 'failed', reason: 'gateway-settings' },
    { outcome: 'failed', reason: 'gateway-settings' },
  ],
] as const)('a first step that comes to %o sends no card', async (prepared, result) => {
  await payments.close();
  gateway = new FakeGateway('two', true);
  await life();
  gateway.prepared = [() => prepared];
  expect((await pay('charge', APPROVED)).result).toEqual(result);
  expect(gateway.cardSeen).toBe('');
});

test('a hold that nobody was told of is released, by its transaction', async () => {
  const order = meta('authorize');
  gateway.answers = [() => APPROVED];
  gateway.reversals = ['reversed'];
  await payments.open(order);
  await payments.authorize(order, card());
  expect(await whileTimePasses(settled())).toEqual([order.payment, { outcome: 'failed', reason: 'no-answer' }]);
  expect(gateway.requests[1]).toMatchObject({ purpose: 'authorize', transaction: 'txn-a' });
});

test('a stored card is never taken back, told or not', async () => {
  const order = meta('card-update');
  gateway.answers = [() => ({ ...APPROVED, storedCard: 'card-a' })];
  await payments.open(order);
  await payments.authorize(order, card());
  clock.advance(RULES.reverseAfterMs * 2);
  expect(gateway.asked.map((asked) => asked.split(' ')[0])).toEqual(['authorize']);
  expect(await payments.told(order.payment, 'approved')).toBe(true);
  expect(await payments.list()).toEqual([]);
});

test('a card-update whose answer is lost is looked up by its last four digits', async () => {
  const order = meta('card-update');
  gateway.found = [{ is: 'approved', storedCard: 'card-a' }];
  await payments.open(order);
  const end = settled();
  expect((await payments.authorize(order, card())).outcome).toBe('unknown');
  expect((await whileTimePasses(end))[1]).toMatchObject({ outcome: 'approved', lastFour: '4242' });
  expect(gateway.requests[1]).toMatchObject({ purpose: 'card-update', member: 'member-a', lastFour: '4242' });
});

test("a stored charge uses the gateway's name of the member's card; a member without one is told so", async () => {
  expect((await pay('stored-charge', APPROVED)).result).toEqual({ outcome: 'failed', reason: 'no-such-card' });
  await pay('card-update', { ...APPROVED, storedCard: 'card-a' });
  await pay('card-update', { ...APPROVED, storedCard: 'card-b' });
  expect(gateway.requests.at(-1)).toMatchObject({ storedCard: 'card-a' });
  const { result } = await pay('stored-charge', APPROVED);
  expect(result).toMatchObject({ outcome: 'approved', brand: 'visa', lastFour: '4242' });
  expect(gateway.requests.at(-1)).toMatchObject({ purpose: 'stored-charge', storedCard: 'card-b', member: 'member-a' });
  expect(await payments.open(meta('stored-charge', { member: undefined }))).toEqual({
    ok: false,
    error: 'member-missing',
  });
});

test('ways to take the same money keep each other out; what takes none does not', async () => {
  gateway.answers = [() => ({ is: 'unknown' })];
  const order = meta('charge');
  await payments.open(order);
  await payments.authorize(order, card());
  for (const purpose of ['authorize', 'stored-charge'] as const) {
    expect(await payments.open(meta(purpose))).toEqual({ ok: false, error: 'attempt-alive' });
  }
  expect((await payments.open(meta('card-update'))).ok).toBe(true);
});

test('a verification asks nobody, and its success is told', async () => {
  const order = meta('verify');
  await payments.open(order);
  await payments.ended(order.payment, { outcome: 'approved', reason: 'none' });
  expect(await payments.told(order.payment, 'approved')).toBe(true);
  expect(await payments.list()).toEqual([]);
  expect(gateway.asked).toEqual([]);
});

test('a charge is refunded in parts, never above what was taken', async () => {
  const { order } = await pay('charge', APPROVED);
  expect(await act(order.payment, 'refund', 700)).toBe('approved');
  expect(gateway.requests.at(-1)).toMatchObject({
    purpose: 'refund',
    of: { transaction: 'txn-a', amountMinor: 1200 },
    order: { amountMinor: 700 },
  });
  expect(await act(order.payment, 'refund', 501)).toBe('amount-unfit');
  expect(await act(order.payment, 'void')).toBe('not-possible');
  expect(await act(order.payment, 'refund')).toBe('approved');
  expect(gateway.requests.at(-1)).toMatchObject({ order: { amountMinor: 500 } });
  expect(await act(order.payment, 'refund', 1)).toBe('already-settled');
  // Nothing of the order's money is there any more: it may be paid anew.
  expect((await payments.open(meta('charge'))).ok).toBe(true);
});

test('a refund that was declined or surely not carried out leaves the money to be refunded', async () => {
  const { order } = await pay('charge', APPROVED);
  expect(await act(order.payment, 'refund', undefined, DECLINED)).toBe('declined');
  expect(await act(order.payment, 'refund', undefined, { is: 'failed', reason: 'gateway-unreachable' })).toBe('failed');
  expect(await act(order.payment, 'refund')).toBe('approved');
});

test('beside a refund that is not known no other action of that payment is taken, after a restart too', async () => {
  const { order } = await pay('charge', APPROVED);
  expect(await act(order.payment, 'refund', 600, { is: 'unknown' })).toBe('unknown');
  expect(await act(order.payment, 'refund', 600)).toBe('attempt-alive');
  await payments.close();
  gateway.found = [{ is: 'approved' }];
  const before = gateway.asked.length;
  await life();
  expect((await whileTimePasses(settled()))[1].outcome).toBe('approved');
  expect(gateway.asked.slice(before).map((asked) => asked.split(' ')[0])).toEqual(['look-up']);
  expect(await act(order.payment, 'refund', 601)).toBe('amount-unfit');
  expect(await act(order.payment, 'refund', 600)).toBe('approved');
});

test('two refunds at once: one is asked for', async () => {
  const { order } = await pay('charge', APPROVED);
  gateway.answers = [() => APPROVED, () => APPROVED];
  const both = await Promise.all([
    payments.money(money(order.payment, 'refund')),
    payments.money(money(order.payment, 'refund')),
  ]);
  expect(both.map((done) => (done.ok ? done.value.outcome : done.error)).toSorted()).toEqual([
    'approved',
    'attempt-alive',
  ]);
});

test('the same command again, at once or after a restart, asks nobody and says the same', async () => {
  const { order } = await pay('charge', APPROVED);
  const command = money(order.payment, 'refund', 100);
  gateway.answers = [() => APPROVED];
  const [first, second] = await Promise.all([payments.money(command), payments.money(command)]);
  expect(second).toEqual(first);
  await payments.close();
  await life();
  expect(await payments.money(command)).toMatchObject({ ok: true, value: { outcome: 'approved' } });
  expect(gateway.asked.filter((asked) => asked.startsWith('refund'))).toHaveLength(1);
  expect(await payments.money({ ...command, action: 'void' })).toEqual({ ok: false, error: 'already-settled' });
});

test('a hold is captured or released, once; what was captured can be refunded', async () => {
  const { order } = await pay('authorize', APPROVED);
  expect(await act(order.payment, 'refund')).toBe('not-possible');
  expect(await act(order.payment, 'capture', 1201)).toBe('amount-unfit');
  // This gateway captures the whole only.
  expect(await act(order.payment, 'capture', 1199)).toBe('amount-unfit');
  expect(await act(order.payment, 'capture')).toBe('approved');
  expect(await act(order.payment, 'capture')).toBe('already-settled');
  expect(await act(order.payment, 'void')).toBe('not-possible');
  expect(await act(order.payment, 'refund')).toBe('approved');
});

test('a void ends it: nothing more is done with that money', async () => {
  const { order } = await pay('authorize', APPROVED);
  expect(await act(order.payment, 'void')).toBe('approved');
  for (const action of ['capture', 'void', 'refund'] as const)
    expect(await act(order.payment, action)).toBe('already-settled');
});

test('actions on what is not there, not told, not approved or not the merchant’s are refused before anything is asked', async () => {
  const { order: declined } = await pay('charge', DECLINED);
  expect(await act(declined.payment, 'refund')).toBe('not-possible');
  expect(await act(newId(), 'refund')).toBe('no-such-payment');
  const order = meta('charge');
  gateway.answers = [() => APPROVED];
  await payments.open(order);
  await payments.authorize(order, card());
  expect(await act(order.payment, 'refund')).toBe('attempt-alive');
  await payments.told(order.payment, 'approved');
  const command = money(order.payment, 'refund');
  expect(await payments.money({ ...command, merchant: 'b'.repeat(26) })).toEqual({
    ok: false,
    error: 'no-such-payment',
  });
  expect(gateway.asked.filter((asked) => asked.startsWith('refund'))).toEqual([]);
});

test('each merchant has its own gateway, and the standard one else', async () => {
  const own = new FakeGateway('own');
  const merchant = 'b'.repeat(26);
  book.set(merchant, own);
  own.answers = [() => APPROVED];
  const order = meta('charge', { merchant });
  await payments.open(order);
  await payments.authorize(order, card());
  expect(own.asked).toHaveLength(1);
  expect(gateway.asked).toEqual([]);
  await payments.close();
  await life('none');
  expect(await payments.open(meta('charge'))).toEqual({ ok: false, error: 'no-such-gateway' });
  expect(payments.abilitiesOf(MERCHANT)).toBeUndefined();
});

test("what went to a gateway that isn't set up any more is on the operator's list until it is set up again", async () => {
  const order = meta('charge');
  await payments.open(order);
  await payments.authorize(order, card());
  await payments.close();
  await life(new FakeGateway('other'));
  const listed = async () => {
    const list = await payments.manualList();
    return list.ok ? list.value.attempts : [];
  };
  while ((await listed()).length === 0);
  expect(await listed()).toMatchObject([
    { payment: order.payment, gateway: 'fake', why: 'no-gateway', reversing: false },
  ]);
  gateway.found = [APPROVED];
  const end = settled();
  book.set(MERCHANT, gateway);
  expect((await whileTimePasses(end))[1].outcome).toBe('approved');
  expect(await listed()).toEqual([]);
});

/** A payment that no look-up settled. */
async function stuck() {
  const order = meta('charge');
  await payments.open(order);
  await payments.authorize(order, card());
  await whileTimePasses(
    (async () => {
      for (;;) {
        const list = await payments.manualList();
        if (list.ok && list.value.attempts.length > 0) return;
        await new Promise((resolve) => setImmediate(resolve));
      }
    })(),
  );
  return order;
}

test.each([
  ['approved', 'approved'],
  ['not-executed', 'failed'],
  ['reversed', 'failed'],
] as const)('an operator who saw %s in the books settles it so, for good', async (as, outcome) => {
  const order = await stuck();
  expect(await payments.open(meta('charge'))).toEqual({ ok: false, error: 'attempt-alive' });
  const end = settled();
  expect(await payments.manualResolve(order.payment, as)).toMatchObject({ ok: true, value: { outcome } });
  expect(await end).toMatchObject([order.payment, { outcome }]);
  expect(await payments.manualResolve(order.payment, 'reversed')).toEqual({ ok: false, error: 'no-such-payment' });
  await payments.close();
  await life();
  expect((await payments.state(order.payment))?.result.outcome).toBe(outcome);
});

test('an operator can have it looked up once more; unanswered it is theirs again', async () => {
  const order = await stuck();
  const before = gateway.asked.length;
  expect(await payments.manualResolve(order.payment, 'look-up')).toMatchObject({ value: { outcome: 'unknown' } });
  await stuckAgain();
  expect(gateway.asked.slice(before).map((asked) => asked.split(' ')[0])).toEqual(['look-up']);
});

async function stuckAgain(): Promise<void> {
  for (;;) {
    const list = await payments.manualList();
    if (list.ok && list.value.attempts.length > 0) return;
    clock.advance(100);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test('money that was asked back can only be settled as given back', async () => {
  const order = meta('charge');
  gateway.answers = [() => APPROVED];
  await payments.open(order);
  await payments.authorize(order, card());
  clock.advance(RULES.reverseAfterMs);
  await stuckAgain();
  for (const as of ['approved', 'not-executed'] as const) {
    expect(await payments.manualResolve(order.payment, as)).toEqual({ ok: false, error: 'not-possible' });
  }
  expect(await payments.manualResolve(order.payment, 'reversed')).toMatchObject({ value: { outcome: 'failed' } });
});

test('an approval is kept with a keyed fingerprint, a decline with nothing of the card', async () => {
  await pay('charge', DECLINED);
  await pay('charge', APPROVED);
  await pay('card-update', { ...APPROVED, storedCard: 'card-a' });
  const [declined, approved, stored] = attempts();
  expect(declined).toMatchObject({ fingerprint: null, last_four: null, brand: null });
  expect(approved?.['fingerprint']).toMatch(/^[a-z]{8}\.[A-Za-z0-9_-]{43}$/);
  expect(stored?.['fingerprint']).toBe(approved?.['fingerprint']);
});

test('a fingerprint is the merchant’s own; after a rotation the old key compares, and a key that is gone says nothing', () => {
  const number = card().number;
  const file = join(folder, 'rotated');
  const [old, fresh] = [newKey(), newKey()];
  const keep = (...keys: (typeof old)[]) => writeFileSync(file, keyFileText({ keys }), { mode: 0o600 });
  keep(old);
  const prints = Fingerprints.open(file);
  const before = prints.of(MERCHANT, number);
  expect(prints.of('b'.repeat(26), number)).not.toBe(before);
  keep(fresh, old);
  prints.reload();
  expect(prints.of(MERCHANT, number).split('.')[0]).toBe(fresh.id);
  expect(prints.matches(MERCHANT, number, before)).toBe(true);
  number[0] = 5;
  expect(prints.matches(MERCHANT, number, before)).toBe(false);
  keep(fresh);
  prints.reload();
  expect(prints.matches(MERCHANT, number, before)).toBeUndefined();
  // A file that doesn't fit, or that others may read, changes nothing.
  writeFileSync(file, '{"keys":[{"id":"news","key":"c2hvcnQ="}]}', { mode: 0o600 });
  expect(() => prints.reload()).toThrow(/card\.fingerprintKeyFile: .* doesn't fit at keys\.0\.key/);
  keep(newKey());
  chmodSync(file, 0o644);
  expect(() => prints.reload()).toThrow(/chmod 600/);
  expect(prints.of(MERCHANT, number).split('.')[0]).toBe(fresh.id);
});
