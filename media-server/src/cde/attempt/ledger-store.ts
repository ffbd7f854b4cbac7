import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync, type SQLOutputValue, type StatementSync } from 'node:sqlite';
import type { Id } from '../../shared/ids.ts';
import type { Outcome, PaymentResult } from '../contract.ts';
import { type AttemptState, isOver, resultOf } from './attempt.ts';
import type {
  AttemptChange,
  AttemptRow,
  LedgerErrorCode,
  LedgerOptions,
  PaymentRow,
  PaymentState,
  StoredAttempt,
} from './ledger.ts';
import { LIVE, migrate, SCHEMA_VERSION } from './ledger-schema.ts';

const DAY_MS = 86_400_000;
const LIST_LIMIT = 1000;
const PAGE_BYTES = 4096;

/** A reason of the ledger's own to refuse; whatever else is thrown here is the disk's or SQLite's. */
export class LedgerError extends Error {
  readonly code: LedgerErrorCode;

  constructor(code: LedgerErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** The ledger itself: blocks while the disk writes, so it lives in a thread of its own (`ledger-thread.ts`). */
export class LedgerStore {
  readonly #db: DatabaseSync;
  readonly #lock: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  constructor(options: LedgerOptions) {
    mkdirSync(options.folder, { recursive: true, mode: 0o700 });
    this.#lock = lock(join(options.folder, 'ledger.lock'));
    const file = join(options.folder, 'ledger.sqlite');
    this.#db = new DatabaseSync(file);
    chmodSync(file, 0o600);
    const newer = (() => {
      this.#db.exec(`PRAGMA page_size = ${PAGE_BYTES}; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL`);
      this.#db.exec('PRAGMA foreign_keys = ON; PRAGMA busy_timeout = 2000; PRAGMA secure_delete = ON');
      this.#db.exec(`PRAGMA max_page_count = ${Math.floor(options.maxBytes / PAGE_BYTES)}`);
      return migrate(this.#db);
    })();
    if (newer !== undefined) {
      this.close();
      throw new LedgerError(
        'newer-schema',
        `The ledger ${file} has schema version ${newer}; this program knows versions up to ${SCHEMA_VERSION}. ` +
          'Start the newer program again; a ledger is never taken back to an older version.',
      );
    }
  }

  openPayment(row: PaymentRow): void {
    this.#atomically(() => {
      const { payment: id, merchant, purpose, order } = row;
      if (this.#get('SELECT 1 FROM payments WHERE id = ?', id)) {
        throw new LedgerError('payment-exists', `payment ${id} is in the ledger already`);
      }
      const alive = this.#get(
        `SELECT 1 FROM attempts WHERE merchant = ? AND order_reference = ? AND purpose = ? AND phase IN (${LIVE})
         UNION ALL SELECT 1 FROM payments WHERE merchant = ? AND order_reference = ? AND purpose = ? AND state = 'open'`,
        merchant,
        order.reference,
        purpose,
        merchant,
        order.reference,
        purpose,
      );
      if (alive) throw new LedgerError('attempt-alive', `payment ${id}: its order has a live payment`);
      this.#run(
        `INSERT INTO payments (id, merchant, leg, order_reference, purpose, amount_minor, currency, state, opened_at, changed_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, 'open', ?, ?)`,
        id,
        merchant,
        row.leg ?? null,
        order.reference,
        purpose,
        order.amountMinor,
        order.currency,
        row.at,
        row.at,
      );
      this.#event(row.at, id, null, 'opened', null);
    });
  }

  intend(row: AttemptRow): void {
    this.#atomically(() => {
      const { id, payment, state } = row;
      const columns = attemptColumns(state);
      this.#run(
        `INSERT INTO attempts (id, payment, merchant, order_reference, purpose, amount_minor, currency, gateway,
           gateway_reference, version, ${Object.keys(columns).join(', ')})
         SELECT ?, id, merchant, order_reference, purpose, amount_minor, currency, ?, ?, 0,
           ${Object.keys(columns).fill('?').join(', ')}
         FROM payments WHERE id = ? AND state = 'open'`,
        id,
        row.gateway,
        row.reference,
        ...Object.values(columns),
        payment,
      );
      const { changes } = this.#run(
        `UPDATE payments SET state = 'asked', attempt = ?, changed_at = ? WHERE id = ? AND state = 'open'`,
        id,
        state.since,
        payment,
      );
      if (changes !== 1) throw new LedgerError('stale', `payment ${payment} is not open`);
      this.#event(state.since, payment, id, 'intended', state.phase);
    });
  }

  /** Refused as `stale` where somebody else has changed the attempt since `version`. */
  writeAttempt(change: AttemptChange): void {
    this.#atomically(() => {
      const { id, payment, state, at } = change;
      const columns = attemptColumns(state);
      const { changes } = this.#run(
        `UPDATE attempts SET version = version + 1, ${Object.keys(columns)
          .map((column) => `${column} = ?`)
          .join(', ')} WHERE id = ? AND version = ?`,
        ...Object.values(columns),
        id,
        change.version,
      );
      if (changes !== 1) throw new LedgerError('stale', `attempt ${id} was changed by another process`);
      if (change.isNews) this.#run('UPDATE payments SET changed_at = ?, told_at = NULL WHERE id = ?', at, payment);
      if (state.phase === 'told') this.#run('UPDATE payments SET told_at = ? WHERE id = ?', at, payment);
      this.#event(at, payment, id, change.event, state.phase);
    });
  }

  endPayment(payment: Id, result: PaymentResult, at: number): void {
    this.#atomically(() => {
      const { changes } = this.#run(
        `UPDATE payments SET state = 'ended', outcome = ?, reason = ?, changed_at = ? WHERE id = ? AND state = 'open'`,
        result.outcome,
        result.reason,
        at,
        payment,
      );
      if (changes !== 1) throw new LedgerError('stale', `payment ${payment} is not open`);
      this.#event(at, payment, null, `ended:${result.outcome}:${result.reason}`, null);
    });
  }

  /** For results other than an approval: an approval is told by its attempt. */
  markTold(payment: Id, outcome: Outcome | null, at: number): void {
    this.#atomically(() => {
      const row = this.#get(`${SELECT_STATE} WHERE payments.id = ? AND state <> 'open'`, payment);
      if (!row) throw new LedgerError('stale', `payment ${payment} has no result`);
      const state = paymentState(row);
      if (state.result.outcome === 'approved' || (outcome !== null && state.result.outcome !== outcome)) {
        throw new LedgerError('stale', `payment ${payment} stands otherwise`);
      }
      this.#run('UPDATE payments SET told_at = ? WHERE id = ?', at, payment);
      this.#event(at, payment, null, `told:${state.result.outcome}`, null);
    });
  }

  /** Payments of an earlier life whose dialogue died with it: they end as failed. Returns how many. */
  endAbandoned(at: number): number {
    return this.#atomically(() => {
      const open = this.#all(`SELECT id FROM payments WHERE state = 'open'`);
      for (const { id } of open) this.#event(at, String(id), null, 'ended:failed:card-process-ended', null);
      this.#run(
        `UPDATE payments SET state = 'ended', outcome = 'failed', reason = 'card-process-ended', changed_at = ? WHERE state = 'open'`,
        at,
      );
      return open.length;
    });
  }

  /** Attempts to which something may still happen. */
  hanging(): StoredAttempt[] {
    return this.#all(`SELECT * FROM attempts WHERE phase IN (${LIVE}) ORDER BY id`).map((row) => ({
      id: String(row['id']),
      payment: String(row['payment']),
      reference: String(row['gateway_reference']),
      gateway: String(row['gateway']),
      version: Number(row['version']),
      state: attemptState(row),
      purpose: row['purpose'] as StoredAttempt['purpose'],
      order: {
        reference: String(row['order_reference']),
        amountMinor: Number(row['amount_minor']),
        currency: row['currency'] as StoredAttempt['order']['currency'],
      },
    }));
  }

  /** Results that are unknown, and those of the last day that nobody was told of; newest first. */
  list(now: number): PaymentState[] {
    return this.#all(
      `${SELECT_STATE} WHERE attempts.phase IN (${LIVE})
         OR (payments.state <> 'open' AND told_at IS NULL AND changed_at > ?)
       ORDER BY payments.id DESC LIMIT ${LIST_LIMIT}`,
      now - DAY_MS,
    ).map(paymentState);
  }

  /** One payment as it stands; undefined if unknown to the ledger or still open. */
  payment(id: Id): PaymentState | undefined {
    const row = this.#get(`${SELECT_STATE} WHERE payments.id = ? AND state <> 'open'`, id);
    return row && paymentState(row);
  }

  close(): void {
    this.#db.close();
    this.#lock.close();
  }

  #event(at: number, payment: Id, attempt: Id | null, event: string, phase: string | null): void {
    this.#run(
      `INSERT INTO events (at, merchant, payment, attempt, event, phase) SELECT ?, merchant, id, ?, ?, ? FROM payments WHERE id = ?`,
      at,
      attempt,
      event,
      phase,
      payment,
    );
  }

  #atomically<T>(work: () => T): T {
    this.#db.exec('BEGIN IMMEDIATE');
    try {
      const value = work();
      this.#db.exec('COMMIT');
      return value;
    } catch (error) {
      // A full disk may have rolled back already.
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
      if (isUniqueViolation(error)) throw new LedgerError('attempt-alive', 'its order has a live attempt');
      throw error;
    }
  }

  #statement(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (!statement) {
      statement = this.#db.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
  #run(sql: string, ...values: Value[]): { changes: number | bigint } {
    return this.#statement(sql).run(...values);
  }
  #get(sql: string, ...values: Value[]): Row | undefined {
    return this.#statement(sql).get(...values);
  }
  #all(sql: string, ...values: Value[]): Row[] {
    return this.#statement(sql).all(...values);
  }
}

type Value = string | number | null;
type Row = Record<string, SQLOutputValue>;

/**
 * One process at a time: an open transaction on a file beside the ledger, which the kernel ends when the process dies,
 * however it dies. (On the ledger itself it would keep readers out too.)
 */
function lock(file: string): DatabaseSync {
  const db = new DatabaseSync(file);
  try {
    db.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
  } catch {
    db.close();
    throw new LedgerError('in-use', `Another process holds the lock ${file}: two must never share a ledger.`);
  }
  return db;
}

const SELECT_STATE = `SELECT payments.id AS payment_id, payments.state AS payment_state, outcome, payments.reason AS payment_reason,
  told_at, attempts.* FROM payments LEFT JOIN attempts ON attempts.id = payments.attempt`;

function paymentState(row: Row): PaymentState {
  const result =
    row['payment_state'] === 'asked'
      ? resultOf(attemptState(row))
      : {
          outcome: row['outcome'] as PaymentResult['outcome'],
          reason: row['payment_reason'] as PaymentResult['reason'],
        };
  return { payment: String(row['payment_id']), told: row['told_at'] !== null, result };
}

function attemptColumns(state: AttemptState): Record<string, Value> {
  return {
    phase: state.phase,
    since: state.since,
    reason: state.reason,
    sent_at: state.sentAt ?? null,
    lookups: state.lookups,
    absent_since: state.absentSince ?? null,
    wake_at: isOver(state.phase) ? null : (state.wakeAt ?? null),
    reversing_since: state.reversingSince ?? null,
    receipt: state.receipt ?? null,
    brand: state.brand ?? null,
    last_four: state.lastFour ?? null,
  };
}

function attemptState(row: Row): AttemptState {
  const given = <K extends keyof AttemptState>(key: K, column: string) =>
    row[column] === null ? {} : ({ [key]: row[column] } as Pick<AttemptState, K>);
  return {
    phase: row['phase'] as AttemptState['phase'],
    since: Number(row['since']),
    reason: row['reason'] as AttemptState['reason'],
    lookups: Number(row['lookups']),
    ...given('sentAt', 'sent_at'),
    ...given('absentSince', 'absent_since'),
    ...given('wakeAt', 'wake_at'),
    ...given('reversingSince', 'reversing_since'),
    ...given('receipt', 'receipt'),
    ...given('brand', 'brand'),
    ...given('lastFour', 'last_four'),
  };
}

// SQLite's extended result code SQLITE_CONSTRAINT_UNIQUE (2067).
function isUniqueViolation(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === 2067;
}
