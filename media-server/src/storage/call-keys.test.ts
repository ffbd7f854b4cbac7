import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newId } from '../shared/ids.ts';
import { countKeysByTrunk } from './call-keys.ts';
import { addCall } from './calls.ts';
import { type Demo, seedDemo } from './demo.ts';
import { addPayment, endPayment } from './payments.ts';
import type { Storage } from './storage.ts';
import type { CallRow } from './tables.ts';
import { callRow, memoryStorage } from './test-storage.ts';

let storage: Storage;
let demo: Demo;
const folder = mkdtempSync(join(tmpdir(), 'call-keys-'));

async function call(facts: Partial<CallRow>, paid = false): Promise<void> {
  const row = callRow(demo, { answeredAt: 1000, endedAt: 2000, end: 'customer-hung-up', ...facts });
  await addCall(storage, row);
  if (!paid) return;
  const { merchant, organisation } = demo;
  const payment = { id: newId(), organisation, merchant, call: row.id, person: null, apiKey: null };
  const order = { reference: 'A-1', description: null, amountMinor: 500, currency: 'JPY' as const };
  await addPayment(storage, { ...payment, ...order, purpose: 'charge', language: 'ja', startedAt: 1100 });
  const nothing = { brand: null, lastFour: null, receipt: null };
  await endPayment(storage, payment.id, {
    outcome: 'failed',
    reason: 'silence',
    mistakes: 0,
    endedAt: 1900,
    ...nothing,
  });
}

beforeAll(async () => {
  storage = await memoryStorage();
  demo = await seedDemo(storage, { folder, realm: 'tonegate.local', now: 0 });
});
afterAll(async () => {
  await storage.destroy();
  rmSync(folder, { recursive: true });
});

test('calls are counted by trunk and way; those of another time, unanswered, running or without a trunk are not', async () => {
  await call({ trunk: 'b', keysNegotiated: 1, keysEvent: 5, keysBoth: 2, startedAt: 3000 }, true);
  await call({ trunk: 'b', keysTone: 3, keysInfo: 1, startedAt: 2500 });
  await call({ trunk: 'a', keysInfo: 4 }, true);
  await call({ trunk: 'a' });
  await call({ trunk: 'a', keysEvent: 9, startedAt: 999 }, true);
  await call({ trunk: 'a', keysEvent: 9, endedAt: null, end: null });
  await call({ trunk: 'a', keysEvent: 9, answeredAt: null });
  await call({ trunk: null, keysEvent: 9 });
  const none = { negotiated: 0, event: 0, tone: 0, both: 0, info: 0, keyed: 0, infoOnly: 0, payments: 0, silent: 0 };
  expect(await countKeysByTrunk(storage, demo.organisation, 1000)).toEqual([
    { ...none, trunk: 'a', calls: 2, info: 1, keyed: 1, infoOnly: 1, payments: 1, silent: 1, lastCallAt: 1000 },
    {
      ...none,
      trunk: 'b',
      calls: 2,
      negotiated: 1,
      event: 1,
      tone: 1,
      both: 1,
      info: 1,
      keyed: 2,
      payments: 1,
      lastCallAt: 3000,
    },
  ]);
  expect(await countKeysByTrunk(storage, newId(), 0)).toEqual([]);
});
