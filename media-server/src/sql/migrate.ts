import type { Kysely } from 'kysely';
import { err, ok, type Problem, type Result } from '../shared/result.ts';
import type { AnyDatabase } from './database.ts';

/** A step of the database from one version to the next. Once released it never changes. */
export interface Migration {
  /** 1, 2, 3, … without a gap. */
  readonly version: number;
  readonly name: string;
  /** Knows tables as they were then, not as today's types have them. */
  up(db: AnyDatabase): Promise<void>;
}

interface SchemaTables {
  schemaVersions: { version: number; name: string; migratedAt: number };
}

/**
 * Brings a database to the newest version that this program knows, each step in a transaction of its own: stopped
 * half-way, it goes on at the next start. Refuses a database that a newer program has written (`database-newer`).
 * A step that fails throws, and leaves the database at the version before it.
 *
 * @param now UTC milliseconds
 */
export async function migrate(
  db: AnyDatabase,
  migrations: readonly Migration[],
  now: number,
): Promise<Result<{ from: number; to: number }, Problem<'database-newer'>>> {
  migrations.forEach((migration, index) => {
    if (migration.version !== index + 1) throw new Error(`migration ${migration.version} stands at place ${index + 1}`);
  });
  const schema: Kysely<SchemaTables> = db;
  await schema.schema
    .createTable('schemaVersions')
    .ifNotExists()
    .addColumn('version', 'integer', (column) => column.primaryKey())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('migratedAt', 'bigint', (column) => column.notNull())
    .execute();

  const from = await versionOf(schema);
  if (from > migrations.length) {
    return err({
      code: 'database-newer',
      message: `The database is at version ${from}, this program knows ${migrations.length}: start the newer program, or restore the backup from before the upgrade. Nothing was changed.`,
    });
  }
  for (const migration of migrations.slice(from)) {
    await db.transaction().execute(async (transaction) => {
      // Another process may have taken this step while we waited for the lock.
      if ((await versionOf(transaction)) >= migration.version) return;
      await migration.up(transaction);
      await transaction
        .insertInto('schemaVersions')
        .values({ version: migration.version, name: migration.name, migratedAt: now })
        .execute();
    });
  }
  return ok({ from, to: migrations.length });
}

async function versionOf(db: AnyDatabase): Promise<number> {
  const schema: Kysely<SchemaTables> = db;
  const row = await schema
    .selectFrom('schemaVersions')
    .select((columns) => columns.fn.max('version').as('version'))
    .executeTakeFirst();
  return Number(row?.version ?? 0);
}
