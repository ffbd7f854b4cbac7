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
 * is one that nobody has seen yet.
 */
export async function endPayment(
  storage: Storage,
  id: Id,
  end: {
    readonly outcome: Outcome;
    readonly reason: string;
    readonly mistakes?: number;
    readonly brand?: string | null;
    readonly lastFour?: string | null;
    readonly receipt?: string | null;
    readonly endedAt: number;
  },
): Promise<void> {
  const approved = end.outcome === 'approved';
  await storage
    .updateTable('payments')
    .set({
      outcome: end.outcome,
      reason: end.reason,
      ...(end.mistakes === undefined ? {} : { mistakes: end.mistakes }),
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
    .execute();
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

/** The last payment of each of these calls that had one. */
export async function lastPayments(storage: Storage, calls: readonly Id[]): Promise<Map<Id, PaymentRow>> {
  if (calls.length === 0) return new Map();
  const rows = await storage.selectFrom('payments').selectAll().where('call', 'in', calls).orderBy('id').execute();
  return new Map(rows.map((row) => [row.call, row]));
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
