import { type Id, newId } from '../shared/ids.ts';
import type { Storage } from './storage.ts';
import type { Merchant, MerchantNumber } from './tables.ts';

/** @param number E.164 with its plus sign; belongs to one merchant at most. */
export async function addNumber(
  storage: Storage,
  number: Pick<MerchantNumber, 'merchant' | 'number' | 'trunk'> & Partial<Pick<MerchantNumber, 'language'>>,
  now: number,
): Promise<MerchantNumber> {
  const row: MerchantNumber = { language: null, ...number, id: newId(now), createdAt: now };
  await storage.insertInto('numbers').values(row).execute();
  return row;
}

/**
 * The merchant that a called number leads to. Carriers write numbers with or without the plus sign; national forms are
 * the trunk's business.
 */
export function merchantOfNumber(storage: Storage, called: string): Promise<Merchant | undefined> {
  return storage
    .selectFrom('merchants')
    .innerJoin('numbers', 'numbers.merchant', 'merchants.id')
    .where('numbers.number', '=', called.startsWith('+') ? called : `+${called}`)
    .selectAll('merchants')
    .executeTakeFirst();
}

/** The number that a merchant's outgoing calls show: its oldest. */
export function outgoingNumber(storage: Storage, merchant: Id): Promise<MerchantNumber | undefined> {
  return storage
    .selectFrom('numbers')
    .selectAll()
    .where('merchant', '=', merchant)
    .orderBy('createdAt')
    .executeTakeFirst();
}
