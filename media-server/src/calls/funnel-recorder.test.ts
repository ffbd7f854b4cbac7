import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Payment } from '@tonegate/api-schema';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { TestClock } from '../shared/clock.ts';
import { newId } from '../shared/ids.ts';
import { silentLogger } from '../shared/logger.ts';
import { type Demo, seedDemo } from '../storage/demo.ts';
import type { Storage } from '../storage/storage.ts';
import { memoryStorage } from '../storage/test-storage.ts';
import { FunnelRecorder } from './funnel-recorder.ts';

const DAY_MS = 86_400_000;
let storage: Storage;
let demo: Demo;
let folder: string;
let clock: TestClock;
let counted: string[];
let recorder: FunnelRecorder;

beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'recorder-'));
  clock = new TestClock();
  storage = await memoryStorage(clock.now());
  demo = await seedDemo(storage, { folder, realm: 'tonegate.local', now: clock.now() });
  counted = [];
  const keep = { keepMs: 2 * DAY_MS, counted: (step: string, left: string) => counted.push(`${step} ${left}`) };
  recorder = new FunnelRecorder({ storage, clock, log: silentLogger, ...keep });
});
afterEach(async () => {
  await recorder.close();
  await storage.destroy();
  rmSync(folder, { recursive: true });
});

const says = (payment: string, step: 'confirmation' | 'card-number' | 'result', mistakes = 0) =>
  recorder.heard({ type: 'progress', payment, step, keys: 0, mistakes, waiting: false });
const changed = (id: string, facts: Partial<Payment>) =>
  recorder.changed({ id, merchant: demo.merchant, language: 'en', purpose: 'charge', ...facts } as Payment, 'demo');
const rows = () => storage.selectFrom('paymentSteps').selectAll().orderBy('place').execute();

test('a payment that ends is written down once, step by step, and nothing while it runs', async () => {
  const id = newId();
  const startedAt = clock.now();
  says(id, 'confirmation');
  changed(id, { outcome: null });
  clock.advance(4000);
  says(id, 'card-number', 1);
  clock.advance(6000);
  says(id, 'result');
  const ended = { outcome: 'cancelled', reason: 'customer-hung-up' } as const;
  changed(id, ended);
  changed(id, ended);
  await recorder.close();
  const of = { payment: id, merchant: demo.merchant, language: 'en', trunk: 'demo', purpose: 'charge' };
  expect(await rows()).toEqual([
    { ...of, place: 0, step: 'confirmation', at: startedAt, tookMs: 4000, mistakes: 0, left: 'finished' },
    { ...of, place: 1, step: 'card-number', at: startedAt + 4000, tookMs: 6000, mistakes: 1, left: 'hung-up' },
  ]);
  expect(counted).toEqual(['confirmation finished', 'card-number hung-up']);
});

test('what an unknown payment becomes later changes nothing of where its customer stood', async () => {
  const id = newId();
  says(id, 'confirmation');
  changed(id, { outcome: 'unknown', reason: 'no-answer' });
  changed(id, { outcome: 'approved', reason: 'none' });
  await recorder.close();
  expect(await rows()).toHaveLength(1);
});

test('steps are forgotten when their time is over', async () => {
  const id = newId();
  says(id, 'confirmation');
  changed(id, { outcome: 'failed', reason: 'silence' });
  clock.advance(DAY_MS);
  await recorder.close();
  expect(await rows()).toHaveLength(1);
  const keep = { keepMs: 2 * DAY_MS, counted: () => {} };
  recorder = new FunnelRecorder({ storage, clock, log: silentLogger, ...keep });
  clock.advance(2 * DAY_MS);
  await recorder.close();
  expect(await rows()).toEqual([]);
});
