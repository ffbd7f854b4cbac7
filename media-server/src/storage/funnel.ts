import { type RawBuilder, sql } from 'kysely';
import type { Id } from '../shared/ids.ts';
import type { Storage } from './storage.ts';
import type { Outcome, PaymentRow, PaymentStepRow } from './tables.ts';

/** What the funnel is narrowed by. Times are UTC ms, `to` excluded. */
export interface FunnelFilter {
  readonly from: number;
  readonly to: number;
  readonly merchants: readonly Id[];
  readonly language?: string | undefined;
  readonly trunk?: string | undefined;
  readonly purpose?: PaymentRow['purpose'] | undefined;
}

/** A step, over all the payments that came to it; times in ms. */
export interface StepCounts {
  readonly step: string;
  readonly reached: number;
  readonly finished: number;
  readonly hungUp: number;
  readonly askedForAgent: number;
  readonly cancelledByAgent: number;
  readonly silence: number;
  readonly mistakes: number;
  readonly other: number;
  readonly p50Ms: number | null;
  readonly p90Ms: number | null;
  readonly corrected: number;
}

/** Rows that one statement writes: SQLite's limit on values is 32,766. */
const ROWS_AT_ONCE = 500;

/** Writes the steps of a payment that has ended. */
export async function addPaymentSteps(storage: Storage, rows: readonly PaymentStepRow[]): Promise<void> {
  for (let from = 0; from < rows.length; from += ROWS_AT_ONCE) {
    await storage
      .insertInto('paymentSteps')
      .values(rows.slice(from, from + ROWS_AT_ONCE))
      .execute();
  }
}

/**
 * Steps by how many payments reached, finished and left them. A payment that came to a step several times counts once:
 * as it left it the last time, with the time and the mistakes of all of them. p50 and p90 are times that so many of
 * those who finished took at most (nearest rank).
 */
export async function countSteps(storage: Storage, filter: FunnelFilter): Promise<StepCounts[]> {
  if (filter.merchants.length === 0) return [];
  const { rows } = await sql<StepCounts>`
    with ranked as (
      select payment, step, took_ms, mistakes, "left",
        row_number() over (partition by payment, step order by place desc) as turn
      from payment_steps where ${within(filter)}
    ),
    per_payment as (
      select payment, step, sum(took_ms) as took, sum(mistakes) as mistakes,
        max(case when turn = 1 then "left" end) as "left"
      from ranked group by payment, step
    ),
    timed as (
      select per_payment.*,
        row_number() over (partition by step, "left" order by took) as place,
        count(*) over (partition by step, "left") as of_all
      from per_payment
    )
    select step, count(*) as reached,
      ${counted('finished')} as finished,
      ${counted('hung-up')} as "hungUp",
      ${counted('asked-for-agent')} as "askedForAgent",
      ${counted('cancelled-by-agent')} as "cancelledByAgent",
      ${counted('silence')} as silence,
      ${counted('mistakes')} as mistakes,
      ${counted('other')} as other,
      min(case when "left" = 'finished' and place * 100 >= of_all * 50 then took end) as "p50Ms",
      min(case when "left" = 'finished' and place * 100 >= of_all * 90 then took end) as "p90Ms",
      sum(case when "left" = 'finished' then mistakes else 0 end) as corrected
    from timed group by step`.execute(storage);
  // Counts and sums are text in some databases, which have greater integers than JavaScript.
  return rows.map((row) => ({
    step: row.step,
    reached: Number(row.reached),
    finished: Number(row.finished),
    hungUp: Number(row.hungUp),
    askedForAgent: Number(row.askedForAgent),
    cancelledByAgent: Number(row.cancelledByAgent),
    silence: Number(row.silence),
    mistakes: Number(row.mistakes),
    other: Number(row.other),
    p50Ms: row.p50Ms === null ? null : Number(row.p50Ms),
    p90Ms: row.p90Ms === null ? null : Number(row.p90Ms),
    corrected: Number(row.corrected),
  }));
}

/** How many rows there are to count: what is asked for at once has a limit. */
export async function countStepRows(storage: Storage, filter: FunnelFilter): Promise<number> {
  if (filter.merchants.length === 0) return 0;
  const { rows } = await sql<{
    count: number;
  }>`select count(*) as count from payment_steps where ${within(filter)}`.execute(storage);
  return Number(rows[0]?.count ?? 0);
}

/** How the payments with these steps came out. */
export async function countOutcomes(storage: Storage, filter: FunnelFilter): Promise<Map<Outcome, number>> {
  if (filter.merchants.length === 0) return new Map();
  const { rows } = await sql<{ outcome: Outcome | null; count: number }>`
    select outcome, count(*) as count from payments
    where id in (select distinct payment from payment_steps where ${within(filter)})
    group by outcome`.execute(storage);
  return new Map(rows.flatMap(({ outcome, count }) => (outcome === null ? [] : [[outcome, Number(count)]])));
}

/** Languages and trunks that occur in these merchants' steps of that time, in order. */
export async function funnelChoices(
  storage: Storage,
  filter: Pick<FunnelFilter, 'from' | 'to' | 'merchants'>,
): Promise<{ languages: string[]; trunks: string[] }> {
  if (filter.merchants.length === 0) return { languages: [], trunks: [] };
  const steps = storage
    .selectFrom('paymentSteps')
    .distinct()
    .where('merchant', 'in', filter.merchants)
    .where('at', '>=', filter.from)
    .where('at', '<', filter.to);
  const [languages, trunks] = await Promise.all([
    steps.select('language').orderBy('language').execute(),
    steps.select('trunk').where('trunk', 'is not', null).orderBy('trunk').execute(),
  ]);
  return {
    languages: languages.map(({ language }) => language),
    trunks: trunks.flatMap(({ trunk }) => trunk ?? []),
  };
}

/** Forgets steps that were reached before a time, UTC ms. */
export async function forgetPaymentSteps(storage: Storage, before: number): Promise<void> {
  await storage.deleteFrom('paymentSteps').where('at', '<', before).execute();
}

function counted(left: PaymentStepRow['left']): RawBuilder<number> {
  return sql`sum(case when "left" = ${left} then 1 else 0 end)`;
}

function within({ from, to, merchants, language, trunk, purpose }: FunnelFilter): RawBuilder<boolean> {
  const parts = [
    sql`merchant in (${sql.join(merchants)})`,
    sql`at >= ${from}`,
    sql`at < ${to}`,
    ...(language === undefined ? [] : [sql`language = ${language}`]),
    ...(trunk === undefined ? [] : [sql`trunk = ${trunk}`]),
    ...(purpose === undefined ? [] : [sql`purpose = ${purpose}`]),
  ];
  return sql<boolean>`${sql.join(parts, sql` and `)}`;
}
