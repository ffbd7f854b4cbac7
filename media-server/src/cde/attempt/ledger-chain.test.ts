import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { newId } from '../../shared/ids.ts';
import { HeadFile } from './ledger-chain.ts';
import { LedgerStore } from './ledger-store.ts';

const MAX_BYTES = 2 ** 30;
const NOW = Date.UTC(2026, 0, 1);
let folder: string;
let live: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'chain-'));
  live = join(folder, 'live');
});
afterEach(() => rmSync(folder, { recursive: true }));

function open(place = live, acceptLoss = false): LedgerStore {
  return new LedgerStore({ folder: place, maxBytes: MAX_BYTES, acceptLoss });
}

function write(ledger: LedgerStore, payments: number): void {
  for (let n = 0; n < payments; n++) {
    const order = { reference: newId(), amountMinor: 1, currency: 'JPY' } as const;
    ledger.openPayment({ payment: newId(), merchant: newId(), purpose: 'charge', order, at: NOW, paidSince: NOW });
  }
}

/** The folder as a power cut leaves it: the WAL as it is at this moment, no lock. */
function powerCut(name: string): string {
  const place = join(folder, name);
  mkdirSync(place);
  for (const file of ['ledger.sqlite', 'ledger.sqlite-wal', 'ledger.head']) {
    if (existsSync(join(live, file))) cpSync(join(live, file), join(place, file));
  }
  return place;
}

/** Cuts off the WAL's end: `bytes` of it never reached the disk. */
function lose(place: string, bytes: number): void {
  const wal = join(place, 'ledger.sqlite-wal');
  truncateSync(wal, readFileSync(wal).length - bytes);
}

test('what was answered before a power cut is there after it, and money is taken again', () => {
  const ledger = open();
  write(ledger, 3);
  const place = powerCut('cut');
  ledger.close();
  const again = open(place);
  write(again, 1);
  expect(again.check()).toBeUndefined();
  again.close();
});

test.each([1, 4096, 12_000])(
  'a ledger whose last %d bytes never reached the disk is found: no money is taken',
  (bytes) => {
    const ledger = open();
    write(ledger, 5);
    const place = powerCut('torn');
    ledger.close();
    lose(place, bytes);
    expect(() => open(place)).toThrow(
      /not whole: it ends at event \d, and event 5 was written.*npm run ledger -- accept/s,
    );
    // Asked again, it says the same: nothing was mended behind anybody's back.
    expect(() => open(place)).toThrow(/not whole/);
  },
);

test('an operator accepts the loss: it is written down, and money is taken again', () => {
  const ledger = open();
  write(ledger, 5);
  const place = powerCut('torn');
  ledger.close();
  lose(place, 12_000);
  const accepted = open(place, true);
  write(accepted, 1);
  accepted.close();
  const again = open(place);
  expect(again.check()).toBeUndefined();
  again.close();
  const db = new DatabaseSync(join(place, 'ledger.sqlite'), { readOnly: true });
  const events = db.prepare(`SELECT event, content FROM events WHERE event = 'loss-accepted'`).all();
  expect(events).toHaveLength(1);
  expect(String(events[0]?.['content'])).toContain('event 5 was written');
  db.close();
});

test('a ledger put back from an older copy is found; so is a ledger without its head, and a head without its ledger', () => {
  const ledger = open();
  write(ledger, 2);
  const older = powerCut('older');
  write(ledger, 2);
  const newer = powerCut('newer');
  ledger.close();
  cpSync(join(newer, 'ledger.head'), join(older, 'ledger.head'));
  expect(() => open(older)).toThrow('it ends at event 2, and event 4 was written');
  rmSync(join(newer, 'ledger.head'));
  expect(() => open(newer)).toThrow('its head file is missing');
  rmSync(join(live, 'ledger.sqlite'));
  expect(() => open()).toThrow('it ends at event 0, and event 4 was written');
});

test('a process that died between commit and head leaves a ledger that is ahead, which is fine', () => {
  const ledger = open();
  write(ledger, 2);
  const before = powerCut('before');
  write(ledger, 3);
  const ahead = powerCut('ahead');
  ledger.close();
  cpSync(join(before, 'ledger.head'), join(ahead, 'ledger.head'));
  open(ahead).close();
  const head = new HeadFile(join(ahead, 'ledger.head'));
  expect(head.read()?.number).toBe(5);
  head.close();
});

test('a torn write of the head leaves the link before it, and that is in the ledger', () => {
  const ledger = open();
  write(ledger, 4);
  ledger.close();
  const file = join(live, 'ledger.head');
  const bytes = readFileSync(file);
  const newest = bytes.subarray(0, 128).toString().startsWith('4 ') ? 0 : 128;
  bytes.fill(0x20, newest + 20, newest + 60);
  writeFileSync(file, bytes);
  const head = new HeadFile(file);
  expect(head.read()?.number).toBe(3);
  head.close();
  open().close();
});

test('a changed event or a changed attempt is found by the check', () => {
  const ledger = open();
  const payment = newId();
  const order = { reference: 'A-1', amountMinor: 1, currency: 'JPY' } as const;
  ledger.openPayment({ payment, merchant: newId(), purpose: 'charge', order, at: NOW, paidSince: NOW });
  const state = { purpose: 'charge', phase: 'intended', since: NOW, reason: 'no-answer', lookups: 0 } as const;
  ledger.intend({ id: newId(), payment, gateway: 'sandbox', reference: newId(), mayGoOn: false, state });
  ledger.close();
  const db = new DatabaseSync(join(live, 'ledger.sqlite'));
  db.exec(`UPDATE attempts SET phase = 'declined'`);
  const changed = open();
  expect(changed.check()).toMatch(/attempt [a-z]{26}: phase isn't what was written/);
  changed.close();
  db.exec(`UPDATE attempts SET phase = 'intended'; DROP TRIGGER events_no_update`);
  db.exec(`UPDATE events SET content = replace(content, '"amount_minor":1', '"amount_minor":2') WHERE number = 1`);
  db.close();
  const forged = open();
  expect(forged.check()).toMatch(/event 1 isn't what was written/);
  forged.close();
});

test('when the head cannot be written any more nothing is taken, until the next start', () => {
  open().close();
  rmSync(join(live, 'ledger.head'));
  // Reads as an empty head, and is always full.
  symlinkSync('/dev/full', join(live, 'ledger.head'));
  const ledger = open();
  expect(() => write(ledger, 1)).toThrow(
    /the head file .* can't be written \(.*ENOSPC.*\): nothing is taken until the next start/,
  );
  expect(() => write(ledger, 1)).toThrow('nothing is taken until the next start');
  expect(ledger.list(NOW)).toHaveLength(0);
  ledger.close();
});

test('a ledger of the first version is taken over with what hangs in it, and chained from then on', () => {
  mkdirSync(live);
  const db = new DatabaseSync(join(live, 'ledger.sqlite'));
  db.exec(readFileSync(fileURLToPath(new URL('./testing/ledger-version-1.sql', import.meta.url)), 'utf8'));
  db.close();
  const ledger = open();
  const [hanging] = ledger.hanging();
  expect(hanging).toMatchObject({ gateway: 'sandbox', state: { purpose: 'charge', phase: 'unknown', sentAt: 5 } });
  expect(ledger.list(NOW)).toMatchObject([{ result: { outcome: 'unknown' } }]);
  write(ledger, 1);
  expect(ledger.check()).toBeUndefined();
  ledger.close();
  open().close();
});

test("the operator's command says whether it is whole, and takes it up again after a loss", () => {
  const script = fileURLToPath(new URL('../../../../scripts/ledger.ts', import.meta.url));
  const run = (command: string) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [script, command, live], { encoding: 'utf8' });
    return { status, said: stdout + stderr };
  };
  const ledger = open();
  write(ledger, 2);
  ledger.close();
  expect(run('check')).toEqual({ status: 0, said: expect.stringContaining('whole') });
  rmSync(join(live, 'ledger.head'));
  expect(run('check')).toEqual({ status: 1, said: expect.stringContaining('its head file is missing') });
  expect(run('accept')).toEqual({ status: 0, said: expect.stringContaining('accepted') });
  expect(run('check')).toMatchObject({ status: 0 });
  expect(run('mend')).toEqual({ status: 2, said: expect.stringContaining('usage') });
});
