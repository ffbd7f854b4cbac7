import { sql } from 'kysely';
import type { Id } from '../shared/ids.ts';
import type { Storage } from './storage.ts';

/** How the keys of a trunk's customers came in, in calls that have ended. */
export interface TrunkKeyCounts {
  readonly trunk: string;
  readonly calls: number;
  /** Calls in which telephone-event was negotiated. */
  readonly negotiated: number;
  /** Calls in which keys came by each way, by any of them, and by INFO alone. */
  readonly event: number;
  readonly tone: number;
  readonly both: number;
  readonly info: number;
  readonly keyed: number;
  readonly infoOnly: number;
  /** Payments whose customer was guided, and those in whose call no key was heard. */
  readonly payments: number;
  readonly silent: number;
  readonly lastCallAt: number;
}

const calls = (condition: string) => sql<number>`sum(case when ${sql.raw(condition)} then 1 else 0 end)`;

/**
 * An organisation's answered calls by trunk, in the order of the trunks' names. Money actions on earlier payments are no
 * payments here.
 *
 * @param since UTC ms: calls that began from then on
 */
export async function countKeysByTrunk(storage: Storage, organisation: Id, since: number): Promise<TrunkKeyCounts[]> {
  const ofTrunks = storage
    .selectFrom('calls')
    .where('calls.organisation', '=', organisation)
    .where('calls.trunk', 'is not', null)
    .where('calls.startedAt', '>=', since)
    .where('calls.answeredAt', 'is not', null)
    .where('calls.endedAt', 'is not', null)
    .groupBy('calls.trunk')
    .orderBy('calls.trunk')
    .select('calls.trunk');
  const counted = await ofTrunks
    .select([
      sql<number>`count(*)`.as('calls'),
      calls('keys_negotiated = 1').as('negotiated'),
      calls('keys_event > 0').as('event'),
      calls('keys_tone > 0').as('tone'),
      calls('keys_both > 0').as('both'),
      calls('keys_info > 0').as('info'),
      calls('keys_event + keys_tone + keys_info > 0').as('keyed'),
      calls('keys_info > 0 and keys_event + keys_tone = 0').as('infoOnly'),
      sql<number>`max(started_at)`.as('lastCallAt'),
    ])
    .execute();
  const paid = await ofTrunks
    .innerJoin('payments', 'payments.call', 'calls.id')
    .where('payments.about', 'is', null)
    .where('payments.outcome', 'is not', null)
    .select([sql<number>`count(*)`.as('payments'), calls('keys_event + keys_tone = 0').as('silent')])
    .execute();
  const payments = new Map(paid.map((row) => [row.trunk, row]));
  return counted.map(({ trunk, ...row }) => ({
    ...(Object.fromEntries(Object.entries(row).map(([name, value]) => [name, Number(value)])) as typeof row),
    trunk: trunk ?? '',
    payments: Number(payments.get(trunk)?.payments ?? 0),
    silent: Number(payments.get(trunk)?.silent ?? 0),
  }));
}
