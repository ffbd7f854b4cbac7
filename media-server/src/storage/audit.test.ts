import { sql } from 'kysely';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { auditHead, checkAudit, writeAudit } from './audit.ts';
import type { Storage } from './storage.ts';
import { memoryStorage } from './test-storage.ts';

let storage: Storage;
beforeEach(async () => {
  storage = await memoryStorage();
  for (const action of ['sign-in', 'payment-start', 'payment-cancel', 'sign-out']) {
    await writeAudit(storage, { actorKind: 'server', action, detail: { ip: '127.0.0.1' } }, 1000);
  }
});
afterEach(() => storage.destroy());

/** As somebody with the database file in hand would do it. */
async function tamper(statement: string): Promise<void> {
  await sql`drop trigger audit_no_update`.execute(storage);
  await sql`drop trigger audit_no_delete`.execute(storage);
  await sql.raw(statement).execute(storage);
}

test('entries written at once follow each other without a gap', async () => {
  await Promise.all(
    Array.from({ length: 20 }, (_, i) => writeAudit(storage, { actorKind: 'server', action: `a${i}` }, 1)),
  );
  expect((await auditHead(storage))?.number).toBe(24);
  expect(await checkAudit(storage)).toEqual([]);
});

test('an entry that was changed is found', async () => {
  await tamper("update audit set action = 'nothing' where number = 2");
  expect(await checkAudit(storage)).toEqual(['row 2 was changed']);
});

test('an entry that was taken out is found', async () => {
  await tamper('delete from audit where number = 3');
  expect(await checkAudit(storage)).toEqual(['rows 3 to 3 are missing']);
});

test('an end that was cut off is found by the sealed head', async () => {
  const sealed = await auditHead(storage);
  await tamper('delete from audit where number > 2');
  expect(await checkAudit(storage)).toEqual([]);
  expect(await checkAudit(storage, sealed)).toEqual(['the rows up to 4 were sealed, the last one there is 2']);
});

test('a chain that was written anew from its beginning is found by the sealed head', async () => {
  const sealed = await auditHead(storage);
  await tamper('delete from audit');
  for (let i = 0; i < 5; i++) await writeAudit(storage, { actorKind: 'server', action: 'harmless' }, 1000);
  expect(await checkAudit(storage)).toEqual([]);
  expect(await checkAudit(storage, sealed)).toEqual(["row 4 isn't the one that was sealed"]);
});
