import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { TestClock } from '../shared/clock.ts';
import { silentLogger } from '../shared/logger.ts';
import { writeAudit } from './audit.ts';
import { AuditSeal } from './audit-seal.ts';
import { receiptSigner } from './receipt-key.ts';
import type { Storage } from './storage.ts';
import { memoryStorage } from './test-storage.ts';

let folder: string;
let storage: Storage;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'seal-'));
  storage = await memoryStorage();
});
afterEach(async () => {
  await storage.destroy();
  rmSync(folder, { recursive: true });
});

const life = (clock = new TestClock()) =>
  new AuditSeal({
    storage,
    signer: receiptSigner(join(folder, 'receipt-key.pem')),
    file: join(folder, 'audit.seal'),
    clock,
    log: silentLogger,
  });
const add = (count: number) =>
  Promise.all(Array.from({ length: count }, () => writeAudit(storage, { actorKind: 'server', action: 'a' }, 1)));

test('the receipt key is made once, for its owner alone, and is the same afterwards', () => {
  const file = join(folder, 'receipt-key.pem');
  const { publicKey } = receiptSigner(file);
  expect(receiptSigner(file).publicKey).toBe(publicKey);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  writeFileSync(file, 'rubbish');
  expect(() => receiptSigner(file)).toThrow(`${file}: the receipt key is no private key in PEM`);
});

test('an audit that goes on after a stop is whole; one that was cut short meanwhile is told, and not sealed again', async () => {
  const first = life();
  await first.start();
  await add(7);
  await first.stop();
  const second = life();
  await second.start();
  expect(second.findings).toEqual([]);
  await second.stop();
  await sql`drop trigger audit_no_delete`.execute(storage);
  await storage.deleteFrom('audit').where('number', '>', 3).execute();
  const before = readFileSync(join(folder, 'audit.seal'), 'utf8');
  const third = life();
  await third.start();
  expect(third.findings).toEqual(['the rows up to 7 were sealed, the last one there is 3']);
  await third.stop();
  expect(readFileSync(join(folder, 'audit.seal'), 'utf8')).toBe(before);
});

test('it is sealed every ten seconds while it grows', async () => {
  const clock = new TestClock();
  const seal = life(clock);
  await seal.start();
  await add(1);
  clock.advance(10_000);
  await seal.seal();
  expect(JSON.parse(readFileSync(join(folder, 'audit.seal'), 'utf8'))).toMatchObject({ head: { number: 1 } });
  await seal.stop();
});

test('a seal that somebody else wrote is told', async () => {
  const seal = life();
  await seal.start();
  await add(3);
  await seal.stop();
  const file = join(folder, 'audit.seal');
  writeFileSync(file, readFileSync(file, 'utf8').replace('"number":3', '"number":2'));
  const next = life();
  await next.start();
  expect(next.findings).toEqual(["the seal's signature doesn't fit"]);
  await next.stop();
});

test('a seal that was taken away with the end of the audit is missed, and so is one from before the first entry', async () => {
  const first = life();
  await first.start();
  await add(5);
  // It dies before it seals again: that alone is nothing.
  const second = life();
  await second.start();
  expect(second.findings).toEqual([]);
  await second.stop();
  rmSync(join(folder, 'audit.seal'));
  await sql`drop trigger audit_no_delete`.execute(storage);
  await storage.deleteFrom('audit').where('number', '>', 3).execute();
  const third = life();
  await third.start();
  expect(third.findings).toEqual([expect.stringMatching(/^the seal .*audit.seal is missing/)]);
  await third.stop();
});

test('an operator accepts a loss, which stands in the audit from then on; what was changed within it stays found', async () => {
  const first = life();
  await first.start();
  await add(4);
  await first.stop();
  rmSync(join(folder, 'audit.seal'));
  expect(await life().accept(9)).toEqual([]);
  const next = life();
  await next.start();
  expect(next.findings).toEqual([]);
  await next.stop();
  const [last] = await storage.selectFrom('audit').selectAll().where('number', '=', 5).execute();
  expect(last).toMatchObject({ action: 'audit-accepted' });
  expect(last?.detail).toContain('is missing');
  await sql`drop trigger audit_no_update`.execute(storage);
  await storage.updateTable('audit').set({ action: 'b' }).where('number', '=', 2).execute();
  expect(await life().accept(10)).toEqual(['row 2 was changed']);
});
