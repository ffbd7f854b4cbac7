import { type Call, type Payment, Reason } from '@tonegate/api-schema';
import type { Id } from '../shared/ids.ts';
import { lastPayments } from '../storage/payments.ts';
import type { Storage } from '../storage/storage.ts';
import type { CallRow, PaymentRow } from '../storage/tables.ts';

/** A stored payment as the API shows it. How far a running one is isn't stored; `calls/` knows that. */
export function paymentOf(row: PaymentRow): Payment {
  const { id, call, merchant, purpose, language, outcome, mistakes, brand, lastFour, receipt } = row;
  const { reference, amountMinor, currency } = row;
  const ended = outcome !== null;
  return {
    id,
    call,
    merchant,
    purpose,
    order: {
      reference,
      amountMinor,
      currency,
      ...(row.description === null ? {} : { description: row.description }),
    },
    member: null,
    about: null,
    language,
    gentle: false,
    state: ended ? 'ended' : 'running',
    wall: ended ? 'open' : 'shut',
    step: 'result',
    keys: 0,
    of: null,
    mistakes,
    waiting: false,
    waitingSince: null,
    speaking: false,
    declined: 0,
    cards: 1,
    outcome,
    // A word of a newer server that this one doesn't know must not hide the payment.
    reason: Reason.nullable().catch(null).parse(row.reason),
    brand,
    lastFour,
    receipt,
    startedAt: row.startedAt,
    endedAt: row.endedAt,
    acknowledged: row.acknowledgedAt !== null,
    refundedMinor: 0,
    possible: [],
  };
}

/** Stored calls as the API shows them, each with its last payment, in the order given. */
export async function callsOf(storage: Storage, rows: readonly CallRow[]): Promise<Call[]> {
  const payments = await lastPayments(
    storage,
    rows.map((row) => row.id),
  );
  const names = await merchantNames(storage, new Set(rows.map((row) => row.merchant)));
  return rows.map((row) => {
    const payment = payments.get(row.id);
    return {
      id: row.id,
      direction: row.direction,
      merchant: { id: row.merchant, name: names.get(row.merchant) ?? '' },
      number: row.number,
      displayName: row.displayName,
      called: row.called,
      state: row.endedAt !== null ? 'ended' : row.answeredAt !== null ? 'talking' : 'ringing',
      startedAt: row.startedAt,
      answeredAt: row.answeredAt,
      endedAt: row.endedAt,
      end: row.end,
      codec: row.codec,
      keysPossible: row.keysPossible === 1,
      keys: { advice: 'unknown', negotiated: false, event: 0, tone: 0, both: 0, info: 0 },
      payment: payment ? paymentOf(payment) : null,
    };
  });
}

async function merchantNames(storage: Storage, ids: ReadonlySet<Id>): Promise<Map<Id, string>> {
  if (ids.size === 0) return new Map();
  const rows = await storage
    .selectFrom('merchants')
    .select(['id', 'name'])
    .where('id', 'in', [...ids])
    .execute();
  return new Map(rows.map((row) => [row.id, row.name]));
}
