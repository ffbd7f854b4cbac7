import type { Id } from '../shared/ids.ts';
import type { Storage } from './storage.ts';
import type { WebhookEvent } from './tables.ts';

/** Writes down that a merchant's system is to be told of a payment; of what waits beyond `limit` the oldest is forgotten. */
export async function addWebhookEvent(storage: Storage, event: WebhookEvent, limit: number): Promise<void> {
  await storage.insertInto('webhookEvents').values(event).execute();
  const tooMany = await storage
    .selectFrom('webhookEvents')
    .select('id')
    .where('merchant', '=', event.merchant)
    .orderBy('id', 'desc')
    .offset(limit)
    .limit(1)
    .executeTakeFirst();
  if (!tooMany) return;
  await storage
    .deleteFrom('webhookEvents')
    .where('merchant', '=', event.merchant)
    .where('id', '<=', tooMany.id)
    .execute();
}

/** What a merchant's system is to be told next. */
export function nextWebhookEvent(storage: Storage, merchant: Id): Promise<WebhookEvent | undefined> {
  return storage
    .selectFrom('webhookEvents')
    .selectAll()
    .where('merchant', '=', merchant)
    .orderBy('id')
    .limit(1)
    .executeTakeFirst();
}

/** It wasn't taken: to be told again at `nextAt`, UTC ms. */
export async function delayWebhookEvent(storage: Storage, id: Id, tries: number, nextAt: number): Promise<void> {
  await storage.updateTable('webhookEvents').set({ tries, nextAt }).where('id', '=', id).execute();
}

/** It was taken, or is given up. */
export async function removeWebhookEvent(storage: Storage, id: Id): Promise<void> {
  await storage.deleteFrom('webhookEvents').where('id', '=', id).execute();
}
