import { type Id, newId } from '../shared/ids.ts';
import type { Storage } from './storage.ts';
import type { Merchant, Organisation, Person } from './tables.ts';

export async function addOrganisation(storage: Storage, name: string, now: number): Promise<Organisation> {
  const row: Organisation = { id: newId(now), name, createdAt: now };
  await storage.insertInto('organisations').values(row).execute();
  return row;
}

type Rules = Pick<Merchant, 'gentle' | 'cards' | 'brands' | 'amountLimitMinor' | 'agentsTypePhones'>;
const DEFAULTS: Rules = { gentle: 0, cards: 2, brands: null, amountLimitMinor: null, agentsTypePhones: 0 };

export async function addMerchant(
  storage: Storage,
  merchant: Omit<Merchant, 'id' | 'createdAt' | keyof Rules> & Partial<Rules>,
  now: number,
): Promise<Merchant> {
  const row: Merchant = { ...DEFAULTS, ...merchant, id: newId(now), createdAt: now };
  await storage.insertInto('merchants').values(row).execute();
  return row;
}

export function findMerchant(storage: Storage, id: Id): Promise<Merchant | undefined> {
  return storage.selectFrom('merchants').selectAll().where('id', '=', id).executeTakeFirst();
}

/** How the merchant takes payments from now on. */
export async function setRules(storage: Storage, merchant: Id, rules: Rules): Promise<void> {
  await storage.updateTable('merchants').set(rules).where('id', '=', merchant).execute();
}

/** Lets a person work for a merchant; nothing happens if they do already. */
export async function join(storage: Storage, person: Id, merchant: Id, now: number): Promise<void> {
  await storage
    .insertInto('memberships')
    .values({ person, merchant, createdAt: now })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** Those who may take this merchant's calls, by name; the disabled left out. */
export function peopleOfMerchant(storage: Storage, merchant: Id): Promise<Person[]> {
  return storage
    .selectFrom('people')
    .innerJoin('memberships', 'memberships.person', 'people.id')
    .where('memberships.merchant', '=', merchant)
    .where('people.disabledAt', 'is', null)
    .selectAll('people')
    .orderBy('people.name')
    .execute();
}
