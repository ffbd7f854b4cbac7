import type { Payment, ProblemCode } from '@tonegate/api-schema';
import type { FieldAgain, FromCard, Hint, PaymentResult, Refusal, Step, ToCard } from '../card-link/contract.ts';
import type { Clock } from '../shared/clock.ts';
import { type Id, newId } from '../shared/ids.ts';
import { err, ok, type Problem, type Result } from '../shared/result.ts';
import type { Answer } from './asker.ts';
import type { PaymentStarter } from './books.ts';
import type { CodeMaker } from './codes.ts';
import type { CardCommands, CustomerGate } from './customer-gate.ts';
import { type MoneyFact, moneyOf } from './money.ts';
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
import { firstStep, type PaymentTerms, paymentOpen } from './payment-terms.ts';
import { refusalProblem } from './refusal.ts';
import type { SilenceWatch } from './silence-watch.ts';

export interface PaymentRequest {
  readonly call: Id;
  readonly merchant: Id;
  readonly terms: PaymentTerms;
  readonly by: PaymentStarter;
}

export interface PaymentParts {
  readonly link: CardCommands;
  readonly clock: Clock;
  readonly gate: CustomerGate;
  /** Shuts the SFU's valve; resolves when the worker has done it. */
  readonly shutValve: () => Promise<void>;
  /** Writes the payment down as it begins; false: it can't be written. */
  readonly write: (payment: Payment) => Promise<boolean>;
  /** Takes that back: the card process took no payment. */
  readonly unwrite: (payment: Id) => void;
  readonly codes: CodeMaker | undefined;
  /** Watches the wall for the payment's receipt of silence. */
  readonly silence: SilenceWatch;
  /** Something that is shown or stored has changed. */
  readonly changed: () => void;
  /** Asks the ledger of a card process that was started again what it knows of this payment. */
  readonly askLedger: () => void;
  /** The payment no longer holds the wall. */
  readonly released: () => void;
}

/** The card process refuses within milliseconds, ms. */
const HELP_LIMIT_MS = 200;

/** Drives `payment-mode.ts` for one payment: sends what it asks for, tells it what happened, shows it to the API. */
export class PaymentSession {
  readonly id: Id;
  readonly #request: PaymentRequest;
  readonly #parts: PaymentParts;
  readonly #startedAt: number;
  readonly #startedMonotonic: number;
  readonly #mode: PaymentMode;
  readonly #first: PaymentOutput[];
  #endedAt: number | undefined;
  #acknowledged = false;
  #stopTimer: () => void = () => {};
  #opened: ((result: Result<void, Problem<ProblemCode>>) => void) | undefined;
  /** Whether the card process took the payment: before that it is no payment and leaves no record. */
  #taken = false;
  #refused = false;
  /** Steps that the customer came to with the card that is keyed now. */
  readonly #reached = new Set<Step>();
  /** Help that was asked for a moment ago. */
  readonly #helping = new Set<{ readonly command: string; readonly refused: (why: Refusal) => void }>();
  /** What was done with its money since. */
  #actions: readonly MoneyFact[] = [];

  constructor(request: PaymentRequest, parts: PaymentParts) {
    this.id = newId(parts.clock.now());
    this.#request = request;
    this.#parts = parts;
    this.#startedAt = parts.clock.now();
    this.#startedMonotonic = parts.clock.monotonic();
    const { terms } = request;
    const begin = { step: firstStep(terms), gentle: terms.gentle, language: terms.language };
    const { state, outputs } = openPaymentMode(this.#startedMonotonic, begin);
    this.#mode = state;
    this.#first = outputs;
  }

  /** Shuts the wall and begins. Resolves when the ledger has the payment and the dialogue runs, or with why it can't. */
  start(): Promise<Result<void, Problem<ProblemCode>>> {
    return new Promise((resolve) => {
      this.#opened = resolve;
      this.#stopTimer = this.#parts.clock.after(SHUT_LIMIT_MS, () => this.input({ type: 'time' }));
      this.#carryOut(this.#first);
      void this.#write();
    });
  }

  get startedBy(): PaymentStarter {
    return this.#request.by;
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
      this.#parts.silence.gate(undefined);
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
        this.#parts.silence.gate(message.counts);
        return this.input({ type: 'gate', state: message.state });
      case 'progress':
        this.#take();
        if (message.declined !== undefined && message.declined > this.#mode.declined) this.#reached.clear();
        this.#reached.add(message.step);
        return this.input({ ...message, type: 'progress' });
      case 'outcome':
        this.#parts.silence.wiped(message.wiped);
        return this.input({ type: 'outcome', result: resultOf(message) });
      case 'settled':
        return this.input({ type: 'settled', result: resultOf(message) });
      case 'code-wanted':
        void this.#sendCode();
        return;
      case 'refused':
        if (message.command === 'payment-open') this.#refuse(message.why, message.why);
        // Of two alike the first was refused: they are answered in order.
        for (const help of this.#helping) if (help.command === message.command) return help.refused(message.why);
        return;
    }
  }

  /** Asks one field again that was asked already. */
  async askAgain(field: FieldAgain): Answer<void> {
    if (!this.#mode.result && !this.#reached.has(field)) {
      return err({ code: 'not-possible', message: 'the customer has not been asked for that yet' });
    }
    return this.#help({ type: 'ask-again', payment: this.id, field });
  }

  async hint(hint: Hint): Answer<void> {
    return this.#help({ type: 'hint', payment: this.id, hint });
  }

  async moreTime(): Answer<void> {
    return this.#help({ type: 'more-time', payment: this.id });
  }

  async gentle(on: boolean): Answer<void> {
    return this.#help({ type: 'gentle', payment: this.id, on });
  }

  /** Help that is taken isn't answered, help that is refused is at once: silence is a yes. */
  async #help(command: ToCard): Answer<void> {
    if (this.#mode.result) return err({ code: 'already-ended', message: 'the payment has its outcome already' });
    if (!this.stoppable) return err(refusalProblem('too-late'));
    if (this.#mode.phase === 'settling' || !this.#parts.link.send(command)) {
      return err({
        code: 'card-process-down',
        message: 'the card process is being started again: the payment is over',
      });
    }
    return new Promise((resolve) => {
      const answered = (answer: Result<void, Problem<ProblemCode>>) => {
        stop();
        this.#helping.delete(help);
        resolve(answer);
      };
      const help = { command: command.type, refused: (why: Refusal) => answered(err(refusalProblem(why))) };
      const stop = this.#parts.clock.after(HELP_LIMIT_MS, () => answered(ok(undefined)));
      this.#helping.add(help);
    });
  }

  /** What was done with its money has changed. */
  moneyChanged(actions: readonly MoneyFact[]): void {
    this.#actions = actions;
    this.#parts.changed();
  }

  async #sendCode(): Promise<void> {
    const { codes, link } = this.#parts;
    const { merchant, terms, by } = this.#request;
    const answer = (await codes?.make({
      payment: this.id,
      merchant,
      member: terms.member,
      phone: terms.phone,
      person: by.person,
      apiKey: by.apiKey,
      language: this.#mode.language,
    })) ?? { refused: 'not-sent' as const };
    if (this.#mode.result) return;
    if ('refused' in answer) link.send({ type: 'code-refused', payment: this.id, why: answer.refused });
    else link.send({ type: 'code-digest', payment: this.id, ...answer });
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

  #refuse(why: Refusal | 'card-process-down', as: Refusal): void {
    if (this.#taken || this.#refused) return;
    this.#refused = true;
    this.#parts.unwrite(this.id);
    this.#opened?.(err(refusalProblem(why)));
    this.input({ type: 'refused', why: as });
  }

  /** Without a row in the books nobody would find out what became of it, if the server died: then it isn't begun. */
  async #write(): Promise<void> {
    if (this.#refused) return;
    const written = await this.#parts.write(this.view());
    if (!written && !this.#refused) {
      this.#refused = true;
      this.#opened?.(err({ code: 'server-error', message: 'the payment could not be written down: it was not begun' }));
    }
    this.input({ type: 'written', ok: written });
  }

  view(): Payment {
    const mode = this.#mode;
    const { result } = mode;
    const { terms } = this.#request;
    const fact = { purpose: terms.purpose, outcome: result?.outcome ?? null, amountMinor: terms.order.amountMinor };
    const { refundedMinor, possible } = moneyOf(fact, this.#actions);
    return {
      id: this.id,
      call: this.#request.call,
      merchant: this.#request.merchant,
      purpose: terms.purpose,
      order: terms.order,
      member: terms.member ?? null,
      about: null,
      gentle: mode.gentle,
      language: mode.language,
      state: result ? 'ended' : mode.phase === 'shutting' ? 'opening' : 'running',
      wall: holdsWall(mode) ? 'shut' : 'open',
      step: mode.step,
      keys: mode.keys,
      of: mode.of ?? null,
      mistakes: mode.mistakes,
      ...(mode.cardRefused && { cardRefused: mode.cardRefused }),
      waiting: mode.waiting,
      waitingSince: mode.waiting ? this.#startedAt + Math.round(mode.activeAt - this.#startedMonotonic) : null,
      speaking: mode.speaking,
      declined: mode.declined,
      cards: terms.cards,
      outcome: result?.outcome ?? null,
      reason: result?.reason ?? null,
      brand: result?.brand ?? null,
      lastFour: result?.lastFour ?? null,
      receipt: result?.receipt ?? null,
      startedAt: this.#startedAt,
      endedAt: this.#endedAt ?? null,
      acknowledged: this.#acknowledged,
      refundedMinor,
      possible,
    };
  }

  /** Before the valve opens: what it counts afterwards is no part of this. */
  #concludeSilence(): void {
    const { result } = this.#mode;
    if (!result || this.#refused) return;
    const { outcome, reason } = result;
    this.#parts.silence.conclude({
      payment: this.id,
      call: this.#request.call,
      purpose: this.#request.terms.purpose,
      outcome,
      reason,
      outcomeAt: this.#endedAt ?? this.#parts.clock.now(),
    });
  }

  #carryOut(outputs: PaymentOutput[]): void {
    const { link, gate } = this.#parts;
    const { terms, merchant, call } = this.#request;
    for (const output of outputs) {
      switch (output.type) {
        case 'shut-gate':
          gate.heldByPayment();
          if (!link.send(paymentOpen(terms, { payment: this.id, leg: call, merchant })))
            this.#refuse('card-process-down', 'draining');
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
          this.#parts.silence.shut();
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
          this.#concludeSilence();
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
