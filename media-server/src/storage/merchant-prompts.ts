import type { Id } from '../shared/ids.ts';
import type { Storage } from './storage.ts';
import type { MerchantPrompt } from './tables.ts';

/** A merchant's own prompt without its sound. */
export type MerchantPromptFacts = Omit<MerchantPrompt, 'ulaw'>;
type Key = Pick<MerchantPrompt, 'merchant' | 'language' | 'name'>;

/** Writes a merchant's own prompt in place of an earlier one. */
export async function putMerchantPrompt(storage: Storage, prompt: MerchantPrompt): Promise<void> {
  const { merchant: _merchant, language: _language, name: _name, ...changed } = prompt;
  await storage
    .insertInto('merchantPrompts')
    .values(prompt)
    .onConflict((conflict) => conflict.columns(['merchant', 'language', 'name']).doUpdateSet(changed))
    .execute();
}

/** False: there was none. */
export async function deleteMerchantPrompt(storage: Storage, { merchant, language, name }: Key): Promise<boolean> {
  const result = await storage
    .deleteFrom('merchantPrompts')
    .where('merchant', '=', merchant)
    .where('language', '=', language)
    .where('name', '=', name)
    .executeTakeFirst();
  return Number(result.numDeletedRows) > 0;
}

export function findMerchantPrompt(
  storage: Storage,
  { merchant, language, name }: Key,
): Promise<MerchantPrompt | undefined> {
  return storage
    .selectFrom('merchantPrompts')
    .selectAll()
    .where('merchant', '=', merchant)
    .where('language', '=', language)
    .where('name', '=', name)
    .executeTakeFirst();
}

export function listMerchantPrompts(storage: Storage, merchant: Id): Promise<MerchantPromptFacts[]> {
  return storage
    .selectFrom('merchantPrompts')
    .select(['merchant', 'language', 'name', 'fileName', 'lengthMs', 'uploadedBy', 'uploadedAt'])
    .where('merchant', '=', merchant)
    .orderBy('language')
    .orderBy('name')
    .execute();
}

/** Which prompts there are, of all merchants. */
export function allMerchantPrompts(storage: Storage): Promise<Key[]> {
  return storage
    .selectFrom('merchantPrompts')
    .select(['merchant', 'language', 'name'])
    .orderBy('merchant')
    .orderBy('language')
    .orderBy('name')
    .execute();
}
