import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Writable } from 'node:stream';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { TestClock } from '../../shared/clock.ts';
import { newId } from '../../shared/ids.ts';
import { createLogger } from '../../shared/logger.ts';
import type { FromCard } from '../contract.ts';
import type { Gateway } from '../gateways/gateway.ts';
import type { GatewayCredentials } from '../gateways/gateway-settings.ts';
import { CredentialStore, credentialsFile } from '../vault/credential-store.ts';
import { keyFileText, newKey, readKeyFile } from '../vault/key-file.ts';
import { GatewayBook } from './gateway-book.ts';
import { Ledger } from './ledger.ts';
import { type GatewayCommand, MerchantGateways } from './merchant-gateways.ts';
import { Payments } from './payments.ts';
import { FakeGateway } from './testing/fake-gateway.ts';

const MERCHANT = 'a'.repeat(26);
const OTHER = 'b'.repeat(26);
const SECRET = 'sk_of_the_merchant';
const RULES = { lookupDelaysMs: [1000, 2000], reverseAfterMs: 600_000, absentAgainAfterMs: 1500 };

/** A service by its key: what its test shows, what it answers. */
class Service extends FakeGateway {
  readonly key: string;
  closed = false;
  constructor(credentials: GatewayCredentials) {
    super('service');
    this.key = 'key' in credentials ? credentials.key.reveal() : '';
  }
  override async test(): Promise<'works'> {
    return (this.key === 'wrong' ? 'gateway-settings' : 'works') as 'works';
  }
  override close(): void {
    this.closed = true;
  }
}

let folder: string;
let kekFile: string;
let clock: TestClock;
let log: string;
let standard: FakeGateway;
let services: Service[];
let book: GatewayBook;
let gateways: MerchantGateways;
let payments: Payments;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'merchant-gateways-'));
  kekFile = join(folder, 'kek.json');
  clock = new TestClock();
  log = '';
  await life();
});
afterEach(async () => {
  await end();
  rmSync(folder, { recursive: true });
});

/** A card process's start, as far as gateways go. */
async function life(): Promise<void> {
  standard = new FakeGateway('stripe');
  services = [];
  book = new GatewayBook(standard);
  const stream = new Writable({ write: (chunk, _encoding, done) => done(void (log += chunk)) });
  const logger = createLogger('trace', stream);
  const ledger = await Ledger.open(join(folder, 'ledger'));
  payments = new Payments({ ledger, gateways: book, clock, rules: RULES, timeoutMs: 1000, logger });
  gateways = new MerchantGateways({
    store: new CredentialStore(join(folder, 'ledger')),
    kekFile,
    book,
    gatewayFrom: (credentials): Gateway => {
      const made = new Service(credentials);
      services.push(made);
      return made;
    },
    standard: 'stripe',
    timeoutMs: 1000,
    clock,
    log: logger,
  });
  await payments.start();
}

async function end(): Promise<void> {
  await payments.close();
  gateways.close();
}

async function again(): Promise<void> {
  await end();
  await life();
}

type Of<C> = C extends unknown ? Omit<C, 'ask'> : never;
async function say(command: Of<GatewayCommand>): Promise<FromCard | string> {
  const answer = await gateways.answer({ ...command, ask: newId() } as GatewayCommand);
  return answer.ok ? answer.value : answer.error;
}

function provision(key = SECRET, merchant = MERCHANT, force = false) {
  return say({ type: 'provision', merchant, gateway: { kind: 'stripe' }, credentials: { key }, force });
}

const shown = (merchant = MERCHANT) => say({ type: 'gateway-show', merchant });

async function pay(
  gateway: FakeGateway | undefined,
  reference: string,
  answered: 'approved' | 'unknown',
  merchant = MERCHANT,
) {
  if (gateway) gateway.answers = [() => ({ is: answered })];
  const order = { reference, amountMinor: 1200, currency: 'JPY' } as const;
  const meta = { payment: newId(), merchant, purpose: 'charge', order } as const;
  const opened = await payments.open(meta);
  if (!opened.ok) return opened.error;
  const card = { number: Buffer.alloc(16, 4), expiry: Buffer.alloc(4), securityCode: Buffer.alloc(3) };
  const { outcome } = await payments.authorize(meta, { ...card, brand: 'visa' });
  if (outcome === 'approved') await payments.told(meta.payment, 'approved');
  return { ...meta, outcome };
}

function change(sql: string, ...values: string[]): void {
  const db = new DatabaseSync(credentialsFile(join(folder, 'ledger')));
  db.prepare(sql).run(...values);
  db.close();
}

test('a merchant’s own gateway is tried, kept, used from the next payment on, and there after a restart', async () => {
  expect(await provision()).toMatchObject({ type: 'provisioned', merchant: MERCHANT, result: 'works', kept: true });
  await pay(services[0], 'A-1', 'approved');
  expect([services[0]?.asked.length, standard.asked.length]).toEqual([1, 0]);
  await pay(standard, 'B-1', 'approved', OTHER);
  expect(standard.asked).toHaveLength(1);
  await again();
  expect(services.map(({ key }) => key)).toEqual([SECRET]);
  await pay(services[0], 'A-2', 'approved');
  expect(services[0]?.asked).toHaveLength(1);
  expect(await shown()).toMatchObject({
    standard: 'stripe',
    own: { state: 'usable', gateway: { kind: 'stripe', url: 'https://api.stripe.com' }, result: 'works' },
  });
  expect(await shown(OTHER)).not.toHaveProperty('own');
});

test('credentials that don’t work are found when they are entered, and not kept unless somebody insists', async () => {
  await provision();
  expect(await provision('wrong')).toMatchObject({ result: 'gateway-settings', kept: false });
  expect(services[1]?.closed).toBe(true);
  expect(book.of(MERCHANT)?.name).toBe('stripe-own-1');
  expect(await provision('wrong', MERCHANT, true)).toMatchObject({ result: 'gateway-settings', kept: true });
  expect(await shown()).toMatchObject({ own: { result: 'gateway-settings', state: 'usable' } });
  expect(await say({ type: 'gateway-test', merchant: MERCHANT })).toMatchObject({ result: 'gateway-settings' });
  expect(await say({ type: 'gateway-test', merchant: OTHER })).toMatchObject({ result: 'works' });
});

test('what doesn’t fit its kind is refused, a secret among the settings too', async () => {
  const unfit = (gateway: Record<string, string>, credentials: Record<string, string>) =>
    say({ type: 'provision', merchant: MERCHANT, gateway, credentials, force: true });
  expect(await unfit({ kind: 'no-such' }, { key: SECRET })).toBe('gateway-unfit');
  expect(await unfit({ kind: 'stripe', key: SECRET }, {})).toBe('gateway-unfit');
  expect(await unfit({ kind: 'stripe', key: SECRET }, { key: SECRET })).toBe('gateway-unfit');
  expect(await unfit({ kind: 'stripe' }, { key: SECRET, url: 'https://api.stripe.com' })).toBe('gateway-unfit');
  expect(await unfit({ kind: 'stripe', url: 'http://api.stripe.com' }, { key: SECRET })).toBe('gateway-unfit');
  expect(await unfit({ kind: 'stripe', more: 'x' }, { key: SECRET })).toBe('gateway-unfit');
  expect(services).toEqual([]);
});

test('no credential is in a file, a log or an answer', async () => {
  await provision();
  await provision('sk_wrong_secret', OTHER);
  expect(JSON.stringify([await shown(), await shown(OTHER), await provision('wrong')])).not.toContain(SECRET);
  await again();
  for (const name of readdirSync(join(folder, 'ledger'))) {
    const bytes = readFileSync(join(folder, 'ledger', name), 'latin1');
    for (const secret of [SECRET, 'sk_wrong_secret']) expect([name, bytes.includes(secret)]).toEqual([name, false]);
  }
  expect(log).toContain('a merchant has a gateway of its own');
  expect(log).not.toMatch(/sk_/);
});

test('sealed credentials that were swapped, changed or given another address can’t be used, and no money goes elsewhere', async () => {
  await provision();
  await provision('sk_of_the_other', OTHER);
  const swaps = [
    [
      'UPDATE provisions SET sealed = (SELECT sealed FROM provisions WHERE merchant = ?) WHERE merchant = ?',
      OTHER,
      MERCHANT,
    ],
    [
      "UPDATE provisions SET settings = replace(settings, 'api.stripe.com', 'thief.example') WHERE merchant = ?",
      MERCHANT,
    ],
    ["UPDATE provisions SET sealed = '{}' WHERE merchant = ?", MERCHANT],
  ] as const;
  for (const [sql, ...values] of swaps) {
    change(sql, ...values);
    await again();
    expect(await shown()).toMatchObject({ own: { state: 'not-authentic' } });
    expect(await pay(standard, 'A-1', 'approved')).toBe('no-such-gateway');
    expect(await say({ type: 'gateway-test', merchant: MERCHANT })).toBe('credentials-shut');
    expect(standard.asked).toEqual([]);
    expect(book.of(OTHER)?.name).toBe('stripe-own-1');
    await provision();
    expect(await shown()).toMatchObject({ own: { state: 'usable' } });
  }
});

test('keys are rotated while payments go on: the newer wraps all, then the older one can go', async () => {
  await provision();
  const [first] = readKeyFile('card.kekFile', kekFile).keys;
  if (!first) throw new Error('no key');
  const fresh = newKey();
  writeFileSync(kekFile, keyFileText({ keys: [fresh, first] }));
  expect(await say({ type: 'gateway-keys' })).toMatchObject({ type: 'gateway-keys-read', wrapped: 1, shut: 0 });
  expect(services.some(({ closed }) => closed)).toBe(false);
  writeFileSync(kekFile, keyFileText({ keys: [fresh] }));
  await again();
  expect(await shown()).toMatchObject({ own: { state: 'usable' } });
  // At a start, too.
  const newest = newKey();
  writeFileSync(kekFile, keyFileText({ keys: [newest, fresh] }));
  await again();
  writeFileSync(kekFile, keyFileText({ keys: [newest] }));
  await again();
  expect(services.map(({ key }) => key)).toEqual([SECRET]);
});

test('without the key that it is sealed under a merchant’s gateway isn’t usable and says so, until the key is back', async () => {
  await provision();
  const before = readFileSync(kekFile);
  writeFileSync(kekFile, keyFileText({ keys: [newKey()] }));
  await again();
  expect(await shown()).toMatchObject({ own: { state: 'no-key' } });
  expect(await pay(standard, 'A-1', 'approved')).toBe('no-such-gateway');
  expect(await pay(standard, 'B-1', 'approved', OTHER)).toMatchObject({ outcome: 'approved' });
  expect(log).toContain("can't be opened");
  // A file that is gone is never made anew beside what was sealed under it.
  rmSync(kekFile);
  await again();
  expect(await provision('sk_of_the_other', OTHER)).toBe('credentials-not-kept');
  expect(log).toContain("isn't there, and its keys are needed: bring it back");
  writeFileSync(kekFile, before, { mode: 0o600 });
  expect(await say({ type: 'gateway-keys' })).toMatchObject({ wrapped: 1, shut: 0 });
  expect(await pay(services[0], 'A-1', 'approved')).toMatchObject({ outcome: 'approved' });
});

test('a gateway that was replaced answers for what hangs on it, over restarts, and goes when that is over', async () => {
  await provision();
  const hanging = await pay(services[0], 'A-1', 'unknown');
  await provision('sk_second');
  await say({ type: 'unprovision', merchant: MERCHANT });
  await pay(standard, 'A-2', 'approved');
  await again();
  expect(services.map(({ key }) => key)).toEqual([SECRET]);
  const settled = new Promise((resolve) => payments.onSettled((payment, { outcome }) => resolve([payment, outcome])));
  if (services[0]) services[0].found = [{ is: 'declined', reason: 'funds' }];
  const until = performance.now() + 15_000;
  while (services[0]?.asked.length === 0 && performance.now() < until) {
    clock.advance(100);
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(await settled).toEqual([typeof hanging === 'string' ? '' : hanging.payment, 'declined']);
  expect(services[0]?.asked.map((line) => line.split(' ')[0])).toEqual(['look-up']);
  expect(standard.asked).toEqual([]);
  await again();
  expect(services).toEqual([]);
});

test('a later version of a merchant’s gateway refunds what an earlier one took; the settings’ gateway doesn’t', async () => {
  await provision();
  const paid = await pay(services[0], 'A-1', 'approved');
  if (typeof paid === 'string') throw new Error(paid);
  await provision('sk_second');
  await again();
  expect(services.map(({ key }) => key)).toEqual(['sk_second']);
  if (services[0]) services[0].answers = [() => ({ is: 'approved' })];
  const refund = { type: 'money', payment: newId(), merchant: MERCHANT, of: paid.payment, action: 'refund' } as const;
  expect(await payments.money({ ...refund, amountMinor: 100 })).toMatchObject({
    ok: true,
    value: { outcome: 'approved' },
  });
  await say({ type: 'unprovision', merchant: MERCHANT });
  expect(await payments.money({ ...refund, payment: newId() })).toEqual({ ok: false, error: 'no-such-gateway' });
  expect(await say({ type: 'unprovision', merchant: MERCHANT })).toBe('no-own-gateway');
});
