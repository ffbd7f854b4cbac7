import type { AttemptState } from '../../media-server/src/cde/attempt/attempt.ts';
import type {
  AttemptChange,
  AttemptRow,
  Ledger,
  LedgerFailure,
  MoneyRow,
  PaymentRow,
  StoredAttempt,
} from '../../media-server/src/cde/attempt/ledger.ts';
import { LedgerError } from '../../media-server/src/cde/attempt/ledger-db.ts';
import { err, ok, type Result } from '../../media-server/src/shared/result.ts';
import type { Store } from './ledger-model.ts';
import { type Mortal, never } from './mortal.ts';
import type { Plant } from './plants.ts';
import type { World } from './world.ts';

const METHODS = [
  'openPayment',
  'intend',
  'writeAttempt',
  'endPayment',
  'markTold',
  'endAbandoned',
  'original',
  'openMoney',
  'hanging',
  'manual',
  'storedCard',
  'list',
  'payment',
] as const satisfies (keyof Store)[];
type Method = (typeof METHODS)[number];

/** What is durable of a payment that took or was to take money, or of an action on one. */
interface DurablePayment {
  /** In the order in which they were opened. */
  readonly number: number;
  readonly purpose: string;
  readonly amountMinor: number;
  readonly of?: string;
  /** As its life's clock had it, UTC ms. */
  readonly openedAt: number;
  attempt?: DurableAttempt;
}

export interface DurableAttempt {
  readonly id: string;
  readonly payment: string;
  readonly reference: string;
  /** Of an action: its payment. */
  readonly of?: string;
  state: AttemptState;
  /** When its result was last news, as its life's clock had it, UTC ms. */
  newsAt: number;
}

/** How a disk is in one story. */
export interface DiskFaults {
  /** How often a write fails, 0 … 1. */
  readonly fault: number;
  /** How often it is full from there on for a while, 0 … 1. */
  readonly fills: number;
  /** How long a request takes at most, ms. */
  readonly slowMs: number;
  /** Until when it fails, ms of true time: in the end somebody buys a larger one. */
  readonly until: number;
}

/**
 * The disk under one order's payments: outlives processes, fills up, is slow; a process may die before its write and
 * after it. Keeps what was made durable, for those who judge in the end.
 */
export class Disk {
  readonly payments = new Map<string, DurablePayment>();
  readonly attempts = new Map<string, DurableAttempt>();
  /** What happened to attempts, as the ledger names it. */
  readonly events = new Set<string>();
  readonly #world: World;
  readonly #store: Store;
  readonly #faults: DiskFaults;
  readonly #plant: Plant | undefined;
  readonly #numbers = new Map<string, number>();
  #fullUntil = 0;

  constructor(world: World, store: Store, faults: DiskFaults, plant: Plant | undefined) {
    this.#world = world;
    this.#store = store;
    this.#faults = faults;
    this.#plant = plant;
  }

  /** The ledger as a life of the card process has it. */
  ledgerOf(life: Mortal): Ledger {
    const methods = METHODS.map((method) => [method, (...args: unknown[]) => this.#ask(life, method, args)]);
    return { refuses: false, close: async () => {}, ...Object.fromEntries(methods) } as Ledger;
  }

  /** An attempt by our own name of it. */
  byReference(reference: string): DurableAttempt | undefined {
    for (const attempt of this.attempts.values()) if (attempt.reference === reference) return attempt;
    return undefined;
  }

  /** Requests of one life are done in the order in which they were asked. */
  #ask(life: Mortal, method: Method, args: unknown[]): Promise<unknown> {
    if (life.mayDie(`before-${method}`)) return never();
    const { time } = this.#world;
    const { slowMs } = this.#faults;
    if (slowMs === 0 && life.diskFreeAt <= time) return this.#answer(life, method, args);
    life.diskFreeAt = Math.max(life.diskFreeAt, time) + (slowMs > 0 ? this.#world.below(slowMs) : 0);
    return new Promise((resolve) => {
      life.later(life.diskFreeAt - time, () => resolve(this.#answer(life, method, args)));
    });
  }

  #answer(life: Mortal, method: Method, args: unknown[]): Promise<unknown> {
    if (this.#liesAbout(method, args)) {
      // It says "durable" a second too soon, and what is asked meanwhile waits.
      life.diskFreeAt = this.#world.time + 1000;
      life.later(1000, () => this.#do(method, args));
      return Promise.resolve(ok(undefined));
    }
    const done = this.#fails() ? err({ code: 'ledger-unavailable', message: 'full' }) : this.#do(method, args);
    return life.mayDie(`after-${method}`) ? never() : Promise.resolve(done);
  }

  #do(method: Method, args: unknown[]): Result<unknown, LedgerFailure> {
    let value: unknown;
    try {
      value = (this.#store[method] as (...args: unknown[]) => unknown)(...args);
    } catch (error) {
      if (error instanceof LedgerError) return err({ code: error.code, message: error.message });
      throw error;
    }
    this.#keep(method, args, value);
    return ok(
      Array.isArray(value) ? value.toSorted((a, b) => this.#numberOf(a.payment) - this.#numberOf(b.payment)) : value,
    );
  }

  #keep(method: Method, args: unknown[], value: unknown): void {
    if (method === 'openPayment') {
      const { payment, purpose, order, at } = args[0] as PaymentRow;
      const number = this.#numberOf(payment);
      this.payments.set(payment, { number, purpose, amountMinor: order.amountMinor, openedAt: at });
    } else if (method === 'intend') {
      this.#intended(args[0] as AttemptRow);
    } else if (method === 'writeAttempt') {
      const { id, state, isNews, at, event } = args[0] as AttemptChange;
      this.events.add(event);
      const attempt = this.attempts.get(id);
      if (attempt) attempt.state = state;
      if (attempt && isNews) attempt.newsAt = at;
    } else if (method === 'openMoney') {
      const written = value as Result<StoredAttempt | 'known', string>;
      if (!written.ok || written.value === 'known') return;
      const { payment, of, action, at } = args[0] as MoneyRow;
      const { amountMinor } = written.value.order;
      const number = this.#numberOf(payment);
      this.payments.set(payment, { number, purpose: action, amountMinor, of, openedAt: at });
      this.#intended(written.value, of);
    }
  }

  #intended(
    { id, payment, reference, state }: Pick<AttemptRow, 'id' | 'payment' | 'reference' | 'state'>,
    of?: string,
  ) {
    const attempt: DurableAttempt = { id, payment, reference, state, newsAt: state.since, ...(of && { of }) };
    this.attempts.set(id, attempt);
    const row = this.payments.get(payment);
    if (row) row.attempt = attempt;
  }

  /** Ids are random: what is listed comes in the order in which it was made, so that a seed tells one story. */
  #numberOf(payment: string): number {
    const number = this.#numbers.get(payment) ?? this.#numbers.size;
    this.#numbers.set(payment, number);
    return number;
  }

  #fails(): boolean {
    const { time } = this.#world;
    const { fault, fills, until } = this.#faults;
    if (time >= until) return false;
    if (time < this.#fullUntil) return true;
    if (fills > 0 && this.#world.chance() < fills) this.#fullUntil = time + this.#world.below(1_800_000);
    return fault > 0 && this.#world.chance() < fault;
  }

  #liesAbout(method: Method, args: unknown[]): boolean {
    if (this.#plant !== 'sent-before-intent-is-durable') return false;
    return method === 'writeAttempt' && (args[0] as AttemptChange).event === 'send';
  }
}
