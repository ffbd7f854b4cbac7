import type { Clock } from '../../shared/clock.ts';
import type { Id } from '../../shared/ids.ts';
import type { Logger } from '../../shared/logger.ts';
import type { PaymentResult } from '../contract.ts';
import type { AttemptName, Found, Gateway, Reversal } from '../gateways/gateway.ts';
import { traceOf } from '../hardening.ts';
import {
  type AttemptInput,
  type AttemptOutput,
  type AttemptRules,
  type AttemptState,
  isOver,
  resultOf,
  step,
} from './attempt.ts';
import type { Ledger, StoredAttempt } from './ledger.ts';

/** Longest wait of one timer (setTimeout's), ms. */
const TIMER_LIMIT_MS = 2 ** 31 - 1;
/** How long until a failed write is tried again, ms: at first, and at most; doubled in between. */
const WRITE_AGAIN_MS = [500, 30_000] as const;

export interface RunnerParts {
  readonly ledger: Ledger;
  /** Who answers for an attempt of this merchant that went to the gateway of this name. */
  readonly gatewayOf: (merchant: Id, name: string) => Gateway | undefined;
  readonly rules: AttemptRules;
  readonly clock: Clock;
  readonly logger: Logger;
  /** UTC ms that never go back. */
  readonly now: () => number;
  /** How long a look-up or a reversal may take, ms. */
  readonly timeoutMs: number;
  /** Lets only so many questions to the gateway run at once. */
  readonly inTurn: <T>(work: () => Promise<T>) => Promise<T>;
  /** Is told of each point at which a process may die; a test dies there. */
  readonly witness: (point: string) => void;
  /** The result is durable and new. */
  readonly onReport: (payment: Id, result: PaymentResult) => void;
  /** Nothing will happen to this attempt any more. */
  readonly onOver: (runner: AttemptRunner) => void;
}

/**
 * Drives one attempt: inputs one after the other; of each, the new state is durable before its outputs are done.
 * While the ledger fails, the attempt stands still as it was last written.
 */
export class AttemptRunner {
  readonly payment: Id;
  readonly #stored: StoredAttempt;
  readonly #parts: RunnerParts;
  #state: AttemptState;
  #version: number;
  #turn: Promise<unknown> = Promise.resolve();
  #dropWake: () => void = () => {};
  #closed = false;

  constructor(stored: StoredAttempt, parts: RunnerParts) {
    this.payment = stored.payment;
    this.#stored = stored;
    this.#state = stored.state;
    this.#version = stored.version;
    this.#parts = parts;
  }

  get merchant(): Id {
    return this.#stored.merchant;
  }

  /** Name of the gateway that it went to. */
  get gateway(): string {
    return this.#stored.gateway;
  }

  /** As it is written in the ledger. */
  get state(): AttemptState {
    return this.#state;
  }

  /** What the gateway knows it by. */
  get name(): AttemptName {
    const { reference, order, member, of } = this.#stored;
    const { purpose, transaction, lastFour } = this.#state;
    return {
      reference,
      purpose,
      order,
      ...(transaction && { transaction }),
      ...(member && { member }),
      ...(of && { of }),
      ...(lastFour && { lastFour }),
    };
  }

  /** Feeds an input and tries its write once. False: nothing changed, or the write failed and the input is dropped. */
  once(input: AttemptInput): Promise<boolean> {
    return this.#inTurn(async () => (await this.#write(input)) === 'written');
  }

  /**
   * Feeds an input that must not be lost (what a gateway said): its write is tried until it succeeds or the runner is
   * closed. `onDelay` is called when the first try failed.
   */
  surely(input: AttemptInput, onDelay: () => void = () => {}): Promise<void> {
    return this.#inTurn(async () => {
      const [first, longest] = WRITE_AGAIN_MS;
      for (let wait: number = first; (await this.#write(input)) === 'not-written'; wait = Math.min(wait * 2, longest)) {
        onDelay();
        await new Promise<void>((resolve) => this.#parts.clock.after(wait, resolve));
      }
    });
  }

  /** Ends its timers; what is under way is left to the next life. */
  close(): void {
    this.#closed = true;
    this.#dropWake();
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => {});
    return turn;
  }

  async #write(input: AttemptInput): Promise<'written' | 'not-written' | 'nothing'> {
    const { ledger, rules, now, witness, logger } = this.#parts;
    if (this.#closed) return 'nothing';
    const at = now();
    const { state, outputs } = step(this.#state, input, at, rules);
    if (state === this.#state) return 'nothing';
    const isNews = outputs.some((output) => output.do === 'report');
    witness(`before-${input.type}`);
    const change = {
      id: this.#stored.id,
      payment: this.payment,
      version: this.#version,
      state,
      at,
      event: nameOf(input),
      isNews,
    };
    const written = await ledger.writeAttempt(change);
    if (!written.ok) {
      const fields = { payment: this.payment, phase: this.#state.phase, why: written.error.message };
      logger.error(fields, 'an attempt could not be written to the ledger');
      if (written.error.code === 'stale') {
        this.close();
        this.#parts.onOver(this);
        return 'nothing';
      }
      return 'not-written';
    }
    witness(`after-${input.type}`);
    this.#state = state;
    this.#version++;
    logger.info({ payment: this.payment, phase: state.phase, event: nameOf(input) }, 'attempt');
    this.#setWake();
    for (const output of outputs) this.#do(output);
    if (isOver(state.phase)) this.#parts.onOver(this);
    return 'written';
  }

  #do(output: AttemptOutput): void {
    switch (output.do) {
      case 'report':
        this.#parts.onReport(this.payment, resultOf(this.#state));
        return;
      case 'look-up':
        void this.#ask('look-up', async (gateway, timeoutMs) => {
          const askedAt = this.#parts.now();
          const found = await gateway.lookUp(this.name, timeoutMs).catch(this.#threw<Found>({ is: 'no-answer' }));
          return { type: 'found', found, askedAt };
        });
        return;
      case 'reverse':
        void this.#ask('reverse', async (gateway, timeoutMs) => {
          const reversal = await gateway.reverse(this.name, timeoutMs).catch(this.#threw<Reversal>('no-answer'));
          return { type: 'reversal', reversal };
        });
        return;
      case 'send':
        // Done by who holds the card, as soon as `once({type: 'send'})` says that it is written.
        return;
    }
  }

  async #ask(what: string, question: (gateway: Gateway, timeoutMs: number) => Promise<AttemptInput>): Promise<void> {
    const { gatewayOf, inTurn, timeoutMs, witness } = this.#parts;
    const gateway = gatewayOf(this.#stored.merchant, this.#stored.gateway);
    if (!gateway) return this.surely({ type: 'no-gateway' });
    const answer = inTurn(() => {
      const asked = question(gateway, timeoutMs);
      witness(`asking-${what}`);
      return asked;
    });
    return this.surely(await answer);
  }

  /** A bug in an adapter mustn't leave money unasked about: nothing follows from it. */
  #threw<T>(otherwise: T): (error: unknown) => T {
    return (error) => {
      this.#parts.logger.error({ payment: this.payment, ...traceOf(error) }, 'the gateway adapter threw');
      return otherwise;
    };
  }

  #setWake(): void {
    this.#dropWake();
    const { wakeAt } = this.#state;
    if (wakeAt === undefined || this.#closed) return;
    const wait = Math.min(Math.max(Math.ceil(wakeAt - this.#parts.now()), 0), TIMER_LIMIT_MS);
    this.#dropWake = this.#parts.clock.after(wait, () => {
      if (this.#parts.now() < wakeAt) this.#setWake();
      else void this.surely({ type: 'wake' });
    });
  }
}

function nameOf(input: AttemptInput): string {
  switch (input.type) {
    case 'answer':
      return `answer:${input.answer.is}`;
    case 'found':
      return `found:${input.found.is}`;
    case 'reversal':
      return `reversal:${input.reversal}`;
    case 'prepared':
      return `prepared:${input.prepared.is}`;
    case 'resolved':
      return `resolved:${input.as}`;
    default:
      return input.type;
  }
}
