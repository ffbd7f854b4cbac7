import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LEDGER_MAX_BYTES } from '../../media-server/src/cde/attempt/ledger.ts';
import { LedgerStore } from '../../media-server/src/cde/attempt/ledger-store.ts';
import { type Kind, KINDS } from './gateway-kinds.ts';
import { type SimulationReport, simulateMoney } from './money.ts';
import { PLANTS } from './plants.ts';

const PAYMENTS = 100_000;
let report: SimulationReport;

beforeAll(async () => {
  report = await simulateMoney({ seed: 20_261_124, payments: PAYMENTS });
}, 300_000);

test('100,000 payments over every kind of gateway, answer, death and fault: nothing twice, nothing lost, nobody told wrong, the books agree', () => {
  expect(report.payments).toBe(PAYMENTS);
  expect(report.violations).toEqual(new Map());
});

/** What has to have happened to attempts with a gateway, as the ledger names it. */
function eventsOf({ twoSteps, lookUp, pendingMs, reversal }: Kind): string[] {
  const looks = lookUp === 'none' ? [] : ['absent', 'approved', 'declined', ...(pendingMs > 0 ? ['pending'] : [])];
  return [
    ...['send', 'told', 'wake', 'recovered', 'abandoned', 'no-gateway', 'found:no-answer', 'reversal:no-answer'],
    ...['approved', 'declined', 'failed', 'unknown'].map((is) => `answer:${is}`),
    ...['approved', 'not-executed', 'reversed'].map((as) => `resolved:${as}`),
    ...looks.map((is) => `found:${is}`),
    ...(twoSteps ? ['prepared', 'failed', 'no-answer'].map((is) => `prepared:${is}`) : []),
    ...(reversal === 'none' ? [] : ['reversal:reversed', ...(lookUp === 'none' ? [] : ['found:reversed'])]),
  ];
}

/** Where a process has to have died with it: before and after each write of an input, and at each request. */
function deathsOf({ twoSteps }: Kind): string[] {
  const inputs = [
    'send',
    'answer',
    'found',
    'reversal',
    'told',
    'wake',
    'recovered',
    ...(twoSteps ? ['prepared'] : []),
  ];
  const writes = ['openPayment', 'intend', 'writeAttempt', 'endPayment', 'markTold', 'endAbandoned', 'openMoney'];
  return [
    ...[...inputs, ...writes].flatMap((what) => [`before-${what}`, `after-${what}`]),
    ...['before-request', 'released', 'before-question', 'asking-look-up', 'before-reverse', 'asking-reverse'],
  ];
}

test.each(KINDS)('with the gateway "$name" every answer was met, and death at every point', (kind) => {
  const { events, deaths } = report.seen.get(kind.name) ?? { events: new Set(), deaths: new Set() };
  expect([...events]).toEqual(expect.arrayContaining(eventsOf(kind)));
  expect([...deaths]).toEqual(expect.arrayContaining(deathsOf(kind)));
});

test('a seed tells the same story again', async () => {
  const tell = () => simulateMoney({ seed: 1, payments: 500, plant: 'first-absent-believed' });
  expect(await tell()).toEqual(await tell());
});

test('the model of the ledger answers as the ledger does: on its files the same payments come to the same end', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'simulation-'));
  let store: LedgerStore | undefined;
  let stories = 0;
  afterAll(() => {
    store?.close();
    rmSync(folder, { recursive: true });
  });
  const onFiles = () => {
    store?.close();
    store = new LedgerStore({ folder: join(folder, String(stories++)), maxBytes: LEDGER_MAX_BYTES });
    return store;
  };
  const given = { seed: 7, payments: 1000 };
  expect(await simulateMoney({ ...given, store: onFiles })).toEqual(await simulateMoney(given));
}, 120_000);

/** What each fault has to be found by, whatever else it leads to. */
const FOUND_BY: Record<(typeof PLANTS)[number], string> = {
  'repeat-instead-of-look-up': 'sent twice',
  'told-before-commit': 'told approved before it was durable',
  'reversal-without-key': 'given back twice',
  'first-absent-believed': 'failed, and in the books',
  'sent-before-intent-is-durable': 'sent before that was durable',
  'reversal-after-told': 'told approved, and not in the books',
  'refund-above-captured': 'refunded above what was captured',
  'second-beside-unknown': 'sent beside another that is not known',
};

test.each(PLANTS)('a driver with the fault "%s" is found', async (plant) => {
  const { violations } = await simulateMoney({ seed: 1, payments: 2000, plant });
  expect(violations.get(FOUND_BY[plant])).toBeGreaterThan(0);
});
