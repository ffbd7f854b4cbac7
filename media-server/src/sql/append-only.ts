import { sql } from 'kysely';
import type { AnyDatabase } from './database.ts';

/** Makes a table append-only by triggers: rows can neither be changed nor deleted, by whatever program. */
export async function makeAppendOnly(db: AnyDatabase, table: string): Promise<void> {
  for (const event of ['update', 'delete'] as const) {
    await sql`create trigger ${sql.ref(`${table}_no_${event}`)} before ${sql.raw(event)} on ${sql.table(table)}
      begin select raise(abort, 'append-only'); end`.execute(db);
  }
}
