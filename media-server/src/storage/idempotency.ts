import type { Storage } from './storage.ts';
import type { IdempotencyRow } from './tables.ts';

/** How long an answer is kept for its key, ms. */
export const IDEMPOTENCY_MS = 24 * 3600 * 1000;

export function findAnswer(
  storage: Storage,
  scope: string,
  key: string,
  now: number,
): Promise<IdempotencyRow | undefined> {
  return storage
    .selectFrom('idempotencyKeys')
    .selectAll()
    .where('scope', '=', scope)
    .where('key', '=', key)
    .where('expiresAt', '>', now)
    .executeTakeFirst();
}

/** Keeps an answer for its key, for 24 hours; the one of an expired key is replaced. */
export async function keepAnswer(
  storage: Storage,
  answer: Omit<IdempotencyRow, 'createdAt' | 'expiresAt'>,
  now: number,
): Promise<void> {
  const row: IdempotencyRow = { ...answer, createdAt: now, expiresAt: now + IDEMPOTENCY_MS };
  await storage.transaction().execute(async (transaction) => {
    await transaction.deleteFrom('idempotencyKeys').where('expiresAt', '<=', now).execute();
    await transaction.insertInto('idempotencyKeys').values(row).execute();
  });
}
