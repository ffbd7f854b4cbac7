import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { TestClock } from '../shared/clock.ts';
import { newId } from '../shared/ids.ts';
import { silentLogger } from '../shared/logger.ts';
import { auditHead, checkAudit, writeAudit } from './audit.ts';
import { addCall } from './calls.ts';
import { deleteMember, putMember } from './members.ts';
import { addPayment, endPayment } from './payments.ts';
import { BATCH_ROWS, eraseAudit } from './retention.ts';
import { DAY_MS, type RetentionDays, RetentionRunner } from './retention-runner.ts';
import { openStorage, type Storage } from './storage.ts';
import type { CallRow, Outcome, PaymentRow } from './tables.ts';
import { callRow, memoryStorage, testSigner } from './test-storage.ts';

const NEVER: RetentionDays = { callsDays: 0, paymentsDays: 0, auditDays: 0 };
const signer = testSigner();
const of = { organisation: newId(), merchant: newId() };

let storage: Storage;
let clock: TestClock;
let runner: RetentionRunner | undefined;

beforeEach(async () => {
  clock = new TestClock();
  storage = await memoryStorage(clock.now());
  await addMerchants();
});

async function addMerchants(): Promise<void> {
  const createdAt = clock.now();
  await storage.insertInto('organisations').values({ id: of.organisation, name: 'O', createdAt }).execute();
  await storage
    .insertInto('merchants')
    .values({
      id: of.merchant,
      organisation: of.organisation,
      name: 'M',
      timeZone: 'Asia/Tokyo',
      currency: 'JPY',
      language: 'ja',
      createdAt,
      gentle: 0,
      cards: 2,
      brands: null,
      amountLimitMinor: null,
      agentsTypePhones: 0,
    })
    .execute();
}
afterEach(async () => {
  await runner?.stop();
  runner = undefined;
  await storage.destroy();
});

function retention(days: Partial<RetentionDays>, isAuditBroken = () => false): RetentionRunner {
  runner = new RetentionRunner({
    storage,
    clock,
    log: silentLogger,
    signer,
    days: { ...NEVER, ...days },
    isAuditBroken,
  });
  return runner;
}

/** A call that has ended now. */
async function call(facts: Partial<CallRow> = {}): Promise<string> {
  const now = clock.now();
  const row = callRow(of, {
    startedAt: now - 1000,
    endedAt: now,
    end: 'customer-hung-up',
    displayName: 'Sato',
    ...facts,
  });
  await addCall(storage, row);
  return row.id;
}

async function payment(
  inCall: string,
  outcome: Outcome | undefined,
  facts: Partial<Pick<PaymentRow, 'purpose' | 'about' | 'reference'>> = {},
): Promise<string> {
  const id = newId();
  await addPayment(storage, {
    id,
    ...of,
    call: inCall,
    person: null,
    apiKey: null,
    purpose: 'charge',
    reference: 'A-1',
    description: null,
    amountMinor: 500,
    currency: 'JPY',
    language: 'ja',
    startedAt: clock.now(),
    ...facts,
  });
  if (outcome !== undefined) await endPayment(storage, id, { outcome, reason: 'none', endedAt: clock.now() });
  return id;
}

const ids = async (table: 'payments' | 'calls') =>
  (await storage.selectFrom(table).select('id').orderBy('id').execute()).map(({ id }) => id).sort();

test('payments and calls are erased when their days are over, not a day sooner, and only by their own setting', async () => {
  const first = await call();
  const paid = await payment(first, 'approved');
  const plain = await call();
  retention({ callsDays: 30, paymentsDays: 10 }).start();
  await runner?.settled();
  clock.advance(10 * DAY_MS);
  await runner?.settled();
  expect(await ids('payments')).toEqual([paid]);
  clock.advance(DAY_MS);
  await runner?.settled();
  expect(await ids('payments')).toEqual([]);
  expect(await ids('calls')).toEqual([first, plain].sort());
  clock.advance(20 * DAY_MS);
  await runner?.settled();
  expect(await ids('calls')).toEqual([]);
});

test('without a setting nothing is ever erased', async () => {
  const one = await call();
  const two = await payment(one, 'declined');
  for (let i = 0; i < 5; i++) await writeAudit(storage, { actorKind: 'server', action: 'a' }, clock.now());
  clock.advance(4000 * DAY_MS);
  retention({}).start();
  await runner?.settled();
  expect([await ids('calls'), await ids('payments')]).toEqual([[one], [two]]);
  expect((await storage.selectFrom('audit').selectAll().execute()).length).toBe(5);
});

test('a payment that isn’t settled is never erased, nor one whose money isn’t, nor one that a merchant is still to be told of', async () => {
  const inCall = await call();
  const running = await payment(inCall, undefined);
  const unknown = await payment(inCall, 'unknown');
  const held = await payment(inCall, 'approved', { purpose: 'authorize' });
  const refunding = await payment(inCall, 'approved');
  const refund = await payment(inCall, 'unknown', { purpose: 'refund', about: refunding });
  const untold = await payment(inCall, 'approved');
  await storage
    .insertInto('webhookEvents')
    .values({ id: newId(), merchant: of.merchant, payment: untold, at: 1, tries: 1, nextAt: 1 })
    .execute();
  const captured = await payment(inCall, 'approved', { purpose: 'authorize' });
  await payment(inCall, 'approved', { purpose: 'capture', about: captured });
  await payment(inCall, 'declined');
  clock.advance(4000 * DAY_MS);
  retention({ callsDays: 1, paymentsDays: 1 }).start();
  await runner?.settled();
  const kept = [running, unknown, held, refunding, refund, untold];
  expect(await ids('payments')).toEqual(kept.sort());
  // Their call stays for them, without whose it was.
  expect(await storage.selectFrom('calls').select(['id', 'number', 'displayName', 'called']).execute()).toEqual([
    { id: inCall, number: null, displayName: null, called: '+81312345678' },
  ]);
});

test('a refund of yesterday keeps its payment of last year', async () => {
  const inCall = await call();
  const paid = await payment(inCall, 'approved');
  clock.advance(365 * DAY_MS);
  const refund = await payment(inCall, 'approved', { purpose: 'refund', about: paid });
  clock.advance(DAY_MS);
  retention({ paymentsDays: 30 }).start();
  await runner?.settled();
  expect(await ids('payments')).toEqual([paid, refund].sort());
  clock.advance(30 * DAY_MS);
  await runner?.settled();
  expect(await ids('payments')).toEqual([]);
});

test('of any number all is erased, and the audit is told how many', async () => {
  const inCall = await call();
  for (let i = 0; i < BATCH_ROWS * 2 + 1; i++) await payment(inCall, 'declined');
  clock.advance(40 * DAY_MS);
  retention({ callsDays: 30, paymentsDays: 30 }).start();
  await runner?.settled();
  expect(await ids('payments')).toEqual([]);
  const [row] = await storage.selectFrom('audit').selectAll().execute();
  expect(row).toMatchObject({ action: 'retention-erase', actorKind: 'server' });
  expect(JSON.parse(row?.detail ?? '')).toEqual({ payments: BATCH_ROWS * 2 + 1, calls: 1, audit: 0 });
});

test('what was erased is in no file any more, nor is a member who was forgotten', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'retention-'));
  await storage.destroy();
  const opened = await openStorage({ kind: 'sqlite', file: join(folder, 'a.sqlite') }, clock.now());
  if (!opened.ok) throw new Error(opened.error.message);
  storage = opened.value;
  await addMerchants();
  const SAID = ['Sato Hanako', '+819011112222', 'ORDER-OF-SATO', 'member-of-sato', '+819033334444'];
  const found = () => {
    const bytes = readdirSync(folder).map((name) => readFileSync(join(folder, name)));
    return SAID.filter((words) => bytes.some((each) => each.includes(words)));
  };
  const inCall = await call({ displayName: 'Sato Hanako' });
  await payment(inCall, 'approved', { reference: 'ORDER-OF-SATO' });
  await putMember(
    storage,
    { merchant: of.merchant, member: 'member-of-sato', phone: '+819033334444', language: null, gentle: 0 },
    clock.now(),
  );
  expect(found()).toEqual(SAID);
  await deleteMember(storage, of.merchant, 'member-of-sato');
  clock.advance(40 * DAY_MS);
  retention({ callsDays: 30, paymentsDays: 30 }).start();
  await runner?.settled();
  expect(found()).toEqual([]);
  rmSync(folder, { recursive: true });
});

async function audited(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await writeAudit(storage, { actorKind: 'server', action: `a${i}` }, clock.now());
}

const numbers = async () =>
  (await storage.selectFrom('audit').select('number').orderBy('number').execute()).map(({ number }) => number);

test('the audit’s oldest entries are erased when their days are over, and what is left is still a whole chain', async () => {
  await audited(BATCH_ROWS + 5);
  clock.advance(400 * DAY_MS);
  await audited(3);
  const sealed = await auditHead(storage);
  retention({ auditDays: 365 }).start();
  await runner?.settled();
  const first = BATCH_ROWS + 6;
  // The three, and what the erasing itself wrote.
  expect(await numbers()).toEqual([first, first + 1, first + 2, first + 3]);
  expect(await storage.selectFrom('auditCheckpoints').select('number').execute()).toEqual([{ number: first - 1 }]);
  expect(await checkAudit(storage, sealed, signer)).toEqual([]);
});

test('after erasing, what is changed or taken out is found as before, and so is a checkpoint that somebody else wrote', async () => {
  await audited(6);
  clock.advance(400 * DAY_MS);
  await audited(3);
  await eraseAudit(storage, clock.now() - 365 * DAY_MS, signer, clock.now());
  expect(await checkAudit(storage, undefined, signer)).toEqual([]);
  await sql`drop trigger audit_no_update`.execute(storage);
  await sql`update audit set action = 'nothing' where number = 8`.execute(storage);
  expect(await checkAudit(storage, undefined, signer)).toEqual(['row 8 was changed']);
  const digest = (await storage.selectFrom('audit').select('digest').where('number', '=', 8).executeTakeFirst())
    ?.digest;
  const forged = { number: 8, digest: digest ?? '', at: 1, signature: 'forged' };
  await storage.insertInto('auditCheckpoints').values(forged).execute();
  expect(await checkAudit(storage, undefined, signer)).toEqual(["the checkpoint at row 8 isn't this server's"]);
});

test('the audit gives up no entry but by a checkpoint, the last one stays, and a broken audit is left as it is', async () => {
  await audited(4);
  clock.advance(400 * DAY_MS);
  await expect(storage.deleteFrom('audit').where('number', '=', 1).execute()).rejects.toThrow('append-only');
  retention({ auditDays: 1 }, () => true).start();
  await runner?.settled();
  expect(await numbers()).toEqual([1, 2, 3, 4]);
  await eraseAudit(storage, clock.now(), signer, clock.now());
  expect(await numbers()).toEqual([4]);
  await expect(storage.deleteFrom('auditCheckpoints').execute()).rejects.toThrow('append-only');
  await expect(storage.updateTable('auditCheckpoints').set({ at: 2 }).execute()).rejects.toThrow('append-only');
  await expect(storage.deleteFrom('audit').execute()).rejects.toThrow('append-only');
});

test('an audit from before there was a chain goes with the chain’s oldest entries', async () => {
  await audited(3);
  await sql`insert into audit (id, at, actor_kind, action, detail) values ('old', ${clock.now()}, 'server', 'a', '{}')`.execute(
    storage,
  );
  clock.advance(400 * DAY_MS);
  await audited(1);
  await eraseAudit(storage, clock.now() - DAY_MS, signer, clock.now());
  expect(await numbers()).toEqual([4]);
});
