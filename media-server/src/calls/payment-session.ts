import type { Order, Payment, ProblemCode } from '@tonegate/api-schema';
import type { FromCard, Language, PaymentResult, Refusal } from '../card-link/contract.ts';
import type { Clock } from '../shared/clock.ts';
import { type Id, newId } from '../shared/ids.ts';
import { err, ok, type Problem, type Result } from '../shared/result.ts';
import type { CardCommands, CustomerGate } from './customer-gate.ts';
import {
  holdsWall,
  openPaymentMode,
  type PaymentInput,
  type PaymentMode,
  type PaymentOutput,
  SETTLE_LIMIT_MS,
  SHUT_LIMIT_MS,
  step,
} from './payment-mode.ts';

export interface PaymentRequest {
  readonly call: Id;
  readonly merchant: Id;
  readonly order: Order;
  readonly language: Language;
}

export interface PaymentParts {
  readonly link: CardCommands;
  readonly clock: Clock;
  readonly gate: CustomerGate;
  /** Shuts the SFU's valve; resolves when the worker has done it. */
  readonly shutValve: () => Promise<void>;
  /** Something that is shown or stored has changed. */
  readonly changed: () => void;
  /** Asks the ledger of a card process that was started again what it knows of this payment. */
  readonly askLedger: () => void;
  /** The payment no longer holds the wall. */
  readonly released: () => void;
}

/** Drives `payment-mode.ts` for one payment: sends what it asks for, tells it what happened, shows it to the API. */
export class PaymentSession {
  readonly id: Id;
  readonly #request: PaymentRequest;
  readonly #parts: PaymentParts;
  readonly #startedAt: number;
  readonly #mode: PaymentMode;
  readonly #first: PaymentOutput[];
  #endedAt: number | undefined;
  #acknowledged = false;
  #stopTimer: () => void = () => {};
  #opened: ((result: Result<void, Problem<ProblemCode>>) => void) | undefined;
  /** Whether the card process took the payment: before that it is no payment and leaves no record. */
  #taken = false;
  #refused = false;

  constructor(request: PaymentRequest, parts: PaymentParts) {
    this.id = newId(parts.clock.now());
    this.#request = request;
    this.#parts = parts;
    this.#startedAt = parts.clock.now();
    const { state, outputs } = openPaymentMode(parts.clock.monotonic());
    this.#mode = state;
    this.#first = outputs;
  }

  /** Shuts the wall and begins. Resolves when the ledger has the payment and the dialogue runs, or with why it can't. */
  start(): Promise<Result<void, Problem<ProblemCode>>> {
    return new Promise((resolve) => {
      this.#opened = resolve;
      this.#stopTimer = this.#parts.clock.after(SHUT_LIMIT_MS, () => this.input({ type: 'time' }));
      this.#carryOut(this.#first);
    });
  }

  get active(): boolean {
    return holdsWall(this.#mode);
  }

  get taken(): boolean {
    return this.#taken;
  }

  get result(): PaymentResult | undefined {
    return this.#mode.result;
  }

  /** Whether the request for money can still be stopped, as far as is known here. */
  get stoppable(): boolean {
    return !this.#mode.result && !this.#mode.cancelled && this.#mode.step !== 'processing';
  }

  input(input: PaymentInput): void {
    if (input.type === 'card-lost') {
      this.#stopTimer();
      this.#stopTimer = this.#parts.clock.after(SETTLE_LIMIT_MS, () => this.input({ type: 'time' }));
    }
    const before = this.#mode.result;
    const outputs = step(this.#mode, input, this.#parts.clock.monotonic());
    // What it has turned into is news that nobody has seen yet.
    if (this.#mode.result !== before) this.#acknowledged = false;
    this.#carryOut(outputs);
  }

  /** Takes in a message that names this payment. */
  heard(message: FromCard): void {
    switch (message.type) {
      case 'wall':
        // A report of a shutting before this payment (hold) is no answer to it.
        if (message.state === 'shut' && message.payment !== this.id) return;
        return this.input({ type: 'gate', state: message.state });
      case 'progress':
        this.#take();
        return this.input({ ...message, type: 'progress' });
      case 'outcome':
        return this.input({ type: 'outcome', result: resultOf(message) });
      case 'settled':
        return this.input({ type: 'settled', result: resultOf(message) });
      case 'refused':
        if (message.command === 'payment-open') this.#refuse(message.why, message.why);
        return;
    }
  }

  /**
   * The agent's screen or an API client has shown the outcome: the ledger writes it as told. False while the card process
   * is down: it is not written then.
   */
  acknowledge(): boolean {
    const outcome = this.#mode.result?.outcome;
    if (outcome === undefined || this.#acknowledged) return true;
    if (!this.#parts.link.send({ type: 'told', payment: this.id, outcome })) return false;
    this.#acknowledged = true;
    this.#parts.changed();
    return true;
  }

  /** The ledger says that nobody was told of this outcome: the card process died over it, if somebody was. */
  tellAgain(outcome: PaymentResult['outcome']): void {
    if (!this.#acknowledged || this.#mode.result?.outcome !== outcome) return;
    this.#parts.link.send({ type: 'told', payment: this.id, outcome });
  }

  /** A word of the dialogue or a result: the gate shuts before the ledger is asked, so its report alone says nothing. */
  #take(): void {
    if (this.#refused) return;
    this.#taken = true;
    this.#opened?.(ok(undefined));
  }

  #refuse(why: string, as: Refusal): void {
    if (this.#taken) return;
    this.#refused = true;
    this.#opened?.(err(problemOf(why)));
    this.input({ type: 'refused', why: as });
  }

  view(): Payment {
    const mode = this.#mode;
    const result = mode.result;
    return {
      id: this.id,
      call: this.#request.call,
      merchant: this.#request.merchant,
      purpose: 'charge',
      order: this.#request.order,
      member: null,
      about: null,
      gentle: false,
      language: this.#request.language,
      state: result ? 'ended' : mode.phase === 'shutting' ? 'opening' : 'running',
      wall: holdsWall(mode) ? 'shut' : 'open',
      step: mode.step,
      keys: mode.keys,
      of: mode.of ?? null,
      mistakes: mode.mistakes,
      waiting: mode.waiting,
      waitingSince: null,
      speaking: false,
      declined: 0,
      cards: 1,
      outcome: result?.outcome ?? null,
      reason: result?.reason ?? null,
      brand: result?.brand ?? null,
      lastFour: result?.lastFour ?? null,
      receipt: result?.receipt ?? null,
      startedAt: this.#startedAt,
      endedAt: this.#endedAt ?? null,
      acknowledged: this.#acknowledged,
      refundedMinor: 0,
      possible: [],
    };
  }

  #carryOut(outputs: PaymentOutput[]): void {
    const { link, gate } = this.#parts;
    for (const output of outputs) {
      switch (output.type) {
        case 'shut-gate':
          gate.heldByPayment();
          if (!link.send(this.#openMessage())) this.#refuse('card-process-down', 'draining');
          break;
        case 'shut-valve':
          // Rejects only with its worker's death, which ends the agent's leg: nothing is left to shut.
          this.#parts.shutValve().then(
            () => this.input({ type: 'valve-shut' }),
            () => this.input({ type: 'valve-shut' }),
          );
          break;
        case 'begin':
          this.#stopTimer();
          link.send({ type: 'payment-begin', payment: this.id });
          break;
        case 'cancel':
          link.send({ type: 'cancel', payment: this.id });
          break;
        case 'ask-ledger':
          this.#parts.askLedger();
          break;
        case 'open-gate':
          gate.want('open');
          break;
        case 'release':
          this.#stopTimer();
          this.#parts.released();
          break;
        case 'changed':
          if (this.#mode.result) this.#take();
          if (this.#mode.result) this.#endedAt ??= this.#parts.clock.now();
          this.#parts.changed();
          break;
      }
    }
  }

  #openMessage() {
    const { merchant, order, language, call } = this.#request;
    return {
      type: 'payment-open',
      payment: this.id,
      leg: call,
      merchant,
      purpose: 'charge',
      order: {
        reference: order.reference,
        amountMinor: order.amountMinor,
        currency: order.currency,
        ...(order.description !== undefined && { description: order.description }),
      },
      language,
    } as const;
  }
}

function resultOf(message: PaymentResult): PaymentResult {
  const { outcome, reason, brand, lastFour, receipt } = message;
  return {
    outcome,
    reason,
    ...(brand !== undefined && { brand }),
    ...(lastFour !== undefined && { lastFour }),
    ...(receipt !== undefined && { receipt }),
  };
}

/** What an API client is told when the card process won't take a payment. */
function problemOf(why: string): Problem<ProblemCode> {
  switch (why) {
    case 'attempt-alive':
      return {
        code: 'attempt-alive',
        message: 'an earlier payment of this order is not settled yet: wait for its result before another is started',
      };
    case 'in-payment':
      return { code: 'already-in-payment', message: 'this call is in a payment already' };
    case 'already-settled':
      return { code: 'already-ended', message: 'this order is paid already' };
    case 'draining':
      return { code: 'draining', message: 'the server is being stopped: no new payments' };
    default:
      return {
        code: 'card-process-down',
        message: `the card process can't take a payment now (${why}): the call goes on, try again in a moment`,
      };
  }
}
