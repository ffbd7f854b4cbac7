import { type Id, newId, randomLetters } from '../shared/ids.ts';
import { Secret } from '../shared/secret.ts';
import { tokenHash } from './sessions.ts';
import type { Storage } from './storage.ts';
import type { ApiKey } from './tables.ts';

/** A new key for a core system: 48 random letters (225 bits) after a name that secret scanners can be taught. */
export function newApiKey(): Secret {
  return new Secret(`tonegate-${randomLetters(48)}`);
}

/** Lets a core system speak for some merchants of an organisation. Only the key's hash is kept. */
export async function addApiKey(
  storage: Storage,
  apiKey: { organisation: Id; name: string; key: Secret; merchants: readonly Id[] },
  now: number,
): Promise<ApiKey> {
  const row: ApiKey = {
    id: newId(now),
    organisation: apiKey.organisation,
    name: apiKey.name,
    keyHash: tokenHash(apiKey.key.reveal()),
    createdAt: now,
    revokedAt: null,
  };
  await storage.transaction().execute(async (transaction) => {
    await transaction.insertInto('apiKeys').values(row).execute();
    for (const merchant of apiKey.merchants) {
      await transaction.insertInto('apiKeyMerchants').values({ apiKey: row.id, merchant }).execute();
    }
  });
  return row;
}

/** The key and its merchants; none when it was revoked. */
export async function findApiKey(
  storage: Storage,
  key: string,
): Promise<{ apiKey: ApiKey; merchants: Id[] } | undefined> {
  const apiKey = await storage
    .selectFrom('apiKeys')
    .selectAll()
    .where('keyHash', '=', tokenHash(key))
    .where('revokedAt', 'is', null)
    .executeTakeFirst();
  if (!apiKey) return undefined;
  const rows = await storage.selectFrom('apiKeyMerchants').select('merchant').where('apiKey', '=', apiKey.id).execute();
  return { apiKey, merchants: rows.map((row) => row.merchant) };
}

/** From now on the keys of this name are refused. */
export async function revokeApiKeys(storage: Storage, organisation: Id, name: string, now: number): Promise<void> {
  await storage
    .updateTable('apiKeys')
    .set({ revokedAt: now })
    .where('organisation', '=', organisation)
    .where('name', '=', name)
    .where('revokedAt', 'is', null)
    .execute();
}

/** An organisation's keys by name, revoked ones too. */
export function listApiKeys(storage: Storage, organisation: Id): Promise<Pick<ApiKey, 'id' | 'name'>[]> {
  return storage
    .selectFrom('apiKeys')
    .select(['id', 'name'])
    .where('organisation', '=', organisation)
    .orderBy('name')
    .execute();
}
