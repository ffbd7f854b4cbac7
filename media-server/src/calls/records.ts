import { type Call, MoneyAction, type Payment, Reason } from '@tonegate/api-schema';
import type { Id } from '../shared/ids.ts';
import { actionsOf, lastPayments } from '../storage/payments.ts';
import type { Storage } from '../storage/storage.ts';
import type { CallRow, PaymentRow } from '../storage/tables.ts';
import { type MoneyFact, moneyOf } from './money.ts';

/**
 * A stored payment as the API shows it. How far a running one is isn't stored; its session knows that.
 * @param actions captures, voids and refunds of its money
 */
export function paymentOf(row: PaymentRow, actions: readonly PaymentRow[]): Payment {
  const { id, call, merchant, purpose, language, outcome, mistakes, brand, lastFour, receipt, amountMinor } = row;
  const { reference, currency, description, member, about, declined, cards, startedAt, endedAt } = row;
  const ended = outcome !== null;
  const { refundedMinor, possible } = moneyOf({ purpose, outcome, amountMinor }, actions.flatMap(moneyFact));
  return {
    id,
    call,
    merchant,
    purpose,
    order: { reference, amountMinor, currency, ...(description === null ? {} : { description }) },
    member,
    about,
    language,
    gentle: row.gentle === 1,
    state: ended ? 'ended' : 'running',
    // What is done with the money of an earlier payment needs no wall.
    wall: ended || about !== null ? 'open' : 'shut',
    step: ended ? 'result' : 'processing',
    keys: 0,
    of: null,
    mistakes,
    waiting: false,
    waitingSince: null,
    speaking: false,
    declined,
    cards,
    outcome,
    // A word of a newer server that this one doesn't know must not hide the payment.
    reason: Reason.nullable().catch(null).parse(row.reason),
    brand,
    lastFour,
    receipt,
    startedAt,
    endedAt,
    acknowledged: row.acknowledgedAt !== null,
    refundedMinor,
    possible,
  };
}

/** What a stored action means for the payment that it is about. */
export function moneyFact({ purpose, amountMinor, outcome }: PaymentRow): MoneyFact[] {
  const action = MoneyAction.safeParse(purpose);
  return action.success ? [{ action: action.data, amountMinor, outcome }] : [];
}

/** Stored payments as the API shows them, in the order given. */
export async function paymentsOf(storage: Storage, rows: readonly PaymentRow[]): Promise<Payment[]> {
  const actions = await actionsOf(
    storage,
    rows.map(({ id }) => id),
  );
  return rows.map((row) =>
    paymentOf(
      row,
      actions.filter(({ about }) => about === row.id),
    ),
  );
}

/** Stored calls as the API shows them, each with its last payment, in the order given. */
export async function callsOf(storage: Storage, rows: readonly CallRow[]): Promise<Call[]> {
  const last = await lastPayments(
    storage,
    rows.map((row) => row.id),
  );
  const payments = new Map((await paymentsOf(storage, [...last.values()])).map((payment) => [payment.call, payment]));
  const names = await merchantNames(storage, new Set(rows.map((row) => row.merchant)));
  return rows.map((row) => ({
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
    keys: keysOf(row),
    payment: payments.get(row.id) ?? null,
  }));
}

/** What is written of a call's keys, when it has ended. */
function keysOf(row: CallRow): Call['keys'] {
  const { keysEvent: event, keysTone: tone, keysBoth: both, keysInfo: info } = row;
  const negotiated = row.keysNegotiated === 1;
  const isSure = event + tone > 0 || (negotiated && info === 0);
  const advice = isSure ? 'sure' : row.keysPossible === 1 ? 'unknown' : 'info-only';
  return { advice, negotiated, event, tone, both, info };
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
