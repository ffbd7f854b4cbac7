import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { newId } from '../shared/ids.ts';
import { findApiKey } from './api-keys.ts';
import { writeAudit } from './audit.ts';
import { addCall, endCallsLeftOpen, findCall, listCalls, updateCall } from './calls.ts';
import { type Demo, seedDemo } from './demo.ts';
import { findDevice, ha1 } from './devices.ts';
import { findAnswer, IDEMPOTENCY_MS, keepAnswer } from './idempotency.ts';
import { findMerchant, peopleOfMerchant } from './merchants.ts';
import { merchantOfNumber, outgoingNumber } from './numbers.ts';
import {
  acknowledgePayment,
  addPayment,
  endPayment,
  findPayment,
  lastPayments,
  unsettledPayments,
} from './payments.ts';
import { checkPassword, merchantsOfPerson } from './people.ts';
import { addSession, endSession, findSession, SESSION_MS } from './sessions.ts';
import { openStorage, type Storage } from './storage.ts';
import { callRow, memoryStorage } from './test-storage.ts';

let folder: string;
let storage: Storage;
let demo: Demo;
const NOW = Date.UTC(2026, 0, 1);
const seed = (realm = 'tonegate.local') => seedDemo(storage, { folder, realm, now: NOW });

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'storage-'));
  storage = await memoryStorage(NOW);
  demo = await seed();
});
afterEach(async () => {
  await storage.destroy();
  rmSync(folder, { recursive: true });
});

const hanako = () => demo.agents[0]?.id ?? '';

test('a demo of an earlier version keeps its passwords and gets those of who came since', async () => {
  const file = join(folder, 'demo-secrets.json');
  const { keiko: _, akira: __, ...before } = JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>;
  writeFileSync(file, JSON.stringify(before));
  const again = await seed();
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({
    ...before,
    keiko: again.supervisor.password.reveal(),
    akira: again.administrator.password.reveal(),
  });
  expect((await checkPassword(storage, 'keiko', again.supervisor.password.reveal()))?.role).toBe('supervisor');
  expect((await checkPassword(storage, 'akira', again.administrator.password.reveal()))?.role).toBe('administrator');
});

test('the demo is made once, and found again with the same passwords and key', async () => {
  const again = await seed();
  expect(again.merchant).toBe(demo.merchant);
  expect(again.agents.map(({ id, password }) => [id, password.reveal()])).toEqual(
    demo.agents.map(({ id, password }) => [id, password.reveal()]),
  );
  expect(again.apiKey.reveal()).toBe(demo.apiKey.reveal());
  const rows = await storage.selectFrom('people').selectAll().execute();
  expect(rows).toHaveLength(4);
  expect(await findMerchant(storage, demo.merchant)).toMatchObject({
    name: 'Tanaka Foods',
    timeZone: 'Asia/Tokyo',
    currency: 'JPY',
    language: 'ja',
  });
  expect((await peopleOfMerchant(storage, demo.merchant)).map(({ name, role }) => `${name} ${role}`)).toEqual([
    'akira administrator',
    'hanako agent',
    'keiko supervisor',
    'taro agent',
  ]);
  expect(await merchantsOfPerson(storage, hanako())).toHaveLength(1);
});

test("the demo's secrets are for their owner's eyes; without the file there are new ones that work", async () => {
  expect(statSync(demo.secretsFile).mode & 0o777).toBe(0o600);
  rmSync(demo.secretsFile);
  const again = await seed();
  const [before, after] = [demo.agents[0], again.agents[0]];
  expect(await checkPassword(storage, 'hanako', before?.password.reveal() ?? '')).toBeUndefined();
  expect((await checkPassword(storage, 'hanako', after?.password.reveal() ?? ''))?.id).toBe(before?.id);
  expect(await findApiKey(storage, demo.apiKey.reveal())).toBeUndefined();
  expect((await findApiKey(storage, again.apiKey.reveal()))?.merchants).toEqual([demo.merchant]);
});

test('a name is signed in with in any case, and a wrong password or an unknown name by nothing', async () => {
  const password = demo.agents[0]?.password.reveal() ?? '';
  expect((await checkPassword(storage, 'Hanako', password))?.id).toBe(hanako());
  expect(await checkPassword(storage, 'hanako', `${password}x`)).toBeUndefined();
  expect(await checkPassword(storage, 'nobody', password)).toBeUndefined();
});

test('no password stands in the database in clear', async () => {
  const rows = [
    await storage.selectFrom('people').selectAll().execute(),
    await storage.selectFrom('devices').selectAll().execute(),
    await storage.selectFrom('apiKeys').selectAll().execute(),
  ];
  const text = JSON.stringify(rows);
  const secrets = Object.values(JSON.parse(readFileSync(demo.secretsFile, 'utf8')) as Record<string, string>);
  expect(secrets).toHaveLength(6);
  for (const secret of secrets) expect(text).not.toContain(secret);
});

test("a phone's account answers for the realm its password was set for", async () => {
  const password = demo.device.password.reveal();
  expect(await findDevice(storage, 'customer', 'tonegate.local')).toEqual({
    ...ha1('customer', 'tonegate.local', password),
    mayRegister: true,
  });
  expect(await findDevice(storage, 'customer', 'other.example')).toBeUndefined();
  await seed('other.example');
  expect(await findDevice(storage, 'customer', 'other.example')).toMatchObject(
    ha1('customer', 'other.example', password),
  );
});

test("HA1 is RFC 7616's", () => {
  // RFC 7616 §3.9.1 gives the inputs; the hash is what md5sum and sha256sum say of them.
  expect(ha1('Mufasa', 'http-auth@example.org', 'Circle of Life')).toEqual({
    md5: '3d78807defe7de2157e2b0b6573a855f',
    sha256: '7987c64c30e25f1b74be53f966b49b90f2808aa92faf9a00262392d7b4794232',
  });
});

test('a number leads to its merchant with and without the plus sign', async () => {
  expect((await merchantOfNumber(storage, '+81312345678'))?.id).toBe(demo.merchant);
  expect((await merchantOfNumber(storage, '81312345678'))?.id).toBe(demo.merchant);
  expect(await merchantOfNumber(storage, '+81399999999')).toBeUndefined();
  expect((await outgoingNumber(storage, demo.merchant))?.number).toBe('+81312345678');
});

test('a session is found by its token until it expires or ends', async () => {
  const { session, token } = await addSession(storage, hanako(), NOW);
  expect((await findSession(storage, token.reveal(), NOW + SESSION_MS - 1))?.person.name).toBe('hanako');
  expect(await findSession(storage, token.reveal(), NOW + SESSION_MS)).toBeUndefined();
  await endSession(storage, session.id);
  expect(await findSession(storage, token.reveal(), NOW)).toBeUndefined();
});

test('calls come in pages, newest first, by person or by merchant', async () => {
  const ids = [];
  for (let i = 0; i < 5; i++) {
    const id = newId(NOW + i);
    ids.unshift(id);
    await addCall(storage, callRow(demo, { id, person: i < 4 ? hanako() : null }));
  }
  const mine = await listCalls(storage, { person: hanako() }, { limit: 3 });
  expect(mine.map((call) => call.id)).toEqual(ids.slice(1, 4));
  const rest = await listCalls(storage, { person: hanako() }, { limit: 3, before: mine[2]?.id });
  expect(rest.map((call) => call.id)).toEqual(ids.slice(4));
  expect(await listCalls(storage, { merchants: [demo.merchant] }, { limit: 50 })).toHaveLength(5);
  expect(await listCalls(storage, { merchants: [] }, { limit: 50 })).toEqual([]);
  await updateCall(storage, ids[0] ?? '', { endedAt: NOW, end: 'busy' });
  expect(await listCalls(storage, { merchants: [demo.merchant] }, { limit: 50, live: true })).toHaveLength(4);
});

test("calls that a server's death left open are ended at the next start", async () => {
  const call = callRow(demo);
  await addCall(storage, call);
  expect(await endCallsLeftOpen(storage, NOW)).toBe(1);
  expect(await findCall(storage, call.id)).toMatchObject({ end: 'server-ended', endedAt: NOW });
  expect(await endCallsLeftOpen(storage, NOW + 1)).toBe(0);
});

async function payment() {
  const call = callRow(demo);
  await addCall(storage, call);
  const id = newId();
  await addPayment(storage, {
    id,
    organisation: demo.organisation,
    merchant: demo.merchant,
    call: call.id,
    person: hanako(),
    apiKey: null,
    purpose: 'charge',
    reference: 'A-1042',
    description: null,
    amountMinor: 12_800,
    currency: 'JPY',
    language: 'ja',
    startedAt: NOW,
  });
  return { id, call: call.id };
}

const card = { brand: 'visa', lastFour: '4242', receipt: 'T-20418' };

test('brand, last four digits and receipt are kept of approved payments only, whatever is asked', async () => {
  const approved = await payment();
  await endPayment(storage, approved.id, { outcome: 'approved', reason: 'none', ...card, endedAt: NOW });
  expect(await findPayment(storage, approved.id)).toMatchObject(card);
  const declined = await payment();
  await endPayment(storage, declined.id, { outcome: 'declined', reason: 'funds', ...card, endedAt: NOW });
  expect(await findPayment(storage, declined.id)).toMatchObject({ brand: null, lastFour: null, receipt: null });
  // The table itself refuses it, too.
  await expect(storage.updateTable('payments').set(card).where('id', '=', declined.id).execute()).rejects.toThrow(
    'payments_card',
  );
});

test('an outcome stays, except that an unknown one settles and an approval may be given back', async () => {
  const { id, call } = await payment();
  expect((await unsettledPayments(storage)).map((row) => row.id)).toEqual([id]);
  await endPayment(storage, id, { outcome: 'unknown', reason: 'no-answer', endedAt: NOW });
  expect(await unsettledPayments(storage)).toHaveLength(1);
  await endPayment(storage, id, { outcome: 'approved', reason: 'none', ...card, endedAt: NOW + 1 });
  await endPayment(storage, id, { outcome: 'unknown', reason: 'no-answer', endedAt: NOW + 2 });
  await endPayment(storage, id, { outcome: 'declined', reason: 'funds', endedAt: NOW + 2 });
  expect(await unsettledPayments(storage)).toEqual([]);
  await acknowledgePayment(storage, id, NOW + 3);
  await acknowledgePayment(storage, id, NOW + 4);
  expect((await lastPayments(storage, [call])).get(call)).toMatchObject({
    outcome: 'approved',
    acknowledgedAt: NOW + 3,
  });
  await endPayment(storage, id, { outcome: 'failed', reason: 'no-answer', endedAt: NOW + 5 });
  await endPayment(storage, id, { outcome: 'approved', reason: 'none', ...card, endedAt: NOW + 6 });
  expect(await findPayment(storage, id)).toMatchObject({ outcome: 'failed', receipt: null, acknowledgedAt: null });
  expect((await lastPayments(storage, [])).size).toBe(0);
});

test('an answer is found by its key for a day', async () => {
  const answer = { scope: 'person:x', key: 'key-one', digest: 'd', status: 201, body: '{}' };
  await keepAnswer(storage, answer, NOW);
  expect(await findAnswer(storage, 'person:x', 'key-one', NOW + IDEMPOTENCY_MS - 1)).toMatchObject(answer);
  expect(await findAnswer(storage, 'person:y', 'key-one', NOW)).toBeUndefined();
  expect(await findAnswer(storage, 'person:x', 'key-one', NOW + IDEMPOTENCY_MS)).toBeUndefined();
  await keepAnswer(storage, { ...answer, status: 409 }, NOW + IDEMPOTENCY_MS);
  expect((await findAnswer(storage, 'person:x', 'key-one', NOW + IDEMPOTENCY_MS))?.status).toBe(409);
});

test('the audit takes nothing back', async () => {
  await writeAudit(storage, { actorKind: 'person', actor: hanako(), action: 'sign-in', detail: { ip: '::1' } }, NOW);
  await expect(storage.updateTable('audit').set({ action: 'other' }).execute()).rejects.toThrow('append-only');
  await expect(storage.deleteFrom('audit').execute()).rejects.toThrow('append-only');
  expect(await storage.selectFrom('audit').selectAll().execute()).toMatchObject([
    { action: 'sign-in', detail: '{"ip":"::1"}', at: NOW },
  ]);
});

test('a merchant or call that does not exist has no rows', async () => {
  await expect(addCall(storage, callRow({ ...demo, merchant: newId() }))).rejects.toThrow('FOREIGN KEY');
});

test('a storage that a newer program has written is refused', async () => {
  const file = join(folder, 'tonegate.db');
  const opened = await openStorage({ kind: 'sqlite', file }, NOW);
  if (!opened.ok) throw new Error(opened.error.message);
  const db = opened.value as unknown as {
    insertInto(table: string): { values(row: object): { execute(): Promise<unknown> } };
  };
  await db.insertInto('schemaVersions').values({ version: 7, name: 'later', migratedAt: NOW }).execute();
  await opened.value.destroy();
  expect(await openStorage({ kind: 'sqlite', file }, NOW)).toMatchObject({
    ok: false,
    error: { code: 'database-newer' },
  });
});
