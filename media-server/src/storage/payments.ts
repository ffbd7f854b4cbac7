import type { Id } from '../shared/ids.ts';
import type { Storage } from './storage.ts';
import type { Outcome, PaymentRow } from './tables.ts';

/** What a plain charge has none of. */
type Special = Pick<PaymentRow, 'member' | 'about' | 'gentle' | 'declined' | 'cards'>;

/** Writes a payment as it begins. */
export async function addPayment(
  storage: Storage,
  payment: Omit<
    PaymentRow,
    'outcome' | 'reason' | 'mistakes' | 'brand' | 'lastFour' | 'receipt' | 'endedAt' | 'acknowledgedAt' | keyof Special
  > &
    Partial<Special>,
): Promise<void> {
  await storage
    .insertInto('payments')
    .values({
      member: null,
      about: null,
      gentle: 0,
      declined: 0,
      cards: 1,
      ...payment,
      outcome: null,
      reason: null,
      mistakes: 0,
      brand: null,
      lastFour: null,
      receipt: null,
      endedAt: null,
      acknowledgedAt: null,
    })
    .execute();
}

/**
 * Writes a payment's outcome, what an unknown one settled to, or that an approval was given back. Brand, last four digits
 * and receipt are kept of an approved payment only. Any other outcome stays: a later call changes nothing. A new outcome
 * is one that nobody has seen yet. True: it has changed.
 */
export async function endPayment(
  storage: Storage,
  id: Id,
  end: {
    readonly outcome: Outcome;
    readonly reason: string;
    readonly mistakes?: number;
    readonly declined?: number;
    readonly gentle?: number;
    /** What was spoken at the end. */
    readonly language?: string;
    readonly brand?: string | null;
    readonly lastFour?: string | null;
    readonly receipt?: string | null;
    readonly endedAt: number;
  },
): Promise<boolean> {
  const approved = end.outcome === 'approved';
  const { mistakes, declined, gentle, language } = end;
  const { numUpdatedRows } = await storage
    .updateTable('payments')
    .set({
      outcome: end.outcome,
      reason: end.reason,
      ...(mistakes === undefined ? {} : { mistakes }),
      ...(declined === undefined ? {} : { declined }),
      ...(gentle === undefined ? {} : { gentle }),
      ...(language === undefined ? {} : { language }),
      brand: approved ? (end.brand ?? null) : null,
      lastFour: approved ? (end.lastFour ?? null) : null,
      receipt: approved ? (end.receipt ?? null) : null,
      endedAt: end.endedAt,
      acknowledgedAt: null,
    })
    .where('id', '=', id)
    .where((where) =>
      where.or([
        where('outcome', 'is', null),
        ...(end.outcome === 'unknown' ? [] : [where('outcome', '=', 'unknown')]),
        ...(end.outcome === 'failed' ? [where('outcome', '=', 'approved')] : []),
      ]),
    )
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** Takes back a payment that never began. One with an outcome stays. */
export async function removePayment(storage: Storage, id: Id): Promise<void> {
  await storage.deleteFrom('payments').where('id', '=', id).where('outcome', 'is', null).execute();
}

/** The agent or an API client has seen the outcome. The first time stays. */
export async function acknowledgePayment(storage: Storage, id: Id, now: number): Promise<void> {
  await storage
    .updateTable('payments')
    .set({ acknowledgedAt: now })
    .where('id', '=', id)
    .where('acknowledgedAt', 'is', null)
    .execute();
}

export function findPayment(storage: Storage, id: Id): Promise<PaymentRow | undefined> {
  return storage.selectFrom('payments').selectAll().where('id', '=', id).executeTakeFirst();
}

/** The last payment of each of these calls that had one; what was done with its money later is none of the call's. */
export async function lastPayments(storage: Storage, calls: readonly Id[]): Promise<Map<Id, PaymentRow>> {
  if (calls.length === 0) return new Map();
  const rows = await storage
    .selectFrom('payments')
    .selectAll()
    .where('call', 'in', calls)
    .where('about', 'is', null)
    .orderBy('id')
    .execute();
  return new Map(rows.map((row) => [row.call, row]));
}

/** Every payment of a call, and what was done with their money, oldest first. */
export function paymentsOfCall(storage: Storage, call: Id): Promise<PaymentRow[]> {
  return storage.selectFrom('payments').selectAll().where('call', '=', call).orderBy('id').execute();
}

/** Captures, voids and refunds of these payments, oldest first. */
export async function actionsOf(storage: Storage, payments: readonly Id[]): Promise<PaymentRow[]> {
  if (payments.length === 0) return [];
  return storage.selectFrom('payments').selectAll().where('about', 'in', payments).orderBy('id').execute();
}

/** Whose payments: what this person started, or what was paid in their calls; or all of these merchants. */
export type PaymentsOf = { readonly person: Id } | { readonly merchants: readonly Id[] };

/**
 * Payments, newest first.
 *
 * @param wanted.state `unknown`; `unsettled`: that, without any outcome yet, or with one that nobody has seen
 * @param wanted.since started at or after, UTC ms
 * @param wanted.before the id of the last one of the page before
 */
export async function listPayments(
  storage: Storage,
  of: PaymentsOf,
  wanted: {
    readonly state?: 'unknown' | 'unsettled' | undefined;
    readonly since?: number | undefined;
    readonly before?: Id | undefined;
    readonly limit: number;
  },
): Promise<PaymentRow[]> {
  let query = storage.selectFrom('payments').selectAll('payments').orderBy('payments.id', 'desc').limit(wanted.limit);
  if ('person' in of) {
    query = query
      .innerJoin('calls', 'calls.id', 'payments.call')
      .where((where) => where.or([where('payments.person', '=', of.person), where('calls.person', '=', of.person)]));
  } else {
    if (of.merchants.length === 0) return [];
    query = query.where('payments.merchant', 'in', of.merchants);
  }
  if (wanted.state === 'unknown') query = query.where('outcome', '=', 'unknown');
  if (wanted.state === 'unsettled') {
    query = query.where((where) =>
      where.or([where('outcome', 'is', null), where('outcome', '=', 'unknown'), where('acknowledgedAt', 'is', null)]),
    );
  }
  if (wanted.since !== undefined) query = query.where('payments.startedAt', '>=', wanted.since);
  if (wanted.before !== undefined) query = query.where('payments.id', '<', wanted.before);
  return query.execute();
}

/** Payments whose outcome isn't known: those that the server left running, and those that the gateway left open. */
export function unsettledPayments(storage: Storage): Promise<PaymentRow[]> {
  return storage
    .selectFrom('payments')
    .selectAll()
    .where((where) => where.or([where('outcome', 'is', null), where('outcome', '=', 'unknown')]))
    .orderBy('id')
    .execute();
}
