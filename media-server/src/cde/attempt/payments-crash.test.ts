import { type ChildProcess, spawn } from 'node:child_process';
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { devCa } from '../../shared/dev-ca.ts';
import { newId } from '../../shared/ids.ts';
import type { ChildOrders } from './testing/crash-child.ts';

/**
 * The card process's money part is killed (SIGKILL) at every point at which it writes or asks, against a sandbox in a
 * process of its own; a second life recovers. Whatever was left open, the sandbox's books and the ledger agree. The
 * points are those of the table in docs/money.md (K1 …).
 */
const folder = mkdtempSync(join(tmpdir(), 'crash-'));
const APPROVED = '4242424242424242';
const DECLINED = '4000000000000002';
const SLOW = '4000000000000077';
const LATE = '4000000000000341';
const RESET = '4000000000000119';
const LOST = '4000000000000259';
const AMOUNT = 1000;
const KEY = 'key-of-the-merchant';
const YEAR_MS = 365 * 86_400_000;
const PURPOSES = ['charge', 'authorize', 'card-update'] as const;
type Purpose = (typeof PURPOSES)[number];
let sandbox: ChildProcess;
let port: number;
let caFile: string;
vi.setConfig({ testTimeout: 60_000 });
/** What our ledgers say that is the merchant's, held, refunded and stored. */
const ours = { kept: 0, held: 0, refunded: 0, cards: 0 };

beforeAll(async () => {
  const files = await devCa(join(folder, 'ca'), ['localhost']);
  caFile = files.caFile;
  mkdirSync(join(folder, 'kept'));
  writeFileSync(join(folder, 'key'), KEY);
  const settings = {
    port: 0,
    certFile: files.certFile,
    keyFile: files.keyFile,
    apiKeyFile: join(folder, 'key'),
    logLevel: 'trace',
    slowMs: 500,
  };
  writeFileSync(
    join(folder, 'sandbox.json'),
    JSON.stringify({ ...settings, booksFolder: join(folder, 'kept', 'books') }),
  );
  const main = fileURLToPath(new URL('../../sandbox/main.ts', import.meta.url));
  sandbox = spawn(process.execPath, [main, join(folder, 'sandbox.json')], { stdio: ['ignore', 'pipe', 'inherit'] });
  port = await new Promise<number>((resolve, reject) => {
    sandbox.once('exit', () => reject(new Error('the sandbox ended')));
    sandbox.stdout?.on('data', (chunk) => {
      appendFileSync(join(folder, 'kept', 'sandbox.log'), chunk);
      const ready = /"port":(\d+),"msg":"sandbox ready"/.exec(String(chunk));
      if (ready) resolve(Number(ready[1]));
    });
  });
});

afterAll(async () => {
  const gone = new Promise((resolve) => sandbox.once('exit', resolve));
  sandbox.kill('SIGKILL');
  await gone;
  rmSync(folder, { recursive: true });
});

type Sums = Record<string, number>;
function get(path: string): Promise<{
  status?: string;
  captured?: Sums;
  reversed?: Sums;
  refunded?: Sums;
  held?: Sums;
  merchant?: Sums;
  cards?: number;
  repeated?: number;
  ordersPaidTwice?: string[];
  overdrawn?: string[];
}> {
  return new Promise((resolve, reject) => {
    const options = { host: 'localhost', port, path, ca: readFileSync(caFile), agent: false as const };
    const sent = request({ ...options, headers: { authorization: `Bearer ${KEY}` } }, (answer) => {
      let text = '';
      answer.on('data', (chunk) => (text += chunk));
      answer.on('end', () => resolve(JSON.parse(text)));
    });
    sent.on('error', reject).end();
  });
}

interface Life {
  readonly signal: NodeJS.Signals | null;
  readonly said: string[];
  readonly end: Ending | undefined;
  readonly action: Ending | undefined;
}
type Ending = { told: boolean; result?: { outcome: string; reason: string } };

/** One life of the child; bounded by the test's own time-out, and killed with it. */
function live(orders: ChildOrders): Promise<Life> {
  const script = fileURLToPath(new URL('./testing/crash-child.ts', import.meta.url));
  const child = spawn(process.execPath, [script, JSON.stringify(orders)], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 60_000,
    killSignal: 'SIGABRT',
    // Most of such a life is reading its program.
    env: { ...process.env, NODE_COMPILE_CACHE: join(folder, 'compiled') },
  });
  let output = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  child.stderr.on('data', (chunk) => appendFileSync(join(folder, 'kept', 'child.log'), chunk));
  return new Promise((resolve) => {
    child.once('close', (_code, signal) => {
      const lines = output
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line));
      const said = lines.filter((line) => line.at === 'said').map((line) => String(line.outcome));
      const [end, action] = ['end', 'end-of-action'].map((at) => lines.find((line) => line.at === at));
      resolve({ signal, said, end, action });
    });
  });
}

interface Case {
  readonly number: string;
  readonly dieAt: string;
  readonly purpose?: Purpose;
  readonly tells?: boolean;
  readonly twoSteps?: boolean;
  readonly refunds?: boolean;
  /** How far the second life's wall clock is off, ms. */
  readonly clockShiftMs?: number;
}

function ordersOf({ number, purpose = 'charge', tells = true, twoSteps = false, refunds = false }: Case): ChildOrders {
  const name = newId();
  const [payment, merchant] = [newId(), newId()];
  return {
    settings: {
      ledgerFolder: join(folder, 'kept', name),
      gateway: {
        kind: 'sandbox',
        url: `https://localhost:${port}`,
        caFile,
        keyFile: join(folder, 'key'),
        timeoutMs: number === LATE || number === LOST ? 1500 : 1e4,
        twoSteps,
      },
      lookupDelaysMs: [20, 50, 100, 200, 400, 800],
      reverseAfterMs: tells ? 1e4 : 300,
      absentAgainAfterMs: 100,
    },
    meta: {
      payment,
      merchant,
      purpose,
      member: name,
      order: { reference: name, amountMinor: purpose === 'card-update' ? 0 : AMOUNT, currency: 'JPY' },
    },
    tells,
    ...(refunds && {
      action: { type: 'money', payment: newId(), merchant, of: payment, action: 'refund', amountMinor: AMOUNT / 4 },
    }),
  };
}

/** Pays once, dying at a point; lives again; returns what was said and where it stands. */
async function dieAndRecover(what: Case) {
  const orders = ordersOf(what);
  const first = await live({ ...orders, card: Array.from(what.number, Number), dieAt: what.dieAt });
  const second = await live(what.clockShiftMs === undefined ? orders : { ...orders, clockShiftMs: what.clockShiftMs });

  const db = new DatabaseSync(join(orders.settings.ledgerFolder, 'ledger.sqlite'), { readOnly: true });
  const rows = db.prepare('SELECT gateway_reference, phase, brand, last_four FROM attempts ORDER BY rowid').all();
  db.close();
  expect(rows.length).toBeLessThanOrEqual(what.refunds ? 2 : 1);
  const [row, action] = rows;
  const booked = row && (await get(`/v1/attempts/${String(row['gateway_reference'])}`)).status;
  const bookedAction = action && (await get(`/v1/actions/${String(action['gateway_reference'])}`)).status;
  return { what, first, second, phase: row?.['phase'], booked, bookedAction, lastFour: row?.['last_four'] };
}

/** What must hold in every case. */
function settledTruly({ what, first, second, booked }: Awaited<ReturnType<typeof dieAndRecover>>): void {
  expect(first.signal).toBe('SIGKILL');
  expect(second.signal).toBeNull();
  const outcome = second.end?.result?.outcome;
  expect(outcome).toMatch(/^(approved|declined|failed)$/);
  // The gateway keeps money, hold or card exactly where we say that it is so.
  expect(booked === 'approved').toBe(outcome === 'approved');
  const said = [...first.said, ...second.said];
  if (said.includes('approved')) expect(outcome).toBe('approved');
  if (said.includes('declined')) expect(outcome).toBe('declined');
  if (outcome !== 'approved') return;
  if (what.purpose === 'authorize') ours.held += AMOUNT;
  else if (what.purpose === 'card-update') ours.cards++;
  else ours.kept += AMOUNT;
}

const eachPurpose = (points: readonly string[]) =>
  points.flatMap((dieAt) => PURPOSES.map((purpose) => [dieAt, purpose] as const));

test.concurrent.each(
  eachPurpose([
    'before-intend', // K1
    'after-intend', // K2
    'before-send',
    'after-send', // K5
    'mid-body', // K6
    'released', // K12
    'reply-in-socket', // K8
    'before-answer', // K9
    'after-answer', // K10
  ]),
)('killed at %s of a %s: done once and told, or not at all', async (dieAt, purpose) => {
  settledTruly(await dieAndRecover({ number: APPROVED, dieAt, purpose }));
});

test.concurrent.each(PURPOSES)(
  'killed when a %s was carried out and not answered (K7): done once and told',
  async (purpose) => {
    const after = await dieAndRecover({ number: SLOW, dieAt: 'executed', purpose });
    settledTruly(after);
    expect(after.booked).toBe('approved');
  },
);

test.concurrent.each(eachPurpose(['before-prepared', 'after-prepared', 'after-send', 'before-answer']))(
  'in two steps, killed at %s of a %s (K3, K4): done once and told, or not at all',
  async (dieAt, purpose) => {
    const after = await dieAndRecover({ number: APPROVED, dieAt, purpose, twoSteps: true });
    settledTruly(after);
    if (dieAt.endsWith('prepared')) expect(after).toMatchObject({ phase: 'not-executed', booked: 'prepared' });
  },
);

test.concurrent.each(['before-told', 'after-told'])(
  'killed at %s (K11): the money stays, and is told once more or was told',
  async (dieAt) => {
    const after = await dieAndRecover({ number: APPROVED, dieAt });
    settledTruly(after);
    expect(after.second.end).toMatchObject({ told: true, result: { outcome: 'approved' } });
  },
);

test.concurrent.each(['released', 'before-answer', 'after-answer'])(
  'killed at %s, a declined card: declined or failed, nothing taken',
  async (dieAt) => {
    settledTruly(await dieAndRecover({ number: DECLINED, dieAt }));
  },
);

test.concurrent.each(
  (['charge', 'authorize'] as const).flatMap((purpose) =>
    ['released', 'after-answer', 'asking-look-up', 'before-found', 'after-found'].map(
      (dieAt) => [dieAt, purpose] as const,
    ),
  ),
)('killed at %s (K13, K14), a %s without an answer that nobody is told of: given back', async (dieAt, purpose) => {
  const after = await dieAndRecover({ number: LATE, dieAt, tells: false, purpose });
  settledTruly(after);
  expect(after.booked).toMatch(/^(reversed|undefined)$/);
});

test.concurrent.each(['asking-look-up', 'before-found', 'after-found'])(
  'killed at %s, a card that was stored without an answer: stored, and never taken out again',
  async (dieAt) => {
    const after = await dieAndRecover({ number: LATE, dieAt, tells: false, purpose: 'card-update' });
    settledTruly(after);
    expect(after).toMatchObject({ phase: 'done', booked: 'approved' });
  },
);

test.concurrent.each(
  (['charge', 'authorize'] as const).flatMap((purpose) =>
    ['before-wake', 'after-wake', 'before-reversal', 'after-reversal'].map((dieAt) => [dieAt, purpose] as const),
  ),
)('killed at %s (K16), in giving a %s back: given back once', async (dieAt, purpose) => {
  const after = await dieAndRecover({ number: APPROVED, dieAt, tells: false, purpose });
  settledTruly(after);
  expect(after).toMatchObject({ phase: 'reversed', booked: 'reversed' });
});

test.concurrent.each([
  [SLOW, 'reversal-sent'],
  [RESET, 'after-answer'],
])('a reversal whose reply never came (K15, card %s, killed at %s): given back once', async (number, dieAt) => {
  const after = await dieAndRecover({ number, dieAt, tells: false });
  settledTruly(after);
  expect(after).toMatchObject({ phase: 'reversed', booked: 'reversed' });
});

test.concurrent.each([YEAR_MS, -YEAR_MS])(
  'a life whose clock is off by %d ms (K19) finds the same: told in time the money stays, else it is given back',
  async (clockShiftMs) => {
    settledTruly(await dieAndRecover({ number: APPROVED, dieAt: 'after-answer', clockShiftMs }));
    settledTruly(await dieAndRecover({ number: APPROVED, dieAt: 'released', clockShiftMs }));
    const untold = await dieAndRecover({ number: APPROVED, dieAt: 'after-answer', tells: false, clockShiftMs });
    settledTruly(untold);
    expect(untold.booked).toBe('reversed');
  },
);

test.concurrent('approved after our time was over (K20): looked up, told, kept', async () => {
  const after = await dieAndRecover({ number: LATE, dieAt: 'after-told' });
  settledTruly(after);
  expect(after).toMatchObject({ phase: 'told', booked: 'approved' });
});

test.concurrent('killed after a request that was never carried out: not executed', async () => {
  const after = await dieAndRecover({ number: LOST, dieAt: 'after-answer' });
  settledTruly(after);
  expect(after).toMatchObject({ phase: 'not-executed', lastFour: null });
});

test.concurrent.each([
  'before-intend',
  'after-intend',
  'after-send',
  'reply-in-socket',
  'before-answer',
  'after-answer',
])('killed at %s of a refund: refunded once and known, or not at all; the charge stays', async (dieAt) => {
  const after = await dieAndRecover({ number: APPROVED, dieAt, refunds: true });
  settledTruly(after);
  const outcome = after.second.action?.result?.outcome;
  expect(outcome ?? 'failed').toMatch(/^(approved|failed)$/);
  expect(after.bookedAction === 'approved').toBe(outcome === 'approved');
  if (outcome === 'approved') ours.refunded += AMOUNT / 4;
});

test.concurrent('two processes that recover at once (K17): one acts, the other finds the lock and gives up', async () => {
  const orders = ordersOf({ number: APPROVED, dieAt: '', tells: false });
  await live({ ...orders, card: Array.from(APPROVED, Number), dieAt: 'after-answer' });
  const both = await Promise.all([live(orders), live(orders)]);
  const ends = both.map(({ end }) => end?.result).filter(Boolean);
  // The second either gave up or came when the first was done.
  expect(ends.length).toBeGreaterThan(0);
  for (const result of ends) expect(result).toMatchObject({ outcome: 'failed' });
  const db = new DatabaseSync(join(orders.settings.ledgerFolder, 'ledger.sqlite'), { readOnly: true });
  const asked = db.prepare(`SELECT event FROM events WHERE event = 'wake'`).all();
  db.close();
  expect(asked).toHaveLength(1);
});

test('over all cases the books agree: no request came twice, no order was paid twice, what is kept is what we say', async () => {
  const books = await get('/v1/books');
  expect(books).toMatchObject({ repeated: 0, ordersPaidTwice: [], overdrawn: [] });
  const { merchant, held, refunded, cards } = books;
  expect({ merchant: merchant?.['JPY'], held: held?.['JPY'], refunded: refunded?.['JPY'], cards }).toEqual({
    merchant: ours.kept - ours.refunded,
    held: ours.held,
    refunded: ours.refunded,
    cards: ours.cards,
  });
});

test('no ledger, WAL, books or log holds twelve digits of a card in a row, in any of three forms', () => {
  const files = readdirSync(join(folder, 'kept'), { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, 'kept', name))
    .filter((file) => statSync(file).isFile());
  expect(files.length).toBeGreaterThan(20);
  const found = files.filter((file) => holdsDigits(readFileSync(file)));
  expect(found).toEqual([]);
  // The search itself finds each form.
  const digits = Array.from(APPROVED, Number);
  for (const planted of [Buffer.from(APPROVED), Buffer.from(digits), Buffer.from(APPROVED, 'hex')]) {
    expect(holdsDigits(Buffer.concat([Buffer.from('before'), planted, Buffer.from('after')]))).toBe(true);
  }
});

function holdsDigits(bytes: Buffer): boolean {
  return [APPROVED, DECLINED, LATE, LOST, SLOW, RESET].some((number) => {
    for (let start = 0; start + 12 <= number.length; start++) {
      if (bytes.includes(number.slice(start, start + 12))) return true;
    }
    // As bytes, a part of these that is mostly zeros is everywhere; the whole number isn't.
    const binary = number === APPROVED ? number.slice(0, 12) : number;
    return bytes.includes(Buffer.from(Array.from(binary, Number))) || bytes.includes(Buffer.from(binary, 'hex'));
  });
}
