import { createHash, randomBytes } from 'node:crypto';
import { type Id, newId } from '../shared/ids.ts';
import { Secret } from '../shared/secret.ts';
import type { Storage } from './storage.ts';
import type { Person, Session } from './tables.ts';

/** How long a sign-in lasts, ms: a long shift. */
export const SESSION_MS = 12 * 3600 * 1000;

/** SHA-256 in hex: enough for tokens of 256 random bits, which nobody can guess one by one. */
export function tokenHash(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

/** Begins a session. The token is for the cookie; only its hash is kept. */
export async function addSession(
  storage: Storage,
  person: Id,
  now: number,
): Promise<{ session: Session; token: Secret }> {
  const token = randomBytes(32).toString('base64url');
  const session: Session = {
    id: newId(now),
    tokenHash: tokenHash(token),
    person,
    createdAt: now,
    expiresAt: now + SESSION_MS,
  };
  await storage.transaction().execute(async (transaction) => {
    await transaction.deleteFrom('sessions').where('expiresAt', '<=', now).execute();
    await transaction.insertInto('sessions').values(session).execute();
  });
  return { session, token: new Secret(token) };
}

/** The live session of a token and its person; none when expired, ended, or the person is disabled. */
export async function findSession(
  storage: Storage,
  token: string,
  now: number,
): Promise<{ session: Session; person: Person } | undefined> {
  const session = await storage
    .selectFrom('sessions')
    .selectAll()
    .where('tokenHash', '=', tokenHash(token))
    .where('expiresAt', '>', now)
    .executeTakeFirst();
  if (!session) return undefined;
  const person = await storage
    .selectFrom('people')
    .selectAll()
    .where('id', '=', session.person)
    .where('disabledAt', 'is', null)
    .executeTakeFirst();
  return person && { session, person };
}

export async function endSession(storage: Storage, id: Id): Promise<void> {
  await storage.deleteFrom('sessions').where('id', '=', id).execute();
}
