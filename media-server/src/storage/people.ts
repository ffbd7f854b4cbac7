import { type Id, newId } from '../shared/ids.ts';
import { hashPassword, NOBODYS_HASH, verifyPassword } from './passwords.ts';
import type { Storage } from './storage.ts';
import type { Merchant, Organisation, Person } from './tables.ts';

/** Adds a person who can sign in; `name` is unique and kept in lower case. */
export async function addPerson(
  storage: Storage,
  person: Pick<Person, 'organisation' | 'name' | 'displayName' | 'role' | 'language'> & { password: string },
  now: number,
): Promise<Person> {
  const { password, ...facts } = person;
  const row: Person = {
    ...facts,
    id: newId(now),
    name: facts.name.toLowerCase(),
    passwordHash: await hashPassword(password),
    createdAt: now,
    disabledAt: null,
  };
  await storage.insertInto('people').values(row).execute();
  return row;
}

/** The person with this sign-in name, unless disabled. */
export function findPersonByName(storage: Storage, name: string): Promise<Person | undefined> {
  return storage
    .selectFrom('people')
    .selectAll()
    .where('name', '=', name.toLowerCase())
    .where('disabledAt', 'is', null)
    .executeTakeFirst();
}

/** The person whose name and password these are. Takes the same time whether the name exists or not. */
export async function checkPassword(storage: Storage, name: string, password: string): Promise<Person | undefined> {
  const person = await findPersonByName(storage, name);
  const right = await verifyPassword(password, person?.passwordHash ?? NOBODYS_HASH);
  return right ? person : undefined;
}

/** Sets a new password and ends all of the person's sessions. */
export async function setPassword(storage: Storage, person: Id, password: string): Promise<void> {
  const passwordHash = await hashPassword(password);
  await storage.transaction().execute(async (transaction) => {
    await transaction.updateTable('people').set({ passwordHash }).where('id', '=', person).execute();
    await transaction.deleteFrom('sessions').where('person', '=', person).execute();
  });
}

/** The organisation of a person. */
export function organisationOf(storage: Storage, person: Person): Promise<Organisation> {
  return storage
    .selectFrom('organisations')
    .selectAll()
    .where('id', '=', person.organisation)
    .executeTakeFirstOrThrow();
}

/** Everybody of an organisation by name, those who can't sign in any more too. */
export function peopleOfOrganisation(
  storage: Storage,
  organisation: Id,
): Promise<Pick<Person, 'id' | 'displayName'>[]> {
  return storage
    .selectFrom('people')
    .select(['id', 'displayName'])
    .where('organisation', '=', organisation)
    .orderBy('displayName')
    .execute();
}

/** The merchants that a person works for, by name. */
export function merchantsOfPerson(storage: Storage, person: Id): Promise<Merchant[]> {
  return storage
    .selectFrom('merchants')
    .innerJoin('memberships', 'memberships.merchant', 'merchants.id')
    .where('memberships.person', '=', person)
    .selectAll('merchants')
    .orderBy('merchants.name')
    .execute();
}
