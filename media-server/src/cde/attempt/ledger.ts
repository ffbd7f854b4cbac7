import { Worker } from 'node:worker_threads';
import type { Id } from '../../shared/ids.ts';
import { err, ok, type Result } from '../../shared/result.ts';
import type { Brand, MoneyAction, Outcome, PaymentOpen, PaymentResult, Refusal } from '../contract.ts';
import type { AttemptState } from './attempt.ts';
import { LedgerError } from './ledger-db.ts';
import type { LedgerStore } from './ledger-store.ts';

export interface LedgerOptions {
  /** Folder, made with mode 0700 where it isn't there: `ledger.sqlite` (and its WAL), `ledger.head`, `ledger.lock`. */
  readonly folder: string;
  /** The greatest size of the file; beyond it the ledger is unavailable, as on a full disk. */
  readonly maxBytes: number;
  /** An operator's word: what is missing at the end is known, and it goes on from what is there. */
  readonly acceptLoss?: boolean;
}

export const LEDGER_MAX_BYTES = 16 * 2 ** 30;
/** Requests waiting for the disk; more are refused, so that a stuck disk doesn't fill the memory. */
const QUEUE_LIMIT = 1000;

/** What a payment is for. A `payment-open` command fits as it is. */
export type PaymentMeta = Pick<PaymentOpen, 'payment' | 'merchant' | 'purpose' | 'order' | 'member' | 'cards'> & {
  readonly leg?: Id;
};

/** Times `at` are UTC ms. */
export type PaymentRow = PaymentMeta & {
  readonly at: number;
  /** An order whose money was taken since then (and not given back) isn't taken again. */
  readonly paidSince: number;
};

/** What the ledger knows of a payment that has ended, or is not known yet. */
export interface PaymentState {
  readonly payment: Id;
  /** Whether somebody was told the result as it stands. */
  readonly told: boolean;
  readonly result: PaymentResult;
}

export interface AttemptRow {
  readonly id: Id;
  readonly payment: Id;
  readonly gateway: string;
  /** Our own name of the attempt at the gateway. */
  readonly reference: Id;
  readonly state: AttemptState;
  /** If this card is declined, the payment's dialogue may ask with another. */
  readonly mayGoOn: boolean;
}

/** A capture, void or refund to be written down. */
export interface MoneyRow extends Pick<AttemptRow, 'id' | 'payment' | 'gateway' | 'reference'> {
  readonly merchant: Id;
  readonly of: Id;
  readonly action: MoneyAction;
  readonly amountMinor?: number;
  /** The gateway does it with all of the money only. */
  readonly whole: boolean;
  readonly at: number;
}

export interface StoredCard {
  readonly gateway: string;
  /** The gateway's name of it, where it gave one. */
  readonly storedCard?: string;
  readonly brand?: Brand;
  readonly lastFour?: string;
  readonly fingerprint?: string;
}

export interface ManualList {
  readonly attempts: StoredAttempt[];
  readonly more: number;
}

export interface AttemptChange {
  readonly id: Id;
  readonly payment: Id;
  /** The row's version before: 0 when intended, one more with each change. */
  readonly version: number;
  readonly state: AttemptState;
  readonly at: number;
  /** The input that led here, for the events beside the row. */
  readonly event: string;
  /** The payment's result is another now, so that nobody was told of it yet. */
  readonly isNews: boolean;
}

export type StoredAttempt = Omit<AttemptRow, 'mayGoOn'> & {
  readonly merchant: Id;
  readonly order: PaymentMeta['order'];
  readonly member?: string;
  /** Of an action: the attempt whose money it is about. */
  readonly of?: { readonly reference: Id; readonly transaction?: string; readonly amountMinor: number };
  readonly version: number;
};

export type LedgerErrorCode =
  | 'ledger-unavailable'
  | 'attempt-alive'
  | 'already-paid'
  | 'payment-exists'
  | 'stale'
  | 'newer-schema'
  | 'not-whole'
  | 'in-use';

/** Between `ledger.ts` and `ledger-thread.ts`. */
export interface LedgerRequest {
  readonly number: number;
  readonly method: keyof LedgerStore;
  readonly args: readonly unknown[];
}
export type LedgerReply =
  | { readonly number: number; readonly ok: true; readonly value: unknown }
  | { readonly number: number; readonly ok: false; readonly code: LedgerErrorCode; readonly message: string };

/** Why the ledger didn't do it. Where a write failed, nothing of it was written. */
export interface LedgerFailure {
  readonly code: LedgerErrorCode;
  readonly message: string;
}

type Answered<T> = Promise<Result<T, LedgerFailure>>;

/**
 * The durable journal of payments and attempts: SQLite in a thread of its own, WAL, `synchronous = FULL`, so that what
 * was answered survives the process and the power. One process holds it at a time. Methods are those of `LedgerStore`;
 * they never reject, and are done in the order in which they were called.
 */
export class Ledger {
  readonly #worker: Worker | undefined;
  readonly #waiting = new Map<number, (reply: LedgerReply) => void>();
  #number = 0;
  #dead: LedgerFailure | undefined;

  /** Rejects with a `LedgerError` (`in-use`, `newer-schema`, `not-whole`, `ledger-unavailable`) whose message a person can act on. */
  static async open(folder: string, maxBytes = LEDGER_MAX_BYTES): Promise<Ledger> {
    const ledger = new Ledger({ folder, maxBytes });
    const reply = await new Promise<LedgerReply>((resolve) => ledger.#waiting.set(0, resolve));
    if (!reply.ok) {
      const why = reply.code === 'ledger-unavailable' ? `The ledger in ${folder} can't be used: ` : '';
      throw new LedgerError(reply.code, why + reply.message);
    }
    return ledger;
  }

  /** One that refuses everything, for a reason that a person has to see to: calls go on, no money is taken. */
  static refusing(failure: LedgerFailure): Ledger {
    return new Ledger(failure);
  }

  private constructor(start: LedgerOptions | LedgerFailure) {
    if ('code' in start) {
      this.#dead = start;
      return;
    }
    this.#worker = new Worker(new URL('./ledger-thread.ts', import.meta.url), {
      workerData: start,
      name: 'ledger',
      env: {},
    });
    this.#worker.on('message', (reply: LedgerReply) => {
      this.#waiting.get(reply.number)?.(reply);
      this.#waiting.delete(reply.number);
    });
    this.#worker.on('error', (error) => this.#die(`the ledger's thread failed: ${error.message}`));
    this.#worker.on('exit', () => this.#die('the ledger is closed'));
  }

  /** Whether it was refusing from the start. */
  get refuses(): boolean {
    return this.#worker === undefined;
  }

  openPayment(row: PaymentRow): Answered<void> {
    return this.#ask('openPayment', row);
  }
  intend(row: AttemptRow): Answered<void> {
    return this.#ask('intend', row);
  }
  writeAttempt(change: AttemptChange): Answered<void> {
    return this.#ask('writeAttempt', change);
  }
  endPayment(payment: Id, result: PaymentResult, at: number): Answered<void> {
    return this.#ask('endPayment', payment, result, at);
  }
  markTold(payment: Id, outcome: Outcome | null, at: number): Answered<void> {
    return this.#ask('markTold', payment, outcome, at);
  }
  original(payment: Id): Answered<{ readonly merchant: Id; readonly gateway: string } | undefined> {
    return this.#ask('original', payment);
  }
  openMoney(row: MoneyRow): Answered<Result<StoredAttempt | 'known', Refusal>> {
    return this.#ask('openMoney', row);
  }
  storedCard(merchant: Id, member: string): Answered<StoredCard | undefined> {
    return this.#ask('storedCard', merchant, member);
  }
  manual(): Answered<ManualList> {
    return this.#ask('manual');
  }
  endAbandoned(at: number): Answered<number> {
    return this.#ask('endAbandoned', at);
  }
  hanging(): Answered<StoredAttempt[]> {
    return this.#ask('hanging');
  }
  list(now: number): Answered<PaymentState[]> {
    return this.#ask('list', now);
  }
  payment(id: Id): Answered<PaymentState | undefined> {
    return this.#ask('payment', id);
  }

  /** After what was asked before; then every method answers `ledger-unavailable`. */
  async close(): Promise<void> {
    const worker = this.#worker;
    if (this.#dead || !worker) return;
    const gone = new Promise((resolve) => worker.once('exit', resolve));
    await this.#ask('close');
    await gone;
  }

  #ask<M extends keyof LedgerStore>(
    method: M,
    ...args: Parameters<LedgerStore[M]>
  ): Answered<ReturnType<LedgerStore[M]>> {
    if (this.#dead) return Promise.resolve(err(this.#dead));
    if (this.#waiting.size >= QUEUE_LIMIT) {
      return Promise.resolve(err({ code: 'ledger-unavailable', message: 'too many writes wait for the disk' }));
    }
    const number = ++this.#number;
    return new Promise((resolve) => {
      this.#waiting.set(number, (reply) =>
        resolve(reply.ok ? ok(reply.value as ReturnType<LedgerStore[M]>) : err(reply)),
      );
      this.#worker?.postMessage({ number, method, args } satisfies LedgerRequest);
    });
  }

  #die(message: string): void {
    this.#dead ??= { code: 'ledger-unavailable', message };
    for (const [number, settle] of this.#waiting) settle({ number, ok: false, ...this.#dead });
    this.#waiting.clear();
  }
}
