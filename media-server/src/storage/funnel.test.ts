import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newId } from '../shared/ids.ts';
import { addCall } from './calls.ts';
import { type Demo, seedDemo } from './demo.ts';
import {
  addPaymentSteps,
  countOutcomes,
  countStepRows,
  countSteps,
  forgetPaymentSteps,
  type FunnelFilter,
  funnelChoices,
} from './funnel.ts';
import { addPayment, endPayment } from './payments.ts';
import type { Storage } from './storage.ts';
import type { PaymentStepRow } from './tables.ts';
import { callRow, memoryStorage } from './test-storage.ts';

let storage: Storage;
let demo: Demo;
const folder = mkdtempSync(join(tmpdir(), 'funnel-'));
const rows: PaymentStepRow[] = [];
const STEPS = ['confirmation', 'card-number', 'expiry', 'processing'];
const LEFT = ['hung-up', 'asked-for-agent', 'cancelled-by-agent', 'silence', 'mistakes', 'other'] as const;
const PAYMENTS = 300;

function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return state / 2 ** 31;
  };
}

beforeAll(async () => {
  storage = await memoryStorage();
  demo = await seedDemo(storage, { folder, realm: 'tonegate.local', now: 0 });
  const { merchant, organisation } = demo;
  const call = callRow(demo);
  await addCall(storage, call);
  const next = random(7);
  for (let i = 0; i < PAYMENTS; i++) {
    const id = newId();
    const language = next() < 0.5 ? 'ja' : 'en';
    const order = { reference: `A-${i}`, description: null, amountMinor: 500, currency: 'JPY' as const };
    const start = { person: null, apiKey: null, purpose: 'charge' as const, language, startedAt: i };
    await addPayment(storage, { ...order, ...start, id, organisation, merchant, call: call.id });
    const given = next() < 0.4;
    const last = given ? Math.floor(next() * STEPS.length) : STEPS.length - 1;
    const path = STEPS.slice(0, last + 1);
    // Some try another card.
    if (last === 3 && next() < 0.2) path.push('card-number', 'expiry', 'processing');
    for (const [place, step] of path.entries()) {
      const left: PaymentStepRow['left'] =
        given && place === path.length - 1 ? (LEFT[Math.floor(next() * LEFT.length)] ?? 'other') : 'finished';
      const facts = { tookMs: Math.floor(next() * 20_000), mistakes: Math.floor(next() * 3), left };
      const trunk = next() < 0.1 ? null : 'demo';
      rows.push({
        payment: id,
        place,
        merchant,
        language,
        trunk,
        purpose: 'charge',
        step,
        at: i * 10 + place,
        ...facts,
      });
    }
    const outcome = given ? 'cancelled' : 'approved';
    await endPayment(storage, id, { outcome, reason: 'none', endedAt: i });
  }
  await addPaymentSteps(storage, rows);
});
afterAll(async () => {
  await storage.destroy();
  rmSync(folder, { recursive: true });
});

const all = (): FunnelFilter => ({ from: 0, to: 1e9, merchants: [demo.merchant] });

/** The same, counted by hand. */
function byHand(of: readonly PaymentStepRow[]) {
  return STEPS.flatMap((step) => {
    const payments = Map.groupBy(
      of.filter((row) => row.step === step),
      ({ payment }) => payment,
    );
    if (payments.size === 0) return [];
    const each = [...payments.values()].map((times) => ({
      left: times.at(-1)?.left,
      took: times.reduce((sum, { tookMs }) => sum + tookMs, 0),
      mistakes: times.reduce((sum, { mistakes }) => sum + mistakes, 0),
    }));
    const count = (left: string) => each.filter((one) => one.left === left).length;
    const finished = each.filter(({ left }) => left === 'finished').sort((a, b) => a.took - b.took);
    const rank = (share: number) => finished[Math.ceil(finished.length * share) - 1]?.took ?? null;
    return {
      step,
      reached: each.length,
      finished: finished.length,
      hungUp: count('hung-up'),
      askedForAgent: count('asked-for-agent'),
      cancelledByAgent: count('cancelled-by-agent'),
      silence: count('silence'),
      mistakes: count('mistakes'),
      other: count('other'),
      p50Ms: rank(0.5),
      p90Ms: rank(0.9),
      corrected: finished.reduce((sum, { mistakes }) => sum + mistakes, 0),
    };
  });
}

const inOrder = <T extends { step: string }>(steps: readonly T[]) =>
  steps.toSorted((a, b) => STEPS.indexOf(a.step) - STEPS.indexOf(b.step));

test('every number of the funnel is what counting by hand gives, and who reached a step finished or left it', async () => {
  const steps = await countSteps(storage, all());
  expect(inOrder(steps)).toEqual(byHand(rows));
  for (const step of steps) {
    const left = step.hungUp + step.askedForAgent + step.cancelledByAgent + step.silence + step.mistakes + step.other;
    expect(step.finished + left).toBe(step.reached);
  }
  expect(await countStepRows(storage, all())).toBe(rows.length);
});

test('it is narrowed by time, language and trunk; another merchant sees nothing', async () => {
  const time = { ...all(), from: 500, to: 1500 };
  expect(inOrder(await countSteps(storage, time))).toEqual(byHand(rows.filter(({ at }) => at >= 500 && at < 1500)));
  const language = { ...all(), language: 'en' };
  expect(inOrder(await countSteps(storage, language))).toEqual(byHand(rows.filter((row) => row.language === 'en')));
  const trunk = { ...all(), trunk: 'demo' };
  expect(inOrder(await countSteps(storage, trunk))).toEqual(byHand(rows.filter((row) => row.trunk === 'demo')));
  expect(await countSteps(storage, { ...all(), purpose: 'verify' })).toEqual([]);
  expect(await countSteps(storage, { ...all(), merchants: [newId()] })).toEqual([]);
  expect(await countSteps(storage, { ...all(), merchants: [] })).toEqual([]);
  expect(await funnelChoices(storage, all())).toEqual({ languages: ['en', 'ja'], trunks: ['demo'] });
});

test('outcomes are those of the payments that are counted', async () => {
  const outcomes = await countOutcomes(storage, all());
  expect([...outcomes.values()].reduce((sum, count) => sum + count, 0)).toBe(PAYMENTS);
  const cancelled = new Set(rows.filter(({ left }) => left !== 'finished').map(({ payment }) => payment)).size;
  expect(outcomes.get('cancelled')).toBe(cancelled);
});

test('old steps are forgotten', async () => {
  await forgetPaymentSteps(storage, 2000);
  expect(await countStepRows(storage, { ...all(), to: 2000 })).toBe(0);
  expect(await countStepRows(storage, all())).toBe(rows.filter(({ at }) => at >= 2000).length);
});
