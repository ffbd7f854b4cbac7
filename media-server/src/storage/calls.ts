import type { Id } from '../shared/ids.ts';
import type { Storage } from './storage.ts';
import type { CallRow } from './tables.ts';

type KeyColumn = 'keysNegotiated' | 'keysEvent' | 'keysTone' | 'keysBoth' | 'keysInfo';

/** Writes a call as it begins. Its payments can be written only after it. */
export async function addCall(storage: Storage, call: Omit<CallRow, KeyColumn> & Partial<CallRow>): Promise<void> {
  await storage
    .insertInto('calls')
    .values({ keysNegotiated: 0, keysEvent: 0, keysTone: 0, keysBoth: 0, keysInfo: 0, ...call })
    .execute();
}

/** Writes what became known of a call: who answered, when, how it ended. */
export async function updateCall(
  storage: Storage,
  id: Id,
  facts: Partial<Pick<CallRow, 'person' | 'answeredAt' | 'endedAt' | 'end' | 'codec' | 'keysPossible' | KeyColumn>>,
): Promise<void> {
  await storage.updateTable('calls').set(facts).where('id', '=', id).execute();
}

export function findCall(storage: Storage, id: Id): Promise<CallRow | undefined> {
  return storage.selectFrom('calls').selectAll().where('id', '=', id).executeTakeFirst();
}

/**
 * A page of calls, newest first: of one person, or of some merchants.
 *
 * @param page.before the id after which (in age) the page begins
 * @param page.limit 1 … 100
 */
export async function listCalls(
  storage: Storage,
  of: { readonly person: Id } | { readonly merchants: readonly Id[] },
  page: { readonly limit: number; readonly before?: Id | undefined; readonly live?: boolean },
): Promise<CallRow[]> {
  // An empty list after `in` is no SQL in every dialect.
  if ('merchants' in of && of.merchants.length === 0) return [];
  let query = storage.selectFrom('calls').selectAll().orderBy('id', 'desc').limit(page.limit);
  query = 'person' in of ? query.where('person', '=', of.person) : query.where('merchant', 'in', of.merchants);
  if (page.before !== undefined) query = query.where('id', '<', page.before);
  if (page.live) query = query.where('endedAt', 'is', null);
  return query.execute();
}

/** On start: calls that an earlier life of the server left open have ended with it. Returns how many. */
export async function endCallsLeftOpen(storage: Storage, now: number): Promise<number> {
  const result = await storage
    .updateTable('calls')
    .set({ endedAt: now, end: 'server-ended' })
    .where('endedAt', 'is', null)
    .executeTakeFirst();
  return Number(result.numUpdatedRows);
}
