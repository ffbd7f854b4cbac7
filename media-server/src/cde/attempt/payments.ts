import type { Clock } from '../../shared/clock.ts';
import { type Id, newId } from '../../shared/ids.ts';
import type { Logger } from '../../shared/logger.ts';
import { err, ok, type Result } from '../../shared/result.ts';
import type { Brand, MoneyCommand, Outcome, PaymentResult, Reason, Refusal } from '../contract.ts';
import type { Answer, CardDigits, Gateway, GatewayAbilities } from '../gateways/gateway.ts';
import { SandboxGateway } from '../gateways/sandbox-gateway.ts';
import { traceOf } from '../hardening.ts';
import type { CardSettings } from '../settings.ts';
import { type AttemptRules, intend, resultOf } from './attempt.ts';
import { AttemptRunner, type RunnerParts } from './attempt-runner.ts';
import { Ledger, type LedgerFailure, type PaymentMeta, type PaymentState, type StoredAttempt } from './ledger.ts';
import { LedgerError } from './ledger-store.ts';

export type { PaymentMeta, PaymentState } from './ledger.ts';

/** A card as it was keyed, and its brand. Whoever takes it zeroes its Buffers. */
export type Card = CardDigits & { readonly brand: Brand };

export interface PaymentsParts {
  readonly ledger: Ledger;
  readonly gateway: Gateway;
  readonly rules: AttemptRules;
  /** How long to wait for a gateway's answer before the result is `unknown`, ms. */
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Is told of each point at which a process may die. A test dies there. */
  readonly witness?: (point: string) => void;
}

/** Requests to the gateway at once; one more is `gateway-busy`. */
const REQUESTS_LIMIT = 256;
/** Look-ups and reversals at once; others wait. */
const QUESTIONS_LIMIT = 16;
/** How often, and how long apart (ms), the end of a payment without an attempt is written again when the disk fails. */
const END_AGAIN = { times: 60, everyMs: 1000 } as const;

const NOT_KNOWN: PaymentResult = { outcome: 'unknown', reason: 'no-answer' };

/**
 * The payments of one card process: joins the attempt's machine, the ledger and the gateway. Every payment that was
 * opened must come to `authorize` or to `ended`; until then its order is taken.
 */
export class Payments {
  readonly #parts: PaymentsParts;
  readonly #runnerParts: RunnerParts;
  readonly #open = new Set<Id>();
  /** Attempts that aren't over, by payment. */
  readonly #runners = new Map<Id, AttemptRunner>();
  /** Payments whose `authorize` waits, with what settles it. */
  readonly #asking = new Map<Id, (result: PaymentResult) => void>();
  readonly #underWay = new Set<Promise<unknown>>();
  readonly #listeners = new Set<(payment: Id, result: PaymentResult) => void>();
  readonly #now: () => number;
  #closed = false;

  /**
   * With the ledger and the gateway that the settings name.
   * @throws LedgerError where the ledger can't be used (in use by another process, newer schema, no such disk), Error
   *   where the gateway's files can't be read; the message says what to do
   */
  static async open(settings: CardSettings, clock: Clock, logger: Logger): Promise<Payments> {
    const gateway = SandboxGateway.from(settings.gateway);
    const ledger = await Ledger.open(settings.ledgerFolder);
    return new Payments({ ledger, gateway, rules: settings, timeoutMs: settings.gateway.timeoutMs, clock, logger });
  }

  constructor(parts: PaymentsParts) {
    this.#parts = parts;
    // The wall clock is read once: if it jumps while the process lives, no waiting time becomes shorter or longer.
    const start = parts.clock.now() - parts.clock.monotonic();
    this.#now = () => Math.floor(start + parts.clock.monotonic());
    this.#runnerParts = {
      ...parts,
      now: this.#now,
      inTurn: inTurns(QUESTIONS_LIMIT),
      witness: parts.witness ?? (() => {}),
      onReport: (payment, result) => this.#report(payment, result),
      onOver: (runner) => this.#runners.delete(runner.payment),
    };
  }

  /**
   * Takes up whatever an earlier life left hanging: looks it up, gives it back. Comes back when the ledger was read; the
   * results come by `onSettled` and stand in `list`.
   * @throws LedgerError where the ledger fails
   */
  async start(): Promise<void> {
    const { ledger, gateway, logger } = this.#parts;
    const abandoned = value(await ledger.endAbandoned(this.#now()));
    const hanging = value(await ledger.hanging());
    if (abandoned + hanging.length > 0)
      logger.warn({ abandoned, hanging: hanging.length }, 'payments left by an earlier life');
    for (const stored of hanging) {
      if (stored.gateway !== gateway.name) {
        logger.error({ payment: stored.payment, gateway: stored.gateway }, 'no such gateway is set up: not looked up');
        continue;
      }
      const runner = this.#take(stored);
      void runner.surely({ type: 'recovered' });
    }
  }

  /** Writes a payment down. Refused: `attempt-alive`, `already-settled` (this id was used), `ledger-unavailable`, `draining`. */
  async open(meta: PaymentMeta): Promise<Result<void, Refusal>> {
    if (this.#closed) return err('draining');
    const { payment, merchant, purpose, order, leg } = meta;
    const opened = await this.#parts.ledger.openPayment({
      payment,
      merchant,
      purpose,
      order,
      at: this.#now(),
      ...(leg && { leg }),
    });
    if (opened.ok) {
      this.#open.add(payment);
      return ok(undefined);
    }
    this.#parts.logger.warn({ payment, why: opened.error.message }, 'payment not opened');
    if (opened.error.code === 'attempt-alive') return err('attempt-alive');
    return err(opened.error.code === 'payment-exists' ? 'already-settled' : 'ledger-unavailable');
  }

  /**
   * Asks the gateway, once. After `declined`, and while fewer than `meta.cards` cards were declined, the payment stays
   * open for another card: come again with it, or to `ended`. The card's Buffers are zeroed when the request was written, and in any case before the
   * promise settles. Rejects only for bugs (a payment that isn't open); whatever can happen to a payment is a result,
   * durable before it comes (an `unknown` may come while the disk fails; `onSettled` follows).
   */
  async authorize(meta: PaymentMeta, card: Card): Promise<PaymentResult> {
    const work = this.#authorize(meta, card).finally(() => wipe(card));
    return this.#count(work);
  }

  /** Takes money from the member's stored card, once; as `authorize` does, without a card. */
  async chargeStored(meta: PaymentMeta): Promise<PaymentResult> {
    if (!this.#open.delete(meta.payment)) throw new Error(`payment ${meta.payment} is not open`);
    return this.#failed(meta.payment, 'no-such-card');
  }

  /**
   * Captures, voids or refunds the money of an earlier payment. Idempotent by `command.payment`: the same command again
   * gives what became of it. Refused before anything was asked: `no-such-payment`, `amount-unfit` (more than is there),
   * `attempt-alive` (another action of that payment, or the payment itself, isn't over), `already-settled`,
   * `not-possible`, `no-such-gateway`, `ledger-unavailable`, `draining`.
   */
  async money(command: MoneyCommand): Promise<Result<PaymentResult, Refusal>> {
    this.#parts.logger.warn({ payment: command.payment }, 'no gateway does this');
    return err('not-possible');
  }

  /** What the merchant's gateway can do; undefined where none is set up. */
  abilitiesOf(_merchant: Id): GatewayAbilities | undefined {
    return this.#parts.gateway.abilities;
  }

  /** A payment ended without an attempt: cancelled, too many mistakes, silence. Resolves after the first try to write it. */
  async ended(payment: Id, result: PaymentResult): Promise<void> {
    this.#open.delete(payment);
    const { ledger, logger, clock } = this.#parts;
    const write = async (left: number): Promise<void> => {
      const written = await ledger.endPayment(payment, result, this.#now());
      if (written.ok) return;
      logger.error({ payment, why: written.error.message }, "a payment's end could not be written to the ledger");
      if (written.error.code !== 'stale' && left > 0 && !this.#closed) {
        clock.after(END_AGAIN.everyMs, () => void this.#count(write(left - 1)));
      }
    };
    await this.#count(write(END_AGAIN.times));
  }

  /**
   * Somebody is being told. Await it BEFORE the approved prompt's first packet: money is never given back after it.
   * `of` is the outcome that they are told; if the payment stands otherwise by now, nothing is written.
   * @returns false where the outcome is another (the money is being given back, say) or the ledger failed: don't say
   *   "approved" then
   */
  async told(payment: Id, of?: Outcome): Promise<boolean> {
    const runner = this.#runners.get(payment);
    if (runner?.state.phase === 'approved') {
      if (of !== undefined && of !== 'approved') return false;
      return (await this.#count(runner.once({ type: 'told' }))) || (await this.#isTold(payment));
    }
    if (await this.#isTold(payment, of)) return true;
    if (of === 'approved' || this.#asking.has(payment)) return false;
    return (await this.#count(this.#parts.ledger.markTold(payment, of ?? null, this.#now()))).ok;
  }

  /**
   * Payments that are unknown, and ended ones of the last day that nobody was told of; at most 1,000, newest first.
   * Those being asked right now are left out. While the ledger fails: those of which this process knows.
   */
  async list(): Promise<PaymentState[]> {
    const listed = await this.#parts.ledger.list(this.#now());
    const known = listed.ok
      ? listed.value
      : [...this.#runners.values()].map(({ payment, state }) => ({ payment, told: false, result: resultOf(state) }));
    return known.filter(({ payment }) => !this.#asking.has(payment));
  }

  /**
   * One payment as it stands; undefined while it is open or where the ledger doesn't know it. Unknown while the ledger
   * fails: nobody may conclude from that that nothing was asked.
   */
  async state(payment: Id): Promise<PaymentState | undefined> {
    const found = await this.#parts.ledger.payment(payment);
    return found.ok ? found.value : { payment, told: false, result: NOT_KNOWN };
  }

  /** Calls back whenever a payment that was unknown (or was approved and is given back) is known. Returns what ends it. */
  onSettled(callback: (payment: Id, result: PaymentResult) => void): () => void {
    this.#listeners.add(callback);
    return () => this.#listeners.delete(callback);
  }

  /** Ends look-ups, waits for requests and writes under way. What hangs is taken up by the next `start`. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.allSettled(this.#underWay);
    for (const runner of this.#runners.values()) runner.close();
    this.#parts.gateway.close();
    await this.#parts.ledger.close();
  }

  async #authorize(meta: PaymentMeta, card: Card): Promise<PaymentResult> {
    const { payment, purpose, order } = meta;
    if (purpose !== 'charge') throw new Error(`nobody asks a gateway for ${purpose}`);
    if (!this.#open.delete(payment)) throw new Error(`payment ${payment} is not open`);
    if (this.#asking.size >= REQUESTS_LIMIT) return this.#failed(payment, 'gateway-busy');

    const { ledger, gateway, timeoutMs, logger } = this.#parts;
    const { witness } = this.#runnerParts;
    const id = newId(this.#now());
    const reference = newId(this.#now());
    const row = { id, payment, gateway: gateway.name, reference, state: intend(this.#now()) };
    const result = new Promise<PaymentResult>((resolve) => this.#asking.set(payment, resolve));
    try {
      witness('before-intend');
      const intended = await ledger.intend(row);
      if (!intended.ok) {
        logger.error({ payment, why: intended.error.message }, 'the intent could not be written: nothing was asked');
        return await this.#failed(payment, 'ledger-unavailable');
      }
      witness('after-intend');
      const runner = this.#take({ ...row, purpose, order, version: 0 });
      if (!(await runner.once({ type: 'send' }))) {
        void runner.surely({ type: 'abandoned', reason: 'ledger-unavailable' });
        return { outcome: 'failed', reason: 'ledger-unavailable' };
      }
      const lastFour = card.number.subarray(-4).join('');
      const released = () => {
        wipe(card);
        witness('released');
      };
      const answer = await gateway
        .authorize({ reference, purpose, order }, card, timeoutMs, released)
        .catch((error): Answer => {
          // A bug in an adapter, at a moment when money may have moved.
          logger.error({ payment, ...traceOf(error) }, 'the gateway adapter threw');
          return { is: 'unknown' };
        });
      void runner.surely({ type: 'answer', answer: withCard(answer, card.brand, lastFour) }, () =>
        // Money may have moved, and nobody may be told what isn't durable: not known yet.
        this.#asking.get(payment)?.(NOT_KNOWN),
      );
      return await result;
    } finally {
      this.#asking.delete(payment);
    }
  }

  #take(stored: StoredAttempt): AttemptRunner {
    const runner = new AttemptRunner(stored, this.#runnerParts);
    this.#runners.set(stored.payment, runner);
    return runner;
  }

  #report(payment: Id, result: PaymentResult): void {
    const settle = this.#asking.get(payment);
    if (settle) {
      this.#asking.delete(payment);
      settle(result);
      return;
    }
    if (result.outcome === 'unknown') return;
    for (const listener of this.#listeners) listener(payment, result);
  }

  async #failed(payment: Id, reason: Reason): Promise<PaymentResult> {
    const result: PaymentResult = { outcome: 'failed', reason };
    await this.ended(payment, result);
    return result;
  }

  async #isTold(payment: Id, of: Outcome = 'approved'): Promise<boolean> {
    const state = await this.state(payment);
    return state?.told === true && state.result.outcome === of;
  }

  async #count<T>(work: Promise<T>): Promise<T> {
    this.#underWay.add(work);
    try {
      return await work;
    } finally {
      this.#underWay.delete(work);
    }
  }
}

function wipe(card: Card): void {
  card.number.fill(0);
  card.expiry.fill(0);
  card.securityCode.fill(0);
}

function withCard(answer: Answer, brand: Brand, lastFour: string): Answer {
  return answer.is === 'approved' ? { ...answer, brand, lastFour } : answer;
}

function value<T>(result: Result<T, LedgerFailure>): T {
  if (result.ok) return result.value;
  throw new LedgerError(result.error.code, result.error.message);
}

/** Runs what it is given, `limit` at a time, in order. */
function inTurns(limit: number): <T>(work: () => Promise<T>) => Promise<T> {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (running >= limit) await new Promise<void>((resolve) => waiting.push(resolve));
    running++;
    try {
      return await work();
    } finally {
      running--;
      waiting.shift()?.();
    }
  };
}
