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
import { afterAll, beforeAll, expect, test } from 'vitest';
import { devCa } from '../../shared/dev-ca.ts';
import { newId } from '../../shared/ids.ts';
import type { ChildOrders } from './testing/crash-child.ts';

/**
 * The card process's money part is killed (SIGKILL) at every point at which it writes or asks, against a sandbox in a
 * process of its own; a second life recovers. Whatever was left open, the sandbox's books and the ledger agree.
 */
const folder = mkdtempSync(join(tmpdir(), 'crash-'));
const APPROVED = '4242424242424242';
const DECLINED = '4000000000000002';
const LATE = '4000000000000341';
const LOST = '4000000000000259';
const AMOUNT = 1000;
const KEY = 'key-of-the-merchant';
let sandbox: ChildProcess;
let port: number;
let caFile: string;
let kept = 0;

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

function get(path: string): Promise<{
  status?: string;
  captured?: Record<string, number>;
  reversed?: Record<string, number>;
  repeated?: number;
  ordersPaidTwice?: string[];
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
  readonly end: { told: boolean; result: { outcome: string; reason: string } } | undefined;
}

/** One life of the child; bounded by the test's own time-out, and killed with it. */
function live(orders: ChildOrders): Promise<Life> {
  const script = fileURLToPath(new URL('./testing/crash-child.ts', import.meta.url));
  const child = spawn(process.execPath, [script, JSON.stringify(orders)], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 15_000,
    killSignal: 'SIGABRT',
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
      resolve({ signal, said, end: lines.find((line) => line.at === 'end') });
    });
  });
}

/** Pays once, dying at a point; lives again; returns what was said and where it stands. */
async function dieAndRecover(number: string, dieAt: string, tells: boolean) {
  const name = newId();
  const ledgerFolder = join(folder, 'kept', name);
  const orders: ChildOrders = {
    settings: {
      ledgerFolder,
      gateway: {
        kind: 'sandbox',
        url: `https://localhost:${port}`,
        caFile,
        keyFile: join(folder, 'key'),
        timeoutMs: number === LATE || number === LOST ? 1500 : 1e4,
      },
      lookupDelaysMs: [20, 50, 100, 200, 400, 800],
      reverseAfterMs: tells ? 1e4 : 300,
      absentAgainAfterMs: 100,
    },
    meta: {
      payment: newId(),
      merchant: newId(),
      purpose: 'charge',
      order: { reference: name, amountMinor: AMOUNT, currency: 'JPY' },
    },
    tells,
  };
  const first = await live({ ...orders, card: Array.from(number, Number), dieAt });
  const second = await live(orders);

  const db = new DatabaseSync(join(ledgerFolder, 'ledger.sqlite'), { readOnly: true });
  const rows = db.prepare('SELECT gateway_reference, phase, brand, last_four FROM attempts').all();
  db.close();
  expect(rows.length).toBeLessThanOrEqual(1);
  const booked = rows[0] && (await get(`/v1/attempts/${String(rows[0]['gateway_reference'])}`)).status;
  return { first, second, phase: rows[0]?.['phase'], booked, lastFour: rows[0]?.['last_four'] };
}

/** What must hold in every case. */
function settledTruly({ first, second, booked }: Awaited<ReturnType<typeof dieAndRecover>>): void {
  expect(first.signal).toBe('SIGKILL');
  expect(second.signal).toBeNull();
  const outcome = second.end?.result.outcome;
  expect(outcome).toMatch(/^(approved|declined|failed)$/);
  // The gateway keeps the money exactly where we say that it is paid.
  expect(booked === 'approved').toBe(outcome === 'approved');
  const said = [...first.said, ...second.said];
  if (said.includes('approved')) expect(outcome).toBe('approved');
  if (said.includes('declined')) expect(outcome).toBe('declined');
  if (outcome === 'approved') kept += AMOUNT;
}

const PAYING = [
  'before-intend',
  'after-intend',
  'before-send',
  'after-send',
  'released',
  'before-answer',
  'after-answer',
];

test.each([...PAYING, 'before-told', 'after-told'])(
  'killed at %s, an approved card: paid once and told, or not at all',
  async (dieAt) => {
    settledTruly(await dieAndRecover(APPROVED, dieAt, true));
  },
);

test.each(['released', 'before-answer', 'after-answer'])(
  'killed at %s, a declined card: declined or failed, nothing taken',
  async (dieAt) => {
    settledTruly(await dieAndRecover(DECLINED, dieAt, true));
  },
);

test.each(['released', 'before-answer', 'after-answer', 'before-found', 'after-found'])(
  'killed at %s, money that moved without an answer and that nobody is told of: given back',
  async (dieAt) => {
    const after = await dieAndRecover(LATE, dieAt, false);
    settledTruly(after);
    expect(after.booked).toMatch(/^(reversed|undefined)$/);
  },
);

test.each(['before-wake', 'after-wake', 'before-reversal', 'after-reversal'])(
  'killed at %s, in giving back: given back once',
  async (dieAt) => {
    const after = await dieAndRecover(APPROVED, dieAt, false);
    settledTruly(after);
    expect(after).toMatchObject({ phase: 'reversed', booked: 'reversed' });
  },
);

test('killed after a request that was never carried out: not executed', async () => {
  const after = await dieAndRecover(LOST, 'after-answer', true);
  settledTruly(after);
  expect(after).toMatchObject({ phase: 'not-executed', lastFour: null });
});

test('over all cases the books agree: no request came twice, no order was paid twice, what is kept is what we say', async () => {
  const { captured, reversed, repeated, ordersPaidTwice } = await get('/v1/books');
  expect({ repeated, ordersPaidTwice }).toEqual({ repeated: 0, ordersPaidTwice: [] });
  expect((captured?.['JPY'] ?? 0) - (reversed?.['JPY'] ?? 0)).toBe(kept);
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
  return [APPROVED, DECLINED, LATE, LOST].some((number) => {
    for (let start = 0; start + 12 <= number.length; start++) {
      if (bytes.includes(number.slice(start, start + 12))) return true;
    }
    // As bytes, a part of these that is mostly zeros is everywhere; the whole number isn't.
    const binary = number === APPROVED ? number.slice(0, 12) : number;
    return bytes.includes(Buffer.from(Array.from(binary, Number))) || bytes.includes(Buffer.from(binary, 'hex'));
  });
}
