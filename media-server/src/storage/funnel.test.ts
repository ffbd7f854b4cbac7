import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newId } from '../shared/ids.ts';
import { addCall } from './calls.ts';
import { type Demo, seedDemo } from './demo.ts';
import {
  addPaymentSteps,
  countSteps,
  forgetPaymentSteps,
  stepPages,
  type StepsWanted,
  type StepWithOutcome,
} from './funnel.ts';
import { addPayment, endPayment } from './payments.ts';
import type { Storage } from './storage.ts';
import type { PaymentStepRow } from './tables.ts';
import { callRow, memoryStorage } from './test-storage.ts';

let storage: Storage;
let demo: Demo;
const folder = mkdtempSync(join(tmpdir(), 'funnel-'));
const rows: PaymentStepRow[] = [];
const outcomes = new Map<string, string>();
/** So many that there are several pages. */
const PAYMENTS = 1200;

beforeAll(async () => {
  storage = await memoryStorage();
  demo = await seedDemo(storage, { folder, realm: 'tonegate.local', now: 0 });
  const { merchant, organisation } = demo;
  const call = callRow(demo);
  await addCall(storage, call);
  for (let i = 0; i < PAYMENTS; i++) {
    const id = newId(i);
    const order = { reference: `A-${i}`, description: null, amountMinor: 500, currency: 'JPY' as const };
    const start = { person: null, apiKey: null, purpose: 'charge' as const, language: 'ja', startedAt: i };
    await addPayment(storage, { ...order, ...start, id, organisation, merchant, call: call.id });
    const outcome = i % 3 === 0 ? 'cancelled' : 'approved';
    await endPayment(storage, id, { outcome, reason: 'none', endedAt: i });
    outcomes.set(id, outcome);
    // Several steps of one moment, also over the edge of a page.
    for (const [place, step] of ['confirmation', 'card-number', 'processing'].entries()) {
      const facts = { tookMs: 1, mistakes: 0, left: 'finished' as const };
      rows.push({
        ...facts,
        payment: id,
        place,
        merchant,
        language: 'ja',
        trunk: null,
        purpose: 'charge',
        step,
        at: i * 3,
      });
    }
  }
  await addPaymentSteps(storage, rows);
});
afterAll(async () => {
  await storage.destroy();
  rmSync(folder, { recursive: true });
});

const all = () => ({ from: 0, to: 1e9, merchants: [demo.merchant] });

async function read(wanted: StepsWanted): Promise<StepWithOutcome[]> {
  const read: StepWithOutcome[] = [];
  for await (const page of stepPages(storage, wanted)) read.push(...page);
  return read;
}

test('every step is read once, in order, with its outcome, however many pages there are', async () => {
  const found = await read(all());
  expect(found.map(({ outcome: _, ...row }) => row)).toEqual(rows);
  expect(found.every(({ payment, outcome }) => outcome === outcomes.get(payment))).toBe(true);
  expect(await countSteps(storage, all(), 1e6)).toBe(rows.length);
  expect(await countSteps(storage, all(), 10)).toBe(10);
});

test('only those of the time and the merchants that are asked for', async () => {
  const found = await read({ ...all(), from: 500, to: 1500 });
  expect(found).toHaveLength(rows.filter(({ at }) => at >= 500 && at < 1500).length);
  expect(await read({ ...all(), merchants: [newId()] })).toEqual([]);
  expect(await read({ ...all(), merchants: [] })).toEqual([]);
});

test('old steps are forgotten', async () => {
  await forgetPaymentSteps(storage, 2000);
  expect(await read(all())).toHaveLength(rows.filter(({ at }) => at >= 2000).length);
});
