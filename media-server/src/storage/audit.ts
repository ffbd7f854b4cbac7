import { type Id, newId } from '../shared/ids.ts';
import { digestOf, NO_DIGEST, type RecordSigner } from '../shared/signed-chain.ts';
import type { Storage } from './storage.ts';
import type { AuditCheckpoint, AuditRow } from './tables.ts';

/** What the audit is told; what isn't named is null. `detail` holds plain facts, no secret and no card data. */
type AuditEntry = Pick<AuditRow, 'actorKind' | 'action'> &
  Partial<Pick<AuditRow, 'organisation' | 'merchant' | 'actor' | 'subject'>> & {
    detail?: Readonly<Record<string, string | number | boolean>>;
  };

/** Rows that are checked at a time. */
const CHECKED_AT_ONCE = 5000;
/** Findings that are named; the check ends with the last of them. */
const FINDINGS_LIMIT = 20;

/** The audit's last row: its number and digest. */
export interface AuditHead {
  readonly number: number;
  readonly digest: string;
}

/**
 * Writes down who did what, as the next link of a chain: numbered, with the digest of the row before and its own. The
 * table takes nothing back: see its triggers; and who goes round them breaks the chain.
 */
export async function writeAudit(storage: Storage, entry: AuditEntry, now: number): Promise<void> {
  const { detail = {}, ...facts } = entry;
  await storage.transaction().execute(async (transaction) => {
    const head = await auditHead(transaction);
    const row = {
      organisation: null,
      merchant: null,
      actor: null,
      subject: null,
      ...facts,
      id: newId(now),
      at: now,
      detail: JSON.stringify(detail),
      number: (head?.number ?? 0) + 1,
      previous: head?.digest ?? NO_DIGEST,
    };
    await transaction
      .insertInto('audit')
      .values({ ...row, digest: digestOf(row) })
      .execute();
  });
}

export async function auditHead(storage: Storage): Promise<AuditHead | undefined> {
  const row = await storage
    .selectFrom('audit')
    .select(['number', 'digest'])
    .where('number', 'is not', null)
    .orderBy('number', 'desc')
    .executeTakeFirst();
  return row && row.number !== null && row.digest !== null ? { number: row.number, digest: row.digest } : undefined;
}

/** Where the chain begins, once rows were erased by retention. */
export function lastCheckpoint(storage: Storage): Promise<AuditCheckpoint | undefined> {
  return storage.selectFrom('auditCheckpoints').selectAll().orderBy('number', 'desc').limit(1).executeTakeFirst();
}

/** Which entries; what isn't said is all. Times are UTC ms, `until` excluded. */
interface AuditPageWanted {
  readonly before?: number | undefined;
  readonly actor?: Id | undefined;
  readonly action?: string | undefined;
  readonly since?: number | undefined;
  readonly until?: number | undefined;
  readonly limit: number;
}

/** Entries of an organisation and of the server as a whole (which are nobody's), newest first, older than `before`. */
export function listAudit(storage: Storage, organisation: Id, wanted: AuditPageWanted): Promise<AuditRow[]> {
  const { before, actor, action, since, until, limit } = wanted;
  let query = storage
    .selectFrom('audit')
    .selectAll()
    .where((where) => where.or([where('organisation', '=', organisation), where('organisation', 'is', null)]));
  query = query.where('number', '<', before ?? Number.MAX_SAFE_INTEGER);
  if (actor !== undefined) query = query.where('actor', '=', actor);
  if (action !== undefined) query = query.where('action', '=', action);
  if (since !== undefined) query = query.where('at', '>=', since);
  if (until !== undefined) query = query.where('at', '<', until);
  return query.orderBy('number', 'desc').limit(limit).execute();
}

/**
 * Follows the chain from its beginning, or from the checkpoint that erasing left: what was changed, taken out or put in shows, and so does an end that was cut off
 * before `sealed` (a head that was known to stand).
 * @param signer whose the checkpoint has to be
 * @returns in words, what is wrong; empty where nothing is
 */
export async function checkAudit(storage: Storage, sealed?: AuditHead, signer?: RecordSigner): Promise<string[]> {
  const findings: string[] = [];
  const erased = await lastCheckpoint(storage);
  if (erased && signer) {
    const { signature, ...checkpoint } = erased;
    if (!signer.fits({ ...checkpoint, kind: 'audit-checkpoint' }, signature))
      findings.push(`the checkpoint at row ${erased.number} isn't this server's`);
  }
  let before: AuditHead = erased ?? { number: 0, digest: NO_DIGEST };
  // What was sealed and erased since can't be looked at any more; the checkpoint stands for it.
  let sealedSeen = sealed === undefined || sealed.number < before.number;
  if (sealed && sealed.number === before.number) {
    sealedSeen = true;
    if (sealed.digest !== before.digest) findings.push(`row ${sealed.number} isn't the one that was sealed`);
  }
  for (;;) {
    const rows = await storage
      .selectFrom('audit')
      .selectAll()
      .where('number', '>', before.number)
      .orderBy('number')
      .limit(CHECKED_AT_ONCE)
      .execute();
    for (const { digest, ...row } of rows) {
      const number = Number(row.number);
      if (number !== before.number + 1) findings.push(`rows ${before.number + 1} to ${number - 1} are missing`);
      else if (row.previous !== before.digest) findings.push(`row ${number} doesn't follow the one before it`);
      if (digestOf({ ...row }) !== digest) findings.push(`row ${number} was changed`);
      if (sealed?.number === number) {
        sealedSeen = true;
        if (digest !== sealed.digest) findings.push(`row ${number} isn't the one that was sealed`);
      }
      before = { number, digest: String(digest) };
      if (findings.length >= FINDINGS_LIMIT) return findings;
    }
    if (rows.length < CHECKED_AT_ONCE) break;
  }
  if (!sealedSeen)
    findings.push(`the rows up to ${sealed?.number} were sealed, the last one there is ${before.number}`);
  return findings;
}
