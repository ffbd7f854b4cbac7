import { randomInt } from 'node:crypto';
import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import { CURRENCIES } from '../shared/money.ts';
import { DECLINE_REASONS } from './test-cards.ts';

const SCHEMA_VERSION = 1;
const SCHEMA = `
  CREATE TABLE attempts (
    ref TEXT PRIMARY KEY,
    order_reference TEXT NOT NULL,
    amount_minor INTEGER NOT NULL,
    currency TEXT NOT NULL,
    brand TEXT NOT NULL,
    last_four TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('processing', 'approved', 'declined', 'reversed')),
    reason TEXT,
    receipt TEXT NOT NULL UNIQUE,
    -- when a slow one is approved
    due_at INTEGER,
    made_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    -- how often it was asked for with the same ref
    asked INTEGER NOT NULL DEFAULT 1
  ) STRICT;
`;

const Row = z.object({
  ref: z.string(),
  order_reference: z.string(),
  amount_minor: z.int(),
  currency: z.enum(CURRENCIES),
  brand: z.string(),
  last_four: z.string(),
  status: z.enum(['processing', 'approved', 'declined', 'reversed']),
  reason: z.enum(DECLINE_REASONS).nullable(),
  receipt: z.string(),
});
type Row = z.infer<typeof Row>;

export type AttemptStatus = Row['status'];

/** An attempt as the service tells it. */
export interface BookedAttempt {
  readonly ref: string;
  readonly status: AttemptStatus;
  readonly reason?: (typeof DECLINE_REASONS)[number];
  readonly receipt: string;
  readonly brand: string;
  readonly lastFour: string;
  readonly amountMinor: number;
  readonly currency: string;
  readonly order: string;
}

/** What is booked: everything of an attempt but what the books add. */
export type NewAttempt = Omit<BookedAttempt, 'receipt'> & { readonly dueAt?: number };

/** Counts by status, and money by currency in minor units. `repeated`: requests beyond the first with the same ref. */
export interface Totals {
  readonly attempts: Readonly<Record<AttemptStatus, number>>;
  readonly repeated: number;
  readonly captured: Readonly<Record<string, number>>;
  readonly reversed: Readonly<Record<string, number>>;
  /** How many attempts of an order moved money and kept it; orders with more than one, at most 100. */
  readonly ordersPaidTwice: readonly string[];
}

/** The service's durable books: what was answered has been written before. Of a card: brand and last four digits. */
export class Books {
  readonly #db: DatabaseSync;

  constructor(folder: string) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const file = join(folder, 'books.sqlite');
    this.#db = new DatabaseSync(file);
    chmodSync(file, 0o600);
    this.#db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 2000');
    const version = Number(this.#db.prepare('PRAGMA user_version').get()?.['user_version']);
    if (version > SCHEMA_VERSION) {
      throw new Error(`${file} has schema version ${version}; this program knows versions up to ${SCHEMA_VERSION}`);
    }
    if (version === 0) this.#db.exec(`BEGIN; ${SCHEMA}; PRAGMA user_version = ${SCHEMA_VERSION}; COMMIT`);
  }

  find(ref: string, now: number): BookedAttempt | undefined {
    this.#approveDue(now);
    const row = this.#db.prepare('SELECT * FROM attempts WHERE ref = ?').get(ref);
    return row && told(Row.parse(row));
  }

  /** Books an attempt; where its ref is booked already, that one counts and comes back. */
  book(attempt: NewAttempt, now: number): BookedAttempt {
    this.#db
      .prepare(
        `INSERT INTO attempts (ref, order_reference, amount_minor, currency, brand, last_four, status, reason, receipt, due_at, made_at, changed_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (ref) DO UPDATE SET asked = asked + 1`,
      )
      .run(
        attempt.ref,
        attempt.order,
        attempt.amountMinor,
        attempt.currency,
        attempt.brand,
        attempt.lastFour,
        attempt.status,
        attempt.reason ?? null,
        newReceipt(),
        attempt.dueAt ?? null,
        now,
        now,
      );
    const booked = this.find(attempt.ref, now);
    if (!booked) throw new Error('what was booked is not in the books');
    return booked;
  }

  /** Gives the money back, or keeps it from moving; once. Undefined where there is no such attempt. */
  reverse(ref: string, now: number): BookedAttempt | undefined {
    this.#approveDue(now);
    this.#db
      .prepare(
        `UPDATE attempts SET status = 'reversed', changed_at = ? WHERE ref = ? AND status IN ('approved', 'processing')`,
      )
      .run(now, ref);
    return this.find(ref, now);
  }

  totals(now: number): Totals {
    this.#approveDue(now);
    const attempts = { processing: 0, approved: 0, declined: 0, reversed: 0 };
    const captured: Record<string, number> = {};
    const reversed: Record<string, number> = {};
    const groups = z.array(
      z.object({ status: Row.shape.status, currency: z.string(), count: z.int(), sum: z.int(), repeated: z.int() }),
    );
    let repeated = 0;
    for (const group of groups.parse(
      this.#db
        .prepare(
          `SELECT status, currency, count(*) AS count, sum(amount_minor) AS sum, sum(asked - 1) AS repeated
           FROM attempts GROUP BY status, currency`,
        )
        .all(),
    )) {
      attempts[group.status] += group.count;
      repeated += group.repeated;
      const { currency, sum } = group;
      if (group.status === 'approved' || group.status === 'reversed')
        captured[currency] = (captured[currency] ?? 0) + sum;
      if (group.status === 'reversed') reversed[currency] = (reversed[currency] ?? 0) + sum;
    }
    const twice = this.#db
      .prepare(
        `SELECT order_reference AS paid FROM attempts WHERE status = 'approved' GROUP BY order_reference HAVING count(*) > 1 LIMIT 100`,
      )
      .all();
    return { attempts, repeated, captured, reversed, ordersPaidTwice: twice.map((row) => String(row['paid'])) };
  }

  close(): void {
    this.#db.close();
  }

  /** Slow ones become approved by the clock alone, so that a restart in between changes nothing. */
  #approveDue(now: number): void {
    this.#db
      .prepare(
        `UPDATE attempts SET status = 'approved', changed_at = due_at WHERE status = 'processing' AND due_at <= ?`,
      )
      .run(now);
  }
}

function told(row: Row): BookedAttempt {
  return {
    ref: row.ref,
    status: row.status,
    ...(row.reason && { reason: row.reason }),
    receipt: row.receipt,
    brand: row.brand,
    lastFour: row.last_four,
    amountMinor: row.amount_minor,
    currency: row.currency,
    order: row.order_reference,
  };
}

// Letters that can't be taken for a digit or each other.
const RECEIPT_LETTERS = 'ABCDEFGHJKLMNPQRSTUVWXYZ';

/** `T`, six letters and three digits, no two of them side by side: never like a card. 190 thousand million of them. */
function newReceipt(): string {
  let receipt = 'T';
  for (let i = 0; i < 9; i++) {
    receipt += i % 3 === 2 ? String(randomInt(10)) : RECEIPT_LETTERS[randomInt(RECEIPT_LETTERS.length)];
  }
  return receipt;
}
