import type { Id } from '../shared/ids.ts';
import type { Storage } from './storage.ts';
import type { CodeSend } from './tables.ts';

/** Writes down that a code was sent, or was to be. */
export async function addCodeSend(storage: Storage, send: CodeSend): Promise<void> {
  await storage.insertInto('codeSends').values(send).execute();
}

/** Codes that were sent, or may have been, to this number since then (UTC ms), oldest first. */
export function codesToPhone(
  storage: Storage,
  phoneDigest: string,
  since: number,
): Promise<Pick<CodeSend, 'id' | 'payment' | 'at'>[]> {
  return storage
    .selectFrom('codeSends')
    .select(['id', 'payment', 'at'])
    .where('phoneDigest', '=', phoneDigest)
    .where('at', '>', since)
    .where('result', '!=', 'not-sent')
    .orderBy('at')
    .execute();
}

/** How many codes were sent, or may have been, since then on behalf of an agent or an API key. */
export async function countCodesBy(
  storage: Storage,
  asker: { readonly person: Id } | { readonly apiKey: Id },
  since: number,
): Promise<number> {
  let query = storage
    .selectFrom('codeSends')
    .select((with_) => with_.fn.countAll<number>().as('count'))
    .where('codeSends.at', '>', since)
    .where('codeSends.result', '!=', 'not-sent');
  if ('person' in asker) query = query.where('codeSends.person', '=', asker.person);
  else {
    query = query
      .where('codeSends.person', 'is', null)
      .where('codeSends.payment', 'in', (from) =>
        from.selectFrom('payments').select('payments.id').where('payments.apiKey', '=', asker.apiKey),
      );
  }
  return Number((await query.executeTakeFirstOrThrow()).count);
}
