import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeAppendOnly } from './append-only.ts';
import { openDatabase } from './database.ts';
import { type Migration, migrate } from './migrate.ts';

interface Tables {
  notes: { id: number; longText: string };
}

const first: Migration = {
  version: 1,
  name: 'notes',
  async up(db) {
    await db.schema.createTable('notes').addColumn('id', 'integer').addColumn('longText', 'text').execute();
  },
};
const second: Migration = {
  version: 2,
  name: 'a note',
  async up(db) {
    await db.insertInto('notes').values({ id: 1, longText: 'kept' }).execute();
  },
};

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sql-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const open = () => openDatabase<Tables>({ kind: 'sqlite', file: join(folder, 'test.db') });

test('migrations run once, in order, and go on where an earlier start stopped', async () => {
  let db = open();
  expect(await migrate(db, [first], 1)).toEqual({ ok: true, value: { from: 0, to: 1 } });
  await db.destroy();
  db = open();
  expect(await migrate(db, [first, second], 2)).toEqual({ ok: true, value: { from: 1, to: 2 } });
  expect(await migrate(db, [first, second], 3)).toEqual({ ok: true, value: { from: 2, to: 2 } });
  expect(await db.selectFrom('notes').selectAll().execute()).toEqual([{ id: 1, longText: 'kept' }]);
  await db.destroy();
});

test('a database newer than the program is refused and left as it is', async () => {
  const db = open();
  await migrate(db, [first, second], 1);
  const result = await migrate(db, [first], 2);
  expect(result).toMatchObject({ ok: false, error: { code: 'database-newer' } });
  expect(!result.ok && result.error.message).toContain('at version 2, this program knows 1: start the newer program');
  expect(await db.selectFrom('notes').selectAll().execute()).toHaveLength(1);
  await db.destroy();
});

test('a step that fails leaves nothing of itself behind', async () => {
  const db = open();
  const failing: Migration = {
    version: 2,
    name: 'fails',
    async up(transaction) {
      await transaction.insertInto('notes').values({ id: 2, longText: 'lost' }).execute();
      throw new Error('half-way');
    },
  };
  await expect(migrate(db, [first, failing], 1)).rejects.toThrow('half-way');
  expect(await db.selectFrom('notes').selectAll().execute()).toEqual([]);
  expect(await migrate(db, [first, second], 2)).toEqual({ ok: true, value: { from: 1, to: 2 } });
  await db.destroy();
});

test('the database file can be read by its owner only', async () => {
  const db = open();
  await migrate(db, [first], 1);
  expect(statSync(join(folder, 'test.db')).mode & 0o777).toBe(0o600);
  expect(statSync(join(folder, 'test.db-wal')).mode & 0o777).toBe(0o600);
  await db.destroy();
});

test('rows of an append-only table are neither changed nor deleted', async () => {
  const db = open();
  await migrate(db, [first, second], 1);
  await makeAppendOnly(db, 'notes');
  await db.insertInto('notes').values({ id: 2, longText: 'more' }).execute();
  await expect(db.updateTable('notes').set({ longText: 'other' }).execute()).rejects.toThrow('append-only');
  await expect(db.deleteFrom('notes').execute()).rejects.toThrow('append-only');
  await db.destroy();
});

test('two transactions at once take turns', async () => {
  const db = open();
  await migrate(db, [first, second], 1);
  const add = () =>
    db.transaction().execute(async (transaction) => {
      const rows = await transaction.selectFrom('notes').selectAll().execute();
      await transaction
        .insertInto('notes')
        .values({ id: rows.length + 1, longText: 'n' })
        .execute();
    });
  await Promise.all([add(), add(), add()]);
  const rows = await db.selectFrom('notes').select('id').orderBy('id').execute();
  expect(rows.map((row) => row.id)).toEqual([1, 2, 3, 4]);
  await db.destroy();
});
