import { sql } from 'kysely';
import type { Id } from '../shared/ids.ts';
import type { Storage } from './storage.ts';
import type { Outcome, PaymentStepRow } from './tables.ts';

/** Which steps: of these merchants, reached from `from` until before `to`, UTC ms. */
export interface StepsWanted {
  readonly from: number;
  readonly to: number;
  readonly merchants: readonly Id[];
}

/** A step with its payment's outcome; null of a payment whose row isn't there (any more). */
export type StepWithOutcome = PaymentStepRow & { readonly outcome: Outcome | null };

/** Rows that one statement writes: SQLite's limit on values is 32,766. */
const ROWS_AT_ONCE = 500;
/** Rows that one statement reads: 10 ms at most, for it blocks the thread. */
const PAGE_ROWS = 2000;

/** Writes the steps of a payment that has ended. */
export async function addPaymentSteps(storage: Storage, rows: readonly PaymentStepRow[]): Promise<void> {
  for (let from = 0; from < rows.length; from += ROWS_AT_ONCE) {
    await storage
      .insertInto('paymentSteps')
      .values(rows.slice(from, from + ROWS_AT_ONCE))
      .execute();
  }
}

/** How many steps there are; counted up to `limit` only. */
export async function countSteps(storage: Storage, wanted: StepsWanted, limit: number): Promise<number> {
  let count = 0;
  for (const merchant of wanted.merchants) {
    const some = storage
      .selectFrom('paymentSteps')
      .select('at')
      .where('merchant', '=', merchant)
      .where('at', '>=', wanted.from)
      .where('at', '<', wanted.to)
      .limit(limit - count)
      .as('some');
    const row = await storage
      .selectFrom(some)
      .select((with_) => with_.fn.countAll<number>().as('count'))
      .executeTakeFirstOrThrow();
    count += Number(row.count);
    if (count >= limit) break;
  }
  return count;
}

/** Steps in pages, merchant by merchant in the order of time. Others get their turn between two pages. */
export async function* stepPages(storage: Storage, wanted: StepsWanted): AsyncGenerator<StepWithOutcome[]> {
  for (const merchant of wanted.merchants) {
    let after = { at: wanted.from - 1, payment: '', place: 0 };
    for (;;) {
      const page = await storage
        .selectFrom('paymentSteps')
        .leftJoin('payments', 'payments.id', 'paymentSteps.payment')
        .selectAll('paymentSteps')
        .select('payments.outcome')
        .where('paymentSteps.merchant', '=', merchant)
        // Said twice: the first is what the index is searched by.
        .where('paymentSteps.at', '>=', after.at)
        .where('paymentSteps.at', '<', wanted.to)
        .where(
          sql<boolean>`(payment_steps.at, payment_steps.payment, payment_steps.place) > (${after.at}, ${after.payment}, ${after.place})`,
        )
        .orderBy('paymentSteps.at')
        .orderBy('paymentSteps.payment')
        .orderBy('paymentSteps.place')
        .limit(PAGE_ROWS)
        .execute();
      yield page;
      const last = page.at(-1);
      if (!last || page.length < PAGE_ROWS) break;
      after = last;
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
  }
}

/** Forgets steps that were reached before a time, UTC ms. */
export async function forgetPaymentSteps(storage: Storage, before: number): Promise<void> {
  const merchants = await storage.selectFrom('merchants').select('id').execute();
  for (const { id } of merchants) {
    await storage.deleteFrom('paymentSteps').where('merchant', '=', id).where('at', '<', before).execute();
  }
}
