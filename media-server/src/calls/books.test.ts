import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import type { Call } from '@tonegate/api-schema';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { newId } from '../shared/ids.ts';
import { createLogger, silentLogger } from '../shared/logger.ts';
import { addCall, findCall } from '../storage/calls.ts';
import { type Demo, seedDemo } from '../storage/demo.ts';
import { addPayment, endPayment } from '../storage/payments.ts';
import { receiptsFrom } from '../storage/receipts.ts';
import type { Storage } from '../storage/storage.ts';
import type { PaymentRow } from '../storage/tables.ts';
import { callRow, memoryStorage, testSigner } from '../storage/test-storage.ts';
import { Books } from './books.ts';
import { callsOf } from './records.ts';

let folder: string;
let storage: Storage;
let demo: Demo;
/** A call that is written. */
let call: string;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'books-'));
  storage = await memoryStorage();
  demo = await seedDemo(storage, { folder, realm: 'tonegate.local', now: 0 });
  const row = callRow(demo);
  await addCall(storage, row);
  call = row.id;
});
afterEach(async () => {
  await storage.destroy();
  rmSync(folder, { recursive: true });
});

async function add(facts: Partial<PaymentRow> = {}): Promise<string> {
  const { merchant, organisation } = demo;
  const id = newId();
  const order = { reference: 'A-1', description: null, amountMinor: 500, currency: 'JPY' as const };
  const start = { person: null, apiKey: null, purpose: 'charge' as const, language: 'ja', startedAt: 1 };
  await addPayment(storage, { ...order, ...start, id, merchant, organisation, call, ...facts });
  return id;
}

test("how a call's keys came is written with its end, and read again", async () => {
  const { merchant, organisation } = demo;
  const books = new Books(storage, silentLogger, testSigner());
  const keys = { advice: 'sure', negotiated: true, event: 20, tone: 3, both: 19, info: 1 } as const;
  const live: Call = {
    id: newId(),
    direction: 'in',
    merchant: { id: merchant, name: '' },
    number: null,
    displayName: null,
    called: '100',
    state: 'talking',
    startedAt: 1,
    answeredAt: 2,
    endedAt: null,
    end: null,
    codec: 'PCMU',
    keysPossible: true,
    keys,
    payment: null,
  };
  const facts = { organisation, person: undefined, trunk: 'carrier' };
  books.call(live, facts);
  await books.settled();
  expect(await findCall(storage, live.id)).toMatchObject({ keysEvent: 0, keysNegotiated: 0 });
  books.call({ ...live, state: 'ended', endedAt: 9, end: 'customer-hung-up' }, facts);
  await books.settled();
  const row = await findCall(storage, live.id);
  expect(row).toMatchObject({ keysNegotiated: 1, keysEvent: 20, keysTone: 3, keysBoth: 19, keysInfo: 1 });
  if (!row) throw new Error('no row');
  expect((await callsOf(storage, [row]))[0]?.keys).toEqual(keys);
  const info = { ...row, keysEvent: 0, keysTone: 0, keysNegotiated: 0 };
  expect((await callsOf(storage, [{ ...info, keysPossible: 0 }]))[0]?.keys.advice).toBe('info-only');
  expect((await callsOf(storage, [{ ...info, keysInfo: 0 }]))[0]?.keys.advice).toBe('unknown');
});

test('whoever wants to know is told of an outcome once it is written, and of another that it turned into', async () => {
  const told: string[] = [];
  const books = new Books(storage, silentLogger, testSigner(), (payment) => told.push(payment));
  const id = await add();
  await books.outcome(id, { outcome: 'unknown', reason: 'no-answer' }, 2);
  await books.outcome(id, { outcome: 'unknown', reason: 'no-answer' }, 3);
  expect(told).toEqual([id]);
  await books.outcome(id, { outcome: 'declined', reason: 'funds' }, 4);
  expect(told).toEqual([id, id]);
});

test('a payment whose server died has its receipt from the next one, once, with nothing in it that nobody counted', async () => {
  const end = { outcome: 'approved', reason: 'none', endedAt: 5 } as const;
  const told = await add();
  await endPayment(storage, told, end);
  const hanging = await add();
  const own = await add({ startedAt: 200 });
  await endPayment(storage, await add({ purpose: 'refund', about: told }), end);

  const books = new Books(storage, silentLogger, testSigner(), () => {}, 100);
  await books.receiptsLeft(100);
  await books.receiptsLeft(101);
  await books.outcome(hanging, { outcome: 'failed', reason: 'card-process-ended' }, 110);
  // A session of this life writes its own.
  await books.outcome(own, { outcome: 'unknown', reason: 'no-answer' }, 210);
  await books.settled();
  const records = (await receiptsFrom(storage, demo.merchant, 1)).map(({ record }) => record);
  expect(records).toMatchObject([
    { number: 1, payment: told, outcome: 'approved', outcomeAt: 5, wiped: null },
    { number: 2, payment: hanging, outcome: 'failed', outcomeAt: 110, forwarded: { customerToAgent: null } },
  ]);
  expect(records).toHaveLength(2);
});

test('the operator is told in the log, once, when the payment service refuses the merchant itself', async () => {
  let log = '';
  const lines = new Writable({ write: (chunk, _encoding, done) => done(void (log += chunk)) });
  const books = new Books(storage, createLogger('info', lines), testSigner());
  for (const reason of ['gateway-busy', 'gateway-settings'] as const) {
    const id = await add();
    await books.outcome(id, { outcome: 'failed', reason }, 2);
    await books.outcome(id, { outcome: 'failed', reason }, 3);
    const told = log.match(/the payment service doesn't take the merchant's credentials/g) ?? [];
    expect([reason, told.length, log.includes(id)]).toEqual([
      reason,
      ...(reason === 'gateway-settings' ? [1, true] : [0, false]),
    ]);
  }
});
