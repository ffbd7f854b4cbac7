import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { DatabaseSync } from 'node:sqlite';
import { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { TestClock } from '../../shared/clock.ts';
import { devCa } from '../../shared/dev-ca.ts';
import { newId } from '../../shared/ids.ts';
import { createLogger, silentLogger } from '../../shared/logger.ts';
import { err } from '../../shared/result.ts';
import type { Answer, AttemptName, CardDigits, Found, Reversal } from '../gateways/gateway.ts';
import type { CardSettings } from '../settings.ts';
import { GatewayBook } from './gateway-book.ts';
import { Ledger } from './ledger.ts';
import { type PaymentMeta, Payments } from './payments.ts';
import { FakeGateway } from './testing/fake-gateway.ts';
import { type PaidUntilRefused, payUntilRefused } from './testing/pay-until-refused.ts';

const isRoot = process.getuid?.() === 0;
const RULES = { lookupDelaysMs: [100, 100, 2000], reverseAfterMs: 600_000, absentAgainAfterMs: 1000 };

/** A gateway with books: what was sent is approved, and given back when that is asked for. */
class BookedGateway extends FakeGateway {
  readonly books = new Map<string, 'approved' | 'reversed'>();

  override async authorize(request: AttemptName, card: CardDigits, timeoutMs: number, released: () => void) {
    this.books.set(request.reference, 'approved');
    this.answers = [(): Answer => ({ is: 'approved', receipt: 'TAB' })];
    return super.authorize(request, card, timeoutMs, released);
  }
  override async lookUp({ reference }: AttemptName): Promise<Found> {
    return { is: this.books.get(reference) ?? 'absent' };
  }
  override async reverse({ reference }: AttemptName): Promise<Reversal> {
    this.books.set(reference, 'reversed');
    return 'reversed';
  }
}

let folder: string;
let clock: TestClock;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'disk-'));
  clock = new TestClock();
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A ledger whose writes fail where `fails` says so, by their number and what they write, as on a full disk. */
function failing(ledger: Ledger, fails: (write: number, what: { readonly event?: string }) => boolean): Ledger {
  const writes = ['openPayment', 'intend', 'writeAttempt', 'endPayment', 'markTold'];
  let seen = 0;
  return new Proxy(ledger, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      const method = value.bind(target) as (...args: unknown[]) => unknown;
      if (!writes.includes(String(name))) return method;
      return (...args: { readonly event?: string }[]) => {
        if (!fails(seen++, args[0] ?? {})) return method(...args);
        return Promise.resolve(err({ code: 'ledger-unavailable', message: 'database or disk is full' }));
      };
    },
  });
}

function paymentsWith(ledger: Ledger, gateway: FakeGateway): Payments {
  const gateways = new GatewayBook(gateway);
  return new Payments({ ledger, gateways, rules: RULES, timeoutMs: 1000, clock, logger: silentLogger });
}

function meta(): PaymentMeta {
  const order = { reference: 'A-1', amountMinor: 1200, currency: 'JPY' } as const;
  return { payment: newId(), merchant: newId(), purpose: 'charge', order };
}

function card() {
  return {
    number: Buffer.from(Array.from('4242424242424242', Number)),
    expiry: Buffer.from([1, 2, 3, 0]),
    securityCode: Buffer.from([1, 2, 3]),
    brand: 'visa',
  } as const;
}

async function whileTimePasses<T>(promise: Promise<T>, stepMs = 50): Promise<T> {
  let over = false;
  const end = () => {
    over = true;
  };
  promise.then(end, end);
  while (!over) {
    clock.advance(stepMs);
    await new Promise((resolve) => setImmediate(resolve));
  }
  return promise;
}

/** One payment over a disk that fails, then a life on a disk that doesn't; what it comes to. */
async function payOver(disk: (ledger: Ledger) => Ledger, path: string) {
  const gateway = new BookedGateway();
  const first = paymentsWith(disk(await Ledger.open(path)), gateway);
  const order = meta();
  let told = false;
  const opened = await first.open(order);
  if (opened.ok) {
    const { outcome } = await whileTimePasses(first.authorize(order, card()), 1);
    if (outcome === 'approved') told = await first.told(order.payment, 'approved');
  }
  const asked = gateway.asked.length;
  await first.close();
  const second = paymentsWith(await Ledger.open(path), gateway);
  await second.start();
  const settled = async () => {
    for (;;) {
      const state = await second.state(order.payment);
      const open = state?.result.outcome === 'unknown' || (state?.result.outcome === 'approved' && !state.told);
      if (!open) return state?.result.outcome;
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  const outcome = await whileTimePasses(settled());
  await second.close();
  return {
    opened: opened.ok,
    outcome,
    told,
    asked,
    kept: [...gateway.books.values()].filter((is) => is === 'approved').length,
  };
}

test.each([0, 1, 2, 3, 4].flatMap((from) => [1, 2, Number.POSITIVE_INFINITY].map((count) => [from, count] as const)))(
  'a disk that is full from write %d on, for %d writes: nothing is asked before it is written, nobody told before either, the books agree',
  async (from, count) => {
    const isFull = (write: number) => write >= from && write < from + count;
    const after = await payOver((ledger) => failing(ledger, isFull), join(folder, 'ledger'));
    expect(after.opened).toBe(from > 0);
    // Writes 0 to 2 are the opening, the intent and "sent".
    expect(after.asked).toBe(from <= 2 ? 0 : 1);
    expect(after.kept).toBe(after.outcome === 'approved' ? 1 : 0);
    if (after.told) expect(after.outcome).toBe('approved');
    if (from > 4) expect(after.told).toBe(true);
  },
);

test('an approval that a screen has shown is never given back because the ledger could not write that; a prompt hears that it can’t', async () => {
  const gateway = new BookedGateway();
  let isFull = false;
  const payments = paymentsWith(
    failing(await Ledger.open(join(folder, 'ledger')), () => isFull),
    gateway,
  );
  const order = meta();
  await payments.open(order);
  expect((await whileTimePasses(payments.authorize(order, card()))).outcome).toBe('approved');
  isFull = true;
  const seen = payments.seen(order.payment, 'approved');
  // Until its write has failed once.
  for (let turns = 0; turns < 5; turns++) await new Promise((resolve) => setImmediate(resolve));
  expect(await payments.told(order.payment, 'approved')).toBe(false);
  for (let passed = 0; passed < 2 * RULES.reverseAfterMs; passed += 10_000) {
    clock.advance(10_000);
    await new Promise((resolve) => setImmediate(resolve));
  }
  isFull = false;
  await whileTimePasses(seen, 10_000);
  expect(await payments.state(order.payment)).toMatchObject({ told: true, result: { outcome: 'approved' } });
  expect([...gateway.books.values()]).toEqual(['approved']);
  await payments.close();
});

test('an absence whose answer had to wait for the disk proves nothing', async () => {
  const gateway = new FakeGateway();
  gateway.found = [{ is: 'absent' }, { is: 'absent' }, { is: 'approved' }];
  let [absences, isFull] = [0, true];
  const second = (_write: number, { event }: { readonly event?: string }) =>
    event === 'found:absent' && ++absences > 1 && isFull;
  const payments = paymentsWith(failing(await Ledger.open(join(folder, 'ledger')), second), gateway);
  const order = meta();
  await payments.open(order);
  expect((await payments.authorize(order, card())).outcome).toBe('unknown');
  // What was asked of the ledger so far is done when it answers.
  while (absences < 1) await payments.list();
  await payments.list();
  clock.advance(100);
  while (absences < 2) await payments.list();
  for (let passed = 0; passed < 10 * RULES.absentAgainAfterMs; passed += 100) {
    clock.advance(100);
    await new Promise((resolve) => setImmediate(resolve));
  }
  isFull = false;
  const known = async () => {
    for (;;) {
      const outcome = (await payments.state(order.payment))?.result.outcome;
      if (outcome !== 'unknown') return outcome;
    }
  };
  expect(await whileTimePasses(known())).toBe('approved');
  await payments.close();
});

test('a payment whose end found the disk full for an hour frees its order as soon as there is room', async () => {
  let isFull = false;
  const payments = paymentsWith(
    failing(await Ledger.open(join(folder, 'ledger')), () => isFull),
    new BookedGateway(),
  );
  const order = meta();
  await payments.open(order);
  isFull = true;
  await payments.ended(order.payment, { outcome: 'cancelled', reason: 'customer-hung-up' });
  for (let passed = 0; passed < 3_600_000; passed += 10_000) {
    clock.advance(10_000);
    await new Promise((resolve) => setImmediate(resolve));
  }
  const next = { ...order, payment: newId() };
  isFull = false;
  expect(await payments.open(next)).toEqual({ ok: false, error: 'attempt-alive' });
  clock.advance(30_000);
  expect(await payments.open({ ...next, payment: newId() })).toEqual({ ok: true, value: undefined });
  await payments.close();
});

test('a decline that the full disk made known late frees its order: its dialogue is over', async () => {
  const gateway = new FakeGateway();
  gateway.answers = [() => ({ is: 'declined', reason: 'funds' })];
  let isFull = true;
  const answer = (_write: number, { event }: { readonly event?: string }) => event === 'answer:declined' && isFull;
  const payments = paymentsWith(failing(await Ledger.open(join(folder, 'ledger')), answer), gateway);
  const order = { ...meta(), cards: 3 };
  await payments.open(order);
  expect((await payments.authorize(order, card())).outcome).toBe('unknown');
  const known = new Promise((resolve) => payments.onSettled((_payment, { outcome }) => resolve(outcome)));
  isFull = false;
  expect(await whileTimePasses(known)).toBe('declined');
  expect(await payments.open({ ...order, payment: newId() })).toEqual({ ok: true, value: undefined });
  await payments.close();
});

async function settings(): Promise<CardSettings> {
  const { caFile } = await devCa(join(folder, 'ca'), ['localhost']);
  writeFileSync(join(folder, 'key'), 'key-of-merchant');
  const gateway = { kind: 'sandbox', url: 'https://localhost', caFile, keyFile: join(folder, 'key'), timeoutMs: 1000 };
  return { ledgerFolder: join(folder, 'ledger'), gateway, ...RULES } as unknown as CardSettings;
}

/** Opens payments as the card process does; nothing of money works, and the log says why. */
async function expectRefusing(given: CardSettings, why: RegExp): Promise<void> {
  let logged = '';
  const lines = new Writable({ write: (chunk, _encoding, done) => done(void (logged += chunk)) });
  const payments = await Payments.open(given, clock, createLogger('trace', lines));
  await payments.start();
  expect(await payments.open(meta())).toEqual({ ok: false, error: 'ledger-unavailable' });
  const command = { type: 'money', payment: newId(), merchant: newId(), of: newId(), action: 'refund' } as const;
  expect(await payments.money(command)).toEqual({ ok: false, error: 'ledger-unavailable' });
  expect(await payments.list()).toEqual([]);
  // Nobody may conclude that nothing was asked.
  expect((await payments.state(newId()))?.result.outcome).toBe('unknown');
  expect(logged).toMatch(why);
  await payments.close();
}

test('a ledger that lost its end: calls go on, no money is taken, and the log says what to do', async () => {
  const given = await settings();
  const ledger = await Ledger.open(given.ledgerFolder);
  await ledger.openPayment({ ...meta(), at: 0, paidSince: 0 });
  cpSync(join(given.ledgerFolder, 'ledger.head'), join(folder, 'head'));
  await ledger.close();
  rmSync(join(given.ledgerFolder, 'ledger.sqlite'));
  await expectRefusing(given, /no money is taken: .*not whole.*npm run ledger -- accept/);
});

/** Everything that was asked for and told is in the ledger. */
async function expectWritten({ told, asked }: PaidUntilRefused, ledgerFolder: string): Promise<void> {
  const ledger = await Ledger.open(ledgerFolder);
  for (const payment of told)
    expect(await ledger.payment(payment)).toMatchObject({ value: { told: true, result: { outcome: 'approved' } } });
  await ledger.close();
  const db = new DatabaseSync(join(ledgerFolder, 'ledger.sqlite'), { readOnly: true });
  const sent = db.prepare('SELECT count(*) AS count FROM attempts WHERE sent_at IS NOT NULL').get();
  db.close();
  expect(Number(sent?.['count'])).toBeGreaterThanOrEqual(asked);
}

test('a ledger at its greatest size: the next payment is refused before money moves, and the log says why', async () => {
  const path = join(folder, 'ledger');
  let logged = '';
  const lines = new Writable({ write: (chunk, _encoding, done) => done(void (logged += chunk)) });
  const gateway = new FakeGateway();
  const parts = { gateways: new GatewayBook(gateway), rules: RULES, timeoutMs: 1000, clock };
  const ledger = await Ledger.open(path, 300_000);
  const paid = await payUntilRefused(new Payments({ ...parts, ledger, logger: createLogger('trace', lines) }), gateway);
  expect(paid.refused).toBe('ledger-unavailable');
  expect(paid.told.length).toBeGreaterThan(0);
  expect(logged).toMatch(/There is no room for the ledger .*ledger\.sqlite: .*greatest size.*No money is taken/);
  await ledger.close();
  await expectWritten(paid, path);
});

/** Runs the card process's money part as a process with limits of its own, which a shell sets. */
function runLimited(shell: string, given: CardSettings): { paid: PaidUntilRefused; log: string } {
  const child = fileURLToPath(new URL('./testing/disk-child.ts', import.meta.url));
  const args = ['-c', `${shell} "$@"`, 'sh', process.execPath, child, JSON.stringify(given)];
  const { stdout, stderr } = spawnSync('/bin/sh', args, { encoding: 'utf8' });
  return { paid: JSON.parse(stdout) as PaidUntilRefused, log: stderr };
}

test('a disk that takes no more while payments are taken (ulimit -f): nothing more is asked, and the log says why', async () => {
  const given = await settings();
  await (await Ledger.open(given.ledgerFolder)).close();
  const { paid, log } = runLimited('ulimit -f 1000; exec', given);
  expect(paid.refused).toBe('ledger-unavailable');
  expect(paid.told.length).toBeGreaterThan(0);
  expect(log).toMatch(/The ledger .*ledger\.sqlite can't be written \(.*No money is taken/);
  await expectWritten(paid, given.ledgerFolder);
});

test('a ledger that can only be read: calls go on, no money is taken, and the log says why', async () => {
  const given = await settings();
  const ledger = await Ledger.open(given.ledgerFolder);
  await ledger.openPayment({ ...meta(), at: 0, paidSince: 0 });
  await ledger.close();
  const files = readdirSync(given.ledgerFolder).map((name) => join(given.ledgerFolder, name));
  for (const file of files) chmodSync(file, 0o400);
  chmodSync(given.ledgerFolder, 0o500);
  // Modes don't hold root back: it runs without its capabilities.
  const { paid, log } = runLimited(isRoot ? 'exec setpriv --bounding-set=-all --inh-caps=-all' : 'exec', given);
  chmodSync(given.ledgerFolder, 0o700);
  expect(paid).toEqual({ told: [], asked: 0, refused: 'ledger-unavailable' });
  expect(log).toMatch(/no money is taken: The ledger in .* can't be used: .*(readonly|permission)/);
});
