import { chmodSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync, type SQLOutputValue, type StatementSync } from 'node:sqlite';
import type { LedgerErrorCode, LedgerOptions } from './ledger.ts';
import { CHAIN_START, type ChainLink, chainHash, HeadFile } from './ledger-chain.ts';
import { migrate, SCHEMA_VERSION } from './ledger-schema.ts';

const PAGE_BYTES = 4096;
const NOTHING = 'No money is taken until it can be written again';

export type Value = string | number | null;
export type Row = Record<string, SQLOutputValue>;

/** A reason of the ledger's own to refuse; whatever else is thrown here is the disk's or SQLite's. */
export class LedgerError extends Error {
  readonly code: LedgerErrorCode;

  constructor(code: LedgerErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** What is written into an event besides its columns' times and names: the row as it is from now on. */
export type EventContent = Readonly<Record<string, Value>>;

/**
 * The ledger's file, its lock and its head: a write is answered when the commit is on the disk and the head says so.
 * Where the head can't be written any more, nothing is taken any more until the next start.
 */
export class LedgerDb {
  readonly file: string;
  readonly #db: DatabaseSync;
  readonly #lock: DatabaseSync;
  readonly #head: HeadFile;
  readonly #maxBytes: number;
  readonly #statements = new Map<string, StatementSync>();
  #tip: ChainLink;
  #broken: string | undefined;

  constructor(options: LedgerOptions) {
    mkdirSync(options.folder, { recursive: true, mode: 0o700 });
    this.#lock = lock(join(options.folder, 'ledger.lock'));
    this.file = join(options.folder, 'ledger.sqlite');
    this.#maxBytes = options.maxBytes;
    const closing: (() => void)[] = [() => this.#lock.close()];
    try {
      this.#db = new DatabaseSync(this.file);
      closing.push(() => this.#db.close());
      chmodSync(this.file, 0o600);
      this.#db.exec(`PRAGMA page_size = ${PAGE_BYTES}; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL`);
      this.#db.exec('PRAGMA foreign_keys = ON; PRAGMA busy_timeout = 2000; PRAGMA secure_delete = ON');
      this.#db.exec(`PRAGMA max_page_count = ${Math.floor(options.maxBytes / PAGE_BYTES)}`);
      const newer = migrate(this.#db);
      if (newer !== undefined) {
        throw new LedgerError(
          'newer-schema',
          `The ledger ${this.file} has schema version ${newer}; this program knows versions up to ${SCHEMA_VERSION}. ` +
            'Start the newer program again; a ledger is never taken back to an older version.',
        );
      }
      this.#head = new HeadFile(join(options.folder, 'ledger.head'));
      closing.push(() => this.#head.close());
      this.#tip = this.#lastLink();
      const loss = this.#loss();
      if (loss !== undefined && !options.acceptLoss) throw new LedgerError('not-whole', loss);
      if (loss !== undefined) this.#accept(loss);
      else if (this.#tip.number > 0) this.#head.write(this.#tip);
    } catch (error) {
      for (const close of closing.toReversed()) close();
      throw error;
    }
  }

  /** Runs `work` in a transaction; what it wrote is durable, and the head after it, when this returns. */
  atomically<T>(work: () => T): T {
    if (this.#broken !== undefined) throw new LedgerError('ledger-unavailable', this.#broken);
    const before = this.#tip;
    let value: T;
    try {
      this.#db.exec('BEGIN IMMEDIATE');
      value = work();
      this.#db.exec('COMMIT');
    } catch (error) {
      // A full disk may have rolled back already.
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
      this.#tip = before;
      if (isUniqueViolation(error)) throw new LedgerError('attempt-alive', 'its order has a live attempt');
      throw this.#inWords(error);
    }
    if (this.#tip === before) return value;
    try {
      this.#head.write(this.#tip);
    } catch (error) {
      this.#broken = `the head file beside ${this.file} can't be written (${(error as Error).message}): nothing is taken until the next start`;
      throw new LedgerError('ledger-unavailable', this.#broken);
    }
    return value;
  }

  /** Within `atomically`: adds to the chain what happened and what was written. */
  addEvent(
    at: number,
    merchant: string,
    payment: string,
    attempt: string | null,
    event: string,
    phase: string | null,
    row: EventContent,
  ): void {
    const content = JSON.stringify({ at, merchant, payment, attempt, event, phase, row });
    const hash = chainHash(this.#tip.hash, content);
    const { lastInsertRowid } = this.run(
      'INSERT INTO events (at, merchant, payment, attempt, event, phase, content, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
      at,
      merchant,
      payment,
      attempt,
      event,
      phase,
      content,
      hash,
    );
    this.#tip = { number: Number(lastInsertRowid), hash };
  }

  run(sql: string, ...values: Value[]): { changes: number | bigint; lastInsertRowid: number | bigint } {
    return this.#statement(sql).run(...values);
  }
  get(sql: string, ...values: Value[]): Row | undefined {
    return this.#statement(sql).get(...values);
  }
  all(sql: string, ...values: Value[]): Row[] {
    return this.#statement(sql).all(...values);
  }

  close(): void {
    this.#statements.clear();
    this.#head.close();
    this.#db.close();
    this.#lock.close();
  }

  /** What is wrong with the chain after an event (the first one's start, unless given), as words; undefined: nothing. */
  check(from: ChainLink = { number: 0, hash: CHAIN_START }): string | undefined {
    let { number, hash } = from;
    const later = this.#db.prepare(
      'SELECT number, content, hash FROM events WHERE number > ? AND hash IS NOT NULL ORDER BY number',
    );
    for (const event of later.iterate(number)) {
      number = Number(event['number']);
      hash = chainHash(hash, String(event['content']));
      if (hash !== event['hash']) return `event ${number} isn't what was written, or events before it are missing`;
    }
    return undefined;
  }

  /** What is there is the ledger from now on; that something is missing stands in it. */
  #accept(loss: string): void {
    // The head may name an event beyond the end; it must not count any more.
    this.#head.forget();
    this.atomically(() => this.addEvent(Date.now(), '', '', null, 'loss-accepted', null, { loss }));
  }

  #loss(): string | undefined {
    const head = this.#head.read();
    const { number } = this.#tip;
    if (!head && number === 0) return undefined;
    const wrong = head ? this.#notFollowing(head) : 'its head file is missing';
    return (
      wrong &&
      `The ledger ${this.file} is not whole: ${wrong}. Payments may have been taken that it doesn't know, so no money is ` +
        "taken. Put back the newest copy of its folder; or compare the last payments with the gateway's own books and " +
        `then accept the loss with: npm run ledger -- accept ${dirname(this.file)}`
    );
  }

  #notFollowing(head: ChainLink): string | undefined {
    const { number } = this.#tip;
    if (number < head.number) return `it ends at event ${number}, and event ${head.number} was written`;
    const there = this.get('SELECT hash FROM events WHERE number = ?', head.number);
    if (there?.['hash'] !== head.hash) return `event ${head.number} isn't what was written`;
    return this.check(head);
  }

  /** What the disk or SQLite refuse, as something that an operator can act on. */
  #inWords(error: unknown): unknown {
    // The primary result code is the lowest byte (https://sqlite.org/rescode.html).
    const { errcode = 0 } = error as { errcode?: number };
    switch (errcode & 255) {
      case 13: {
        const largest = Math.floor(this.#maxBytes / 2 ** 20);
        const why = `its disk is full, or it has its greatest size (${largest} MiB)`;
        return new LedgerError(
          'ledger-unavailable',
          `There is no room for the ledger ${this.file}: ${why}. ${NOTHING}.`,
        );
      }
      case 8:
      case 10:
      case 14: {
        const why = (error as Error).message;
        return new LedgerError('ledger-unavailable', `The ledger ${this.file} can't be written (${why}). ${NOTHING}.`);
      }
      default:
        return error;
    }
  }

  #lastLink(): ChainLink {
    const last = this.get('SELECT number, hash FROM events WHERE hash IS NOT NULL ORDER BY number DESC LIMIT 1');
    return last ? { number: Number(last['number']), hash: String(last['hash']) } : { number: 0, hash: CHAIN_START };
  }

  #statement(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (!statement) {
      statement = this.#db.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}

/**
 * One process at a time: an open transaction on a file beside the ledger, which the kernel ends when the process dies,
 * however it dies. (On the ledger itself it would keep readers out too.)
 */
function lock(file: string): DatabaseSync {
  const db = new DatabaseSync(file);
  try {
    db.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
  } catch (error) {
    db.close();
    // SQLITE_BUSY
    if ((error as { errcode?: number }).errcode !== 5) throw error;
    throw new LedgerError('in-use', `Another process holds the lock ${file}: two must never share a ledger.`);
  }
  return db;
}

// SQLite's extended result code SQLITE_CONSTRAINT_UNIQUE (2067).
function isUniqueViolation(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === 2067;
}
