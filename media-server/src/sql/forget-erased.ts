import { sql } from 'kysely';
import type { AnyDatabase } from './database.ts';

/**
 * What was deleted is overwritten in the database's file as it is deleted (secure_delete), yet copies of its pages stand
 * in the write-ahead log: they are gone when this returns true. False: somebody is reading; try again later.
 */
export async function forgetErased(db: AnyDatabase): Promise<boolean> {
  const { rows } = await sql<{ busy: number }>`pragma wal_checkpoint(truncate)`.execute(db);
  return rows[0]?.busy === 0;
}
