import type { Id } from '../shared/ids.ts';
import type { Storage } from './storage.ts';
import type { Member } from './tables.ts';

/** Writes what a merchant tells of one of its customers; what it told before is replaced. */
export async function putMember(
  storage: Storage,
  member: Omit<Member, 'createdAt' | 'changedAt'>,
  now: number,
): Promise<Member> {
  const { phone, language, gentle } = member;
  await storage
    .insertInto('members')
    .values({ ...member, createdAt: now, changedAt: now })
    .onConflict((conflict) =>
      conflict.columns(['merchant', 'member']).doUpdateSet({ phone, language, gentle, changedAt: now }),
    )
    .execute();
  const found = await findMember(storage, member.merchant, member.member);
  if (!found) throw new Error('a member that was just written is not there');
  return found;
}

export function findMember(storage: Storage, merchant: Id, member: string): Promise<Member | undefined> {
  return storage
    .selectFrom('members')
    .selectAll()
    .where('merchant', '=', merchant)
    .where('member', '=', member)
    .executeTakeFirst();
}

/** Forgets a customer's record. False: there was none. */
export async function deleteMember(storage: Storage, merchant: Id, member: string): Promise<boolean> {
  const result = await storage
    .deleteFrom('members')
    .where('merchant', '=', merchant)
    .where('member', '=', member)
    .executeTakeFirst();
  return Number(result.numDeletedRows) > 0;
}
