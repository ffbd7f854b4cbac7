import { randomInt } from 'node:crypto';
import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { z } from 'zod';
import { CURRENCIES } from '../shared/money.ts';
import { migrateBooks } from './books-schema.ts';
import { type Behaviour, DECLINE_REASONS } from './test-cards.ts';

export const CARD_PURPOSES = ['charge', 'authorize', 'card-update'] as const;
export const PURPOSES = [...CARD_PURPOSES, 'stored-charge'] as const;
export const ACTIONS = ['capture', 'void', 'refund'] as const;
export type Purpose = (typeof PURPOSES)[number];
export type Action = (typeof ACTIONS)[number];

const BEHAVIOURS = ['approved', 'slow', 'late', 'reset', 'duplicate', 'no-refund'] as const satisfies Behaviour[];
const Row = z.object({
  ref: z.string(),
  purpose: z.enum(PURPOSES),
  transaction_name: z.string(),
  member: z.string().nullable(),
  order_reference: z.string(),
  amount_minor: z.int(),
  currency: z.enum(CURRENCIES),
  brand: z.string().nullable(),
  last_four: z.string().nullable(),
  behaviour: z.enum(BEHAVIOURS),
  status: z.enum(['prepared', 'processing', 'approved', 'declined', 'reversed']),
  reason: z.enum(DECLINE_REASONS).nullable(),
  receipt: z.string(),
});
type Row = z.infer<typeof Row>;
const ActionRow = z.object({
  ref: z.string(),
  action: z.enum(ACTIONS),
  of: z.string(),
  amount_minor: z.int(),
  status: z.enum(['approved', 'declined']),
  receipt: z.string(),
});
const CardRow = z.object({ name: z.string(), brand: z.string(), last_four: z.string(), behaviour: z.enum(BEHAVIOURS) });

export type AttemptStatus = Row['status'];

/** An attempt as the service tells it. */
export interface BookedAttempt {
  readonly ref: string;
  readonly purpose: Purpose;
  readonly transaction: string;
  readonly status: AttemptStatus;
  readonly reason?: (typeof DECLINE_REASONS)[number];
  readonly receipt: string;
  readonly brand?: string;
  readonly lastFour?: string;
  readonly storedCard?: string;
  readonly member?: string;
  readonly amountMinor: number;
  readonly currency: string;
  readonly order: string;
}

/** What an attempt is for: the same ref again has to say the same. */
export type AttemptTerms = Pick<BookedAttempt, 'ref' | 'purpose' | 'member' | 'amountMinor' | 'currency' | 'order'>;

/** What comes of it. */
export interface AttemptCourse {
  readonly status: 'processing' | 'approved' | 'declined';
  readonly reason?: (typeof DECLINE_REASONS)[number];
  readonly behaviour: Behaviour;
  readonly brand: string;
  readonly lastFour: string;
  /** When a slow one is approved, UTC ms. */
  readonly dueAt?: number;
}

export interface BookedAction {
  readonly ref: string;
  readonly action: Action;
  readonly of: string;
  readonly status: 'approved' | 'declined';
  readonly amountMinor: number;
  readonly receipt: string;
}

export interface StoredCard {
  readonly storedCard: string;
  readonly brand: string;
  readonly lastFour: string;
  readonly behaviour: Behaviour;
}

type ByCurrency = Readonly<Record<string, number>>;

/**
 * Counts by status, and money by currency in minor units. `captured − refunded − reversed` is what merchants have,
 * `held` what is held of customers' cards and not captured.
 */
export interface Totals {
  readonly attempts: Readonly<Record<AttemptStatus, number>>;
  /** Requests beyond the first with the same ref. */
  readonly repeated: number;
  readonly captured: ByCurrency;
  /** Given back by a refund or the void of a charge. */
  readonly refunded: ByCurrency;
  /** Given back because nobody was told. */
  readonly reversed: ByCurrency;
  readonly held: ByCurrency;
  readonly merchant: ByCurrency;
  readonly cards: number;
  /** Orders of which more than one attempt moved money and kept some, at most 100. */
  readonly ordersPaidTwice: readonly string[];
  /** Attempts of which more was given back or captured than there was, at most 100. */
  readonly overdrawn: readonly string[];
}

type Account = 'customer' | 'held' | 'merchant';
type Kind = 'charge' | 'hold' | 'capture' | 'void' | 'refund' | 'reverse';

/** The service's durable books: what was answered has been written before. Of a card: brand and last four digits. */
export class Books {
  readonly #db: DatabaseSync;

  constructor(folder: string) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const file = join(folder, 'books.sqlite');
    this.#db = new DatabaseSync(file);
    chmodSync(file, 0o600);
    this.#db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 2000');
    migrateBooks(this.#db, file);
  }

  find(ref: string, now: number): BookedAttempt | undefined {
    const row = this.#row(ref, now);
    return row && this.#told(row);
  }

  behaviourOf(ref: string): Behaviour | undefined {
    return this.#row(ref, 0)?.behaviour;
  }

  /** Makes the transaction of an attempt whose card comes later. */
  prepare(terms: AttemptTerms, now: number): BookedAttempt {
    return this.#atomically(() => {
      this.#insert(terms, { behaviour: 'approved', status: 'prepared' }, now);
      return this.#found(terms.ref, now);
    });
  }

  /** Books an attempt and moves its money; where its ref is booked already (and more than prepared), that one counts. */
  book(terms: AttemptTerms, course: AttemptCourse, now: number): BookedAttempt {
    return this.#atomically(() => {
      const before = this.#row(terms.ref, now);
      if (before && before.status !== 'prepared') {
        this.#run('UPDATE attempts SET asked = asked + 1 WHERE ref = ?', terms.ref);
        return this.#found(terms.ref, now);
      }
      if (!before) this.#insert(terms, course, now);
      this.#run(
        'UPDATE attempts SET status = ?, reason = ?, brand = ?, last_four = ?, behaviour = ?, due_at = ?, changed_at = ? WHERE ref = ?',
        course.status,
        course.reason ?? null,
        course.brand,
        course.lastFour,
        course.behaviour,
        course.dueAt ?? null,
        now,
        terms.ref,
      );
      if (course.status === 'approved') this.#approve(terms.ref, now);
      return this.#found(terms.ref, now);
    });
  }

  /** Gives the money back, or keeps it from moving; once. A stored card stays. Undefined where there is no such attempt. */
  reverse(ref: string, now: number): BookedAttempt | undefined {
    return this.#atomically(() => {
      const row = this.#row(ref, now);
      if (!row) return undefined;
      if (row.purpose !== 'card-update' && (row.status === 'approved' || row.status === 'processing')) {
        for (const account of ['held', 'merchant'] as const) {
          this.#move(row, 'reverse', account, 'customer', this.#balance(ref, account), now);
        }
        this.#run(`UPDATE attempts SET status = 'reversed', changed_at = ? WHERE ref = ?`, now, ref);
      }
      return this.#found(ref, now);
    });
  }

  findAction(ref: string): BookedAction | undefined {
    const row = this.#get('SELECT * FROM actions WHERE ref = ?', ref);
    return row && toldAction(ActionRow.parse(row));
  }

  /**
   * Captures, voids or refunds; the same ref again is the same action. Declined where there isn't so much, or the
   * attempt's state doesn't allow it. Undefined where there is no such attempt.
   */
  act(ref: string, action: Action, of: string, amountMinor: number, now: number): BookedAction | undefined {
    return this.#atomically(() => {
      const row = this.#row(of, now);
      if (!row) return undefined;
      const before = this.findAction(ref);
      if (before) {
        this.#run('UPDATE actions SET asked = asked + 1 WHERE ref = ?', ref);
        return before;
      }
      const done = row.status === 'approved' && this.#carryOut(row, action, amountMinor, now);
      this.#run(
        'INSERT INTO actions (ref, action, of, amount_minor, status, receipt, made_at) VALUES (?, ?, ?, ?, ?, ?, ?)',
        ref,
        action,
        of,
        amountMinor,
        done ? 'approved' : 'declined',
        newReceipt(),
        now,
      );
      return this.findAction(ref);
    });
  }

  cardOf(member: string): StoredCard | undefined {
    const found = this.#get('SELECT * FROM cards WHERE member = ?', member);
    if (!found) return undefined;
    const { name, brand, last_four: lastFour, behaviour } = CardRow.parse(found);
    return { storedCard: name, brand, lastFour, behaviour };
  }

  totals(now: number): Totals {
    this.#atomically(() => this.#approveDue(now));
    const attempts = { prepared: 0, processing: 0, approved: 0, declined: 0, reversed: 0 };
    let repeated = Number(this.#get('SELECT coalesce(sum(asked - 1), 0) AS n FROM actions')?.['n']);
    const counts = z.array(z.object({ status: Row.shape.status, count: z.int(), repeated: z.int() }));
    for (const group of counts.parse(
      this.#db
        .prepare('SELECT status, count(*) AS count, sum(asked - 1) AS repeated FROM attempts GROUP BY status')
        .all(),
    )) {
      attempts[group.status] += group.count;
      repeated += group.repeated;
    }
    const balances = `SELECT attempt, account, sum(amount) AS balance FROM (
        SELECT attempt, credit AS account, amount_minor AS amount FROM entries
        UNION ALL SELECT attempt, debit, -amount_minor FROM entries) WHERE account <> 'customer' GROUP BY attempt, account`;
    const kept = `SELECT DISTINCT attempt FROM (${balances}) WHERE balance > 0`;
    return {
      attempts,
      repeated,
      captured: this.#sums(`credit = 'merchant'`),
      refunded: this.#sums(`debit = 'merchant' AND kind IN ('refund', 'void')`),
      reversed: this.#sums(`debit = 'merchant' AND kind = 'reverse'`),
      held: this.#difference('held'),
      merchant: this.#difference('merchant'),
      cards: Number(this.#get('SELECT count(*) AS n FROM cards')?.['n']),
      ordersPaidTwice: this.#words(
        `SELECT order_reference AS word FROM attempts WHERE ref IN (${kept}) GROUP BY order_reference HAVING count(*) > 1 LIMIT 100`,
      ),
      overdrawn: this.#words(`SELECT DISTINCT attempt AS word FROM (${balances}) WHERE balance < 0 LIMIT 100`),
    };
  }

  close(): void {
    this.#db.close();
  }

  #carryOut(row: Row, action: Action, amountMinor: number, now: number): boolean {
    const [held, has] = [this.#balance(row.ref, 'held'), this.#balance(row.ref, 'merchant')];
    switch (action) {
      case 'capture':
        if (amountMinor > held) return false;
        this.#move(row, 'capture', 'held', 'merchant', amountMinor, now);
        // What isn't captured is held no more.
        this.#move(row, 'void', 'held', 'customer', held - amountMinor, now);
        return true;
      case 'void': {
        const whole = row.purpose === 'authorize' ? held : has;
        if (row.behaviour === 'no-refund' || amountMinor !== row.amount_minor || whole !== amountMinor) return false;
        this.#move(row, 'void', row.purpose === 'authorize' ? 'held' : 'merchant', 'customer', amountMinor, now);
        return true;
      }
      case 'refund':
        if (row.behaviour === 'no-refund' || amountMinor > has) return false;
        this.#move(row, 'refund', 'merchant', 'customer', amountMinor, now);
        return true;
    }
  }

  #approve(ref: string, at: number): void {
    const row = Row.parse(this.#get('SELECT * FROM attempts WHERE ref = ?', ref));
    this.#run(`UPDATE attempts SET status = 'approved', changed_at = ? WHERE ref = ?`, at, ref);
    if (row.purpose === 'authorize') this.#move(row, 'hold', 'customer', 'held', row.amount_minor, at);
    else if (row.purpose !== 'card-update') this.#move(row, 'charge', 'customer', 'merchant', row.amount_minor, at);
    else if (row.member !== null) {
      this.#run(
        `INSERT INTO cards (member, name, brand, last_four, behaviour, stored_at) VALUES (?, ?, ?, ?, ?, ?)
         ON CONFLICT (member) DO UPDATE SET brand = excluded.brand, last_four = excluded.last_four,
           behaviour = excluded.behaviour, stored_at = excluded.stored_at`,
        row.member,
        newReceipt(),
        row.brand,
        row.last_four,
        row.behaviour,
        at,
      );
    }
  }

  /** Slow ones become approved by the clock alone, so that a restart in between changes nothing. */
  #approveDue(now: number): void {
    const due = this.#db
      .prepare(`SELECT ref, due_at FROM attempts WHERE status = 'processing' AND due_at <= ?`)
      .all(now);
    for (const row of due) this.#approve(String(row['ref']), Number(row['due_at']));
  }

  #move({ ref, currency }: Row, kind: Kind, debit: Account, credit: Account, amountMinor: number, at: number): void {
    if (amountMinor === 0) return;
    this.#run(
      'INSERT INTO entries (at, attempt, kind, debit, credit, amount_minor, currency) VALUES (?, ?, ?, ?, ?, ?, ?)',
      at,
      ref,
      kind,
      debit,
      credit,
      amountMinor,
      currency,
    );
  }

  #balance(ref: string, account: Account): number {
    const sum = this.#get(
      `SELECT coalesce(sum(CASE account WHEN credit THEN amount_minor ELSE -amount_minor END), 0) AS n
       FROM entries JOIN (SELECT ? AS account) ON account IN (debit, credit) WHERE attempt = ?`,
      account,
      ref,
    );
    return Number(sum?.['n']);
  }

  #sums(where: string): ByCurrency {
    const rows = this.#db
      .prepare(`SELECT currency, sum(amount_minor) AS n FROM entries WHERE ${where} GROUP BY currency`)
      .all();
    return Object.fromEntries(rows.map((row) => [String(row['currency']), Number(row['n'])]));
  }

  #difference(account: Account): ByCurrency {
    const [came, went] = [this.#sums(`credit = '${account}'`), this.#sums(`debit = '${account}'`)];
    return Object.fromEntries(Object.entries(came).map(([currency, sum]) => [currency, sum - (went[currency] ?? 0)]));
  }

  #words(sql: string): string[] {
    return this.#db
      .prepare(sql)
      .all()
      .map((row) => String(row['word']));
  }

  #insert(terms: AttemptTerms, course: Pick<Row, 'behaviour' | 'status'>, now: number): void {
    this.#run(
      `INSERT INTO attempts (ref, purpose, transaction_name, member, order_reference, amount_minor, currency, behaviour, status,
         receipt, made_at, changed_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      terms.ref,
      terms.purpose,
      newReceipt(),
      terms.member ?? null,
      terms.order,
      terms.amountMinor,
      terms.currency,
      course.behaviour,
      course.status,
      newReceipt(),
      now,
      now,
    );
  }

  #row(ref: string, now: number): Row | undefined {
    if (now > 0) this.#approveDue(now);
    const row = this.#get('SELECT * FROM attempts WHERE ref = ?', ref);
    return row && Row.parse(row);
  }

  #found(ref: string, now: number): BookedAttempt {
    const found = this.find(ref, now);
    if (!found) throw new Error('what was booked is not in the books');
    return found;
  }

  #told(row: Row): BookedAttempt {
    const stored =
      row.purpose !== 'charge' && row.purpose !== 'authorize' && row.member !== null
        ? this.cardOf(row.member)
        : undefined;
    return {
      ref: row.ref,
      purpose: row.purpose,
      transaction: row.transaction_name,
      status: row.status,
      ...(row.reason && { reason: row.reason }),
      receipt: row.receipt,
      ...(row.brand && { brand: row.brand }),
      ...(row.last_four && { lastFour: row.last_four }),
      ...(stored && row.status === 'approved' && { storedCard: stored.storedCard }),
      ...(row.member && { member: row.member }),
      amountMinor: row.amount_minor,
      currency: row.currency,
      order: row.order_reference,
    };
  }

  #get(sql: string, ...values: SQLInputValue[]) {
    return this.#db.prepare(sql).get(...values);
  }

  #run(sql: string, ...values: SQLInputValue[]): void {
    this.#db.prepare(sql).run(...values);
  }

  #atomically<T>(work: () => T): T {
    this.#db.exec('BEGIN IMMEDIATE');
    try {
      const value = work();
      this.#db.exec('COMMIT');
      return value;
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
      throw error;
    }
  }
}

function toldAction({
  ref,
  action,
  of,
  status,
  amount_minor: amountMinor,
  receipt,
}: z.infer<typeof ActionRow>): BookedAction {
  return { ref, action, of, status, amountMinor, receipt };
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
