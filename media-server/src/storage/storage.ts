import type { Kysely } from 'kysely';
import { ok, type Problem, type Result } from '../shared/result.ts';
import { type DatabaseLocation, openDatabase } from '../sql/database.ts';
import { migrate } from '../sql/migrate.ts';
import { beginnings } from './migrations/001-beginnings.ts';
import { everyPurpose } from './migrations/002-every-purpose.ts';
import { receipts } from './migrations/003-receipts.ts';
import { webhooks } from './migrations/004-webhooks.ts';
import { retention } from './migrations/005-retention.ts';
import type { Tables } from './tables.ts';

const MIGRATIONS = [beginnings, everyPurpose, receipts, webhooks, retention];

/** The server's tables. The queries are functions in the files named as their concepts. */
export type Storage = Kysely<Tables>;

/**
 * Opens the storage and brings it to this program's version; `destroy()` closes it. Refuses one that a newer program
 * has written.
 *
 * @param now UTC milliseconds
 */
export async function openStorage(
  location: DatabaseLocation,
  now: number,
): Promise<Result<Storage, Problem<'database-newer'>>> {
  const storage = openDatabase<Tables>(location);
  const migrated = await migrate(storage, MIGRATIONS, now);
  if (migrated.ok) return ok(storage);
  await storage.destroy();
  return migrated;
}
