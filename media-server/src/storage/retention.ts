import { sql } from 'kysely';
import type { Id } from '../shared/ids.ts';
import type { RecordSigner } from '../shared/signed-chain.ts';
import { auditHead, lastCheckpoint } from './audit.ts';
import type { Storage } from './storage.ts';

/** Rows of one batch: a few milliseconds, for it blocks the thread. */
export const BATCH_ROWS = 100;

/**
 * Erases payments that ended before a time (UTC ms), with the captures, voids and refunds of their money, and what was
 * written of their steps. Kept, however old: those without an outcome or with an unknown one, theirs or of what is done
 * with their money; holds that were neither captured nor voided; and what a merchant's system is still to be told of.
 * Receipts stay.
 * @returns how many of one batch; 0: none is left
 */
export async function erasePayments(storage: Storage, before: number): Promise<number> {
  return storage.transaction().execute(async (transaction) => {
    const rows = await transaction
      .selectFrom('payments')
      .select('payments.id')
      .where('endedAt', '<', before)
      .where('outcome', 'not in', ['unknown'])
      // What is about another payment goes with it, unless that one is gone.
      .where(
        sql<boolean>`(payments.about is null or not exists (select 1 from payments p where p.id = payments.about))`,
      )
      .where(
        sql<boolean>`not exists (select 1 from payments a where a.about = payments.id and
          (a.outcome is null or a.outcome = 'unknown' or a.ended_at >= ${before}
            or exists (select 1 from webhook_events w where w.payment = a.id)))`,
      )
      .where(
        sql<boolean>`(payments.purpose <> 'authorize' or payments.outcome <> 'approved' or exists (
          select 1 from payments a where a.about = payments.id and a.outcome = 'approved' and a.purpose in ('capture', 'void')))`,
      )
      .where(sql<boolean>`not exists (select 1 from webhook_events w where w.payment = payments.id)`)
      .orderBy('endedAt')
      .limit(BATCH_ROWS)
      .execute();
    const ids = rows.map(({ id }) => id);
    if (ids.length === 0) return 0;
    const actions = await transaction.selectFrom('payments').select('id').where('about', 'in', ids).execute();
    const all: Id[] = [...actions.map(({ id }) => id), ...ids];
    await transaction.deleteFrom('paymentSteps').where('payment', 'in', all).execute();
    await transaction.deleteFrom('payments').where('id', 'in', all).execute();
    return ids.length;
  });
}

/**
 * Erases calls that ended before a time (UTC ms). Of one that a payment still belongs to, the customer's number and name
 * are erased alone.
 * @returns how many of one batch; 0: none is left
 */
export async function eraseCalls(storage: Storage, before: number): Promise<number> {
  return storage.transaction().execute(async (transaction) => {
    const paid = sql<number>`exists (select 1 from payments where payments.call = calls.id)`;
    const rows = await transaction
      .selectFrom('calls')
      .select(['id', paid.as('paid')])
      .where('endedAt', '<', before)
      .where(
        sql<boolean>`(not ${paid} or number is not null or display_name is not null
          or (direction = 'out' and called <> ''))`,
      )
      .orderBy('endedAt')
      .limit(BATCH_ROWS)
      .execute();
    const gone = rows.filter(({ paid: needed }) => !needed).map(({ id }) => id);
    const kept = rows.filter(({ paid: needed }) => needed).map(({ id }) => id);
    if (gone.length > 0) await transaction.deleteFrom('calls').where('id', 'in', gone).execute();
    if (kept.length > 0) {
      await transaction
        .updateTable('calls')
        .set({
          number: null,
          displayName: null,
          // Of an outgoing call it is the customer's number.
          called: sql<string>`case direction when 'out' then '' else called end`,
        })
        .where('id', 'in', kept)
        .execute();
    }
    return rows.length;
  });
}

/**
 * Erases the audit's oldest entries, from before a time (UTC ms), by its only way: a signed checkpoint is written, naming
 * number and digest of the last of them, and the chain begins after it from then on. The table gives up no row that
 * isn't covered by one. The newest entry always stays.
 * @returns how many of one batch; 0: none is left
 */
export async function eraseAudit(storage: Storage, before: number, signer: RecordSigner, now: number): Promise<number> {
  return storage.transaction().execute(async (transaction) => {
    const head = await auditHead(transaction);
    if (!head) return 0;
    const from = (await lastCheckpoint(transaction))?.number ?? 0;
    const rows = await transaction
      .selectFrom('audit')
      .select(['number', 'digest', 'at'])
      .where('number', '>', from)
      .where('number', '<', head.number)
      .orderBy('number')
      .limit(BATCH_ROWS)
      .execute();
    const kept = rows.findIndex(({ at }) => at >= before);
    const old = kept < 0 ? rows : rows.slice(0, kept);
    const last = old.at(-1);
    if (!last || last.number === null || last.digest === null) return 0;
    const checkpoint = { number: last.number, digest: last.digest, at: now };
    await transaction
      .insertInto('auditCheckpoints')
      .values({ ...checkpoint, signature: signer.sign({ ...checkpoint, kind: 'audit-checkpoint' }) })
      .execute();
    await transaction.deleteFrom('auditCheckpoints').where('number', '<', last.number).execute();
    await transaction
      .deleteFrom('audit')
      .where((where) =>
        where.or([
          where('number', '<=', last.number),
          where.and([where('number', 'is', null), where('at', '<', before)]),
        ]),
      )
      .execute();
    return old.length;
  });
}
