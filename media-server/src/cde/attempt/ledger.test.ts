import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { newId } from '../../shared/ids.ts';
import { type AttemptState, intend, LIVE_PHASES, PHASES } from './attempt.ts';
import { Ledger, type PaymentMeta } from './ledger.ts';

const NOW = Date.UTC(2026, 0, 1);
const merchant = newId();
let folder: string;
let opened: Ledger[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ledger-'));
  opened = [];
});
afterEach(async () => {
  for (const ledger of opened) await ledger.close();
  rmSync(folder, { recursive: true });
});

async function open(maxBytes?: number): Promise<Ledger> {
  const ledger = await Ledger.open(folder, maxBytes);
  opened.push(ledger);
  return ledger;
}

function meta(reference: string): PaymentMeta {
  return { payment: newId(), merchant, purpose: 'charge', order: { reference, amountMinor: 1200, currency: 'JPY' } };
}

/** Opens a payment and an attempt for it in a given phase. */
async function attempt(ledger: Ledger, reference: string, change: Partial<AttemptState>) {
  const payment = meta(reference);
  const row = {
    id: newId(),
    payment: payment.payment,
    gateway: 'sandbox',
    reference: newId(),
    mayGoOn: false,
    state: intend('charge', NOW),
  };
  expect(await ledger.openPayment({ ...payment, at: NOW, paidSince: NOW })).toEqual({ ok: true, value: undefined });
  expect(await ledger.intend(row)).toEqual({ ok: true, value: undefined });
  const state: AttemptState = { ...row.state, ...change };
  const written = await ledger.writeAttempt({ ...row, version: 0, state, at: NOW, event: 'test', isNews: true });
  expect(written.ok).toBe(true);
  return { ...row, state, version: 1 };
}

test('what was answered is there after the ledger is opened again', async () => {
  const first = await open();
  const state: Partial<AttemptState> = {
    phase: 'unknown',
    sentAt: NOW,
    lookups: 2,
    absentSince: NOW + 5,
    wakeAt: NOW + 9,
  };
  const row = await attempt(first, 'A-1', state);
  await first.close();
  const second = await open();
  expect(await second.hanging()).toMatchObject({
    ok: true,
    value: [{ id: row.id, reference: row.reference, version: 1, state }],
  });
  expect(await second.list(NOW)).toEqual({
    ok: true,
    value: [{ payment: row.payment, told: false, result: { outcome: 'unknown', reason: 'no-answer' } }],
  });
});

test('one order has one live attempt: every live phase keeps the next payment out, every ended one lets it in', async () => {
  const ledger = await open();
  for (const phase of PHASES) {
    await attempt(ledger, `in ${phase}`, { phase });
    const next = await ledger.openPayment({ ...meta(`in ${phase}`), at: NOW, paidSince: NOW });
    expect([phase, next.ok]).toEqual([phase, !(LIVE_PHASES as readonly string[]).includes(phase)]);
  }
  const other = await ledger.openPayment({ ...meta('in unknown'), merchant: newId(), at: NOW, paidSince: NOW });
  expect(other.ok).toBe(true);
});

test('the database itself refuses a second live attempt', async () => {
  await attempt(await open(), 'A-1', { phase: 'unknown' });
  const db = new DatabaseSync(join(folder, 'ledger.sqlite'));
  const copy = () =>
    db.exec(`INSERT INTO attempts (id, payment, merchant, order_reference, purpose, amount_minor, currency, gateway, gateway_reference,
        phase, reason, since, lookups, version)
      SELECT '${newId()}', payment, merchant, order_reference, 'stored-charge', amount_minor, currency, gateway, '${newId()}',
        'sent', reason, since, 0, 0 FROM attempts`);
  expect(copy).toThrow(/UNIQUE/);
  db.close();
});

test('two calls cannot take the same order at once, and a payment is opened once', async () => {
  const ledger = await open();
  const first = meta('A-1');
  await ledger.openPayment({ ...first, at: NOW, paidSince: NOW });
  expect(await ledger.openPayment({ ...meta('A-1'), at: NOW, paidSince: NOW })).toMatchObject({
    error: { code: 'attempt-alive' },
  });
  await ledger.endPayment(first.payment, { outcome: 'cancelled', reason: 'by-agent' }, NOW);
  expect(await ledger.openPayment({ ...first, at: NOW, paidSince: NOW })).toMatchObject({
    error: { code: 'payment-exists' },
  });
  expect((await ledger.openPayment({ ...meta('A-1'), at: NOW, paidSince: NOW })).ok).toBe(true);
});

test('a change that somebody else overtook is refused', async () => {
  const ledger = await open();
  const row = await attempt(ledger, 'A-1', { phase: 'unknown' });
  const change = {
    ...row,
    state: { ...row.state, phase: 'not-executed' as const },
    at: NOW,
    event: 'found:absent',
    isNews: true,
  };
  expect((await ledger.writeAttempt(change)).ok).toBe(true);
  expect(await ledger.writeAttempt(change)).toMatchObject({ error: { code: 'stale' } });
});

test('a result is told until another comes; an approval is told by its attempt alone', async () => {
  const ledger = await open();
  const row = await attempt(ledger, 'A-1', { phase: 'unknown', sentAt: NOW });
  expect((await ledger.markTold(row.payment, 'approved', NOW)).ok).toBe(false);
  expect((await ledger.markTold(row.payment, 'unknown', NOW)).ok).toBe(true);
  const approved: AttemptState = {
    ...row.state,
    phase: 'approved',
    reason: 'none',
    brand: 'jcb',
    lastFour: '0000',
    receipt: 'TAB',
  };
  await ledger.writeAttempt({ ...row, state: approved, at: NOW, event: 'found:approved', isNews: true });
  const result = { outcome: 'approved', reason: 'none', brand: 'jcb', lastFour: '0000', receipt: 'TAB' };
  expect(await ledger.payment(row.payment)).toMatchObject({ value: { told: false, result } });
  expect((await ledger.markTold(row.payment, null, NOW)).ok).toBe(false);
  const told: AttemptState = { ...approved, phase: 'told' };
  await ledger.writeAttempt({ ...row, version: 2, state: told, at: NOW, event: 'told', isNews: false });
  expect(await ledger.payment(row.payment)).toMatchObject({ value: { told: true, result } });
  expect(await ledger.list(NOW)).toMatchObject({ value: [] });
});

test('payments whose dialogue died with the process end as failed', async () => {
  const ledger = await open();
  const left = meta('A-1');
  await ledger.openPayment({ ...left, at: NOW, paidSince: NOW });
  expect(await ledger.endAbandoned(NOW)).toEqual({ ok: true, value: 1 });
  const result = { outcome: 'failed', reason: 'card-process-ended' };
  expect(await ledger.list(NOW)).toEqual({ ok: true, value: [{ payment: left.payment, told: false, result }] });
});

test('events can be neither changed nor deleted', async () => {
  await attempt(await open(), 'A-1', { phase: 'sent' });
  const db = new DatabaseSync(join(folder, 'ledger.sqlite'));
  expect(() => db.exec('DELETE FROM events')).toThrow('append-only');
  expect(() => db.exec(`UPDATE events SET event = ''`)).toThrow('append-only');
  expect(db.prepare('SELECT event, phase FROM events ORDER BY number').all()).toMatchObject([
    { event: 'opened' },
    { event: 'intended', phase: 'intended' },
    { event: 'test', phase: 'sent' },
  ]);
  db.close();
});

test('a ledger of a newer program is refused with both versions and left as it is', async () => {
  await (await open()).close();
  const file = join(folder, 'ledger.sqlite');
  const db = new DatabaseSync(file);
  db.exec('PRAGMA user_version = 99');
  db.close();
  const before = readFileSync(file);
  await expect(open()).rejects.toMatchObject({
    code: 'newer-schema',
    message: expect.stringMatching(/version 99.*up to 2/),
  });
  expect(readFileSync(file)).toEqual(before);
});

test('two never share a ledger', async () => {
  const first = await open();
  await expect(open()).rejects.toMatchObject({ code: 'in-use' });
  await first.close();
  await open();
});

test('a folder that cannot be used is named', async () => {
  writeFileSync(join(folder, 'file'), '');
  await expect(Ledger.open(join(folder, 'file', 'ledger'))).rejects.toMatchObject({
    code: 'ledger-unavailable',
    message: expect.stringContaining(join(folder, 'file')),
  });
});

test('a full disk refuses a payment, keeps what is written and takes up again', async () => {
  const small = await open(120_000);
  let taken = 0;
  for (;;) {
    const next = await small.openPayment({ ...meta(`A ${taken}`), at: NOW, paidSince: NOW });
    if (!next.ok) {
      expect(next.error.code).toBe('ledger-unavailable');
      break;
    }
    taken++;
    expect(taken).toBeLessThan(1000);
  }
  await small.close();
  const large = await open();
  expect(await large.endAbandoned(NOW)).toEqual({ ok: true, value: taken });
});

test('more requests than the queue holds are refused, not remembered', async () => {
  const ledger = await open();
  const answers = await Promise.all(Array.from({ length: 1100 }, () => ledger.list(NOW)));
  expect(answers.filter((answer) => !answer.ok)).toHaveLength(100);
  expect((await ledger.list(NOW)).ok).toBe(true);
});

test('a closed ledger says so', async () => {
  const ledger = await open();
  await ledger.close();
  expect(await ledger.list(NOW)).toMatchObject({ error: { code: 'ledger-unavailable' } });
});

test('nobody but its owner can read the file', async () => {
  await open();
  expect(statSync(join(folder, 'ledger.sqlite')).mode & 0o777).toBe(0o600);
});
