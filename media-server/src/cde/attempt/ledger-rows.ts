import type { PaymentResult } from '../contract.ts';
import { type AttemptState, isOver, resultOf } from './attempt.ts';
import type { PaymentState, StoredAttempt } from './ledger.ts';
import type { Row, Value } from './ledger-db.ts';

/** A payment beside its last attempt, for `paymentState`. */
export const SELECT_STATE = `SELECT payments.id AS payment_id, payments.state AS payment_state, outcome,
  payments.reason AS payment_reason, told_at, held, attempts.* FROM payments LEFT JOIN attempts ON attempts.id = payments.attempt`;

/** An attempt beside the one whose money it is about, for `storedAttempt`. */
export const SELECT_ATTEMPT = `SELECT attempts.*, original.gateway_reference AS of_reference,
  original.gateway_transaction AS of_transaction, original.amount_minor AS of_amount
  FROM attempts LEFT JOIN payments AS subject ON subject.id = attempts.of_payment
  LEFT JOIN attempts AS original ON original.id = subject.attempt`;

export function paymentState(row: Row): PaymentState {
  const result =
    row['payment_state'] === 'asked'
      ? resultOf(attemptState(row))
      : {
          outcome: row['outcome'] as PaymentResult['outcome'],
          reason: row['payment_reason'] as PaymentResult['reason'],
        };
  return { payment: String(row['payment_id']), told: row['told_at'] !== null, result };
}

export function storedAttempt(row: Row): StoredAttempt {
  return {
    id: String(row['id']),
    payment: String(row['payment']),
    merchant: String(row['merchant']),
    reference: String(row['gateway_reference']),
    gateway: String(row['gateway']),
    version: Number(row['version']),
    state: attemptState(row),
    order: {
      reference: String(row['order_reference']),
      amountMinor: Number(row['amount_minor']),
      currency: row['currency'] as StoredAttempt['order']['currency'],
    },
    ...(row['member'] !== null && { member: String(row['member']) }),
    ...(row['of_payment'] !== null && {
      of: {
        reference: String(row['of_reference']),
        amountMinor: Number(row['of_amount']),
        ...(row['of_transaction'] !== null && { transaction: String(row['of_transaction']) }),
      },
    }),
  };
}

/** The columns that change as an attempt goes on. */
export function attemptColumns(state: AttemptState): Record<string, Value> {
  return {
    phase: state.phase,
    since: state.since,
    reason: state.reason,
    sent_at: state.sentAt ?? null,
    lookups: state.lookups,
    absent_since: state.absentSince ?? null,
    wake_at: isOver(state.phase) ? null : (state.wakeAt ?? null),
    reversing_since: state.reversingSince ?? null,
    gateway_transaction: state.transaction ?? null,
    receipt: state.receipt ?? null,
    brand: state.brand ?? null,
    last_four: state.lastFour ?? null,
    fingerprint: state.fingerprint ?? null,
    stored_card: state.storedCard ?? null,
    stuck: state.stuck ?? null,
  };
}

export function attemptState(row: Row): AttemptState {
  const given = <K extends keyof AttemptState>(key: K, column: string) =>
    row[column] === null ? {} : ({ [key]: row[column] } as Pick<AttemptState, K>);
  return {
    purpose: row['purpose'] as AttemptState['purpose'],
    phase: row['phase'] as AttemptState['phase'],
    since: Number(row['since']),
    reason: row['reason'] as AttemptState['reason'],
    lookups: Number(row['lookups']),
    ...given('sentAt', 'sent_at'),
    ...given('absentSince', 'absent_since'),
    ...given('wakeAt', 'wake_at'),
    ...given('reversingSince', 'reversing_since'),
    ...given('transaction', 'gateway_transaction'),
    ...given('receipt', 'receipt'),
    ...given('brand', 'brand'),
    ...given('lastFour', 'last_four'),
    ...given('fingerprint', 'fingerprint'),
    ...given('storedCard', 'stored_card'),
    ...given('stuck', 'stuck'),
  };
}
