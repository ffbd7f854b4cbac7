import type { DoMoney, MoneyAction, Payment } from '@tonegate/api-schema';
import type { FromCard, PaymentResult, Refusal } from '../card-link/contract.ts';
import type { Clock } from '../shared/clock.ts';
import { type Id, newId } from '../shared/ids.ts';
import { err, ok, type Problem, type Result } from '../shared/result.ts';
import type { Answer } from './asker.ts';
import type { Books, PaymentStarter, WrittenPayment } from './books.ts';
import type { CardCommands } from './customer-gate.ts';
import { type Money, moneyOf } from './money.ts';
import { moneyFact, paymentOf } from './records.ts';
import { refusalProblem } from './refusal.ts';
import type { LivePayment } from './settlement.ts';

export interface MoneyActionsParts {
  readonly link: CardCommands;
  readonly clock: Clock;
  readonly books: Pick<Books, 'begin' | 'drop' | 'outcome' | 'written'>;
  /** Asks the ledger what it knows of this payment. */
  readonly askLedger: (payment: Id) => void;
  /** An action has begun or has an outcome; or was refused, and it is the payment that it was about that has changed. */
  readonly changed: (payment: Id) => void;
}

/** How long an answer waits for the gateway, ms. */
const ANSWER_LIMIT_MS = 10_000;

interface Running {
  readonly about: Id;
  /** Whoever waits learns it; `undefined`: it has an outcome. */
  readonly end: (refused?: Refusal | 'card-process-down') => void;
}

/**
 * Captures, voids and refunds of earlier payments, each a payment of its own in the books: written before the card
 * process is asked, so that what becomes of it is found whatever dies meanwhile.
 */
export class MoneyActions {
  readonly #parts: MoneyActionsParts;
  readonly #running = new Map<Id, Running>();
  /** Payments on which an action is being begun. */
  readonly #busy = new Set<Id>();

  constructor(parts: MoneyActionsParts) {
    this.#parts = parts;
  }

  /** @returns the action's id, when it has an outcome or the answer can't wait longer */
  async act(by: PaymentStarter, about: Id, wanted: DoMoney): Answer<Id> {
    if (!this.#parts.link.up) return err(refusalProblem('card-process-down'));
    if (this.#busy.has(about)) return err(PENDING);
    this.#busy.add(about);
    try {
      const written = await this.#parts.books.written(about);
      if (!written) throw new Error(`payment ${about} is gone`);
      const fit = fitAction(written, wanted);
      return fit.ok ? await this.#send(by, written, wanted.action, fit.value) : fit;
    } finally {
      this.#busy.delete(about);
    }
  }

  /** The running one of this id, for the ledger's word on it. */
  live(id: Id): LivePayment | undefined {
    const running = this.#running.get(id);
    if (!running) return undefined;
    return {
      result: undefined,
      // What the ledger doesn't know was never asked for: it died with the command.
      input: ({ result }) => void this.#over(id, result ?? { outcome: 'failed', reason: 'card-process-ended' }),
      tellAgain: () => {},
    };
  }

  /** Takes in a message that names one of these. False: it doesn't. */
  heard(message: FromCard): boolean {
    if (!('payment' in message) || message.payment === undefined) return false;
    const running = this.#running.get(message.payment);
    if (!running) return false;
    if (message.type === 'outcome' || message.type === 'settled') {
      const { type: _, payment, ...result } = message;
      void this.#over(payment, result);
    } else if (message.type === 'refused') {
      this.#running.delete(message.payment);
      this.#parts.books.drop(message.payment);
      running.end(message.why);
      this.#parts.changed(running.about);
    }
    return true;
  }

  /** The card process is connected anew: it may have died over them. */
  cardUp(): void {
    for (const id of this.#running.keys()) this.#parts.askLedger(id);
  }

  async #send(by: PaymentStarter, about: WrittenPayment, action: MoneyAction, amount: ActionAmount): Answer<Id> {
    const { link, books, clock, changed } = this.#parts;
    const id = newId(clock.now());
    const payment = actionOf(about, id, action, amount.minor, clock.now());
    if (!(await books.begin(payment, about.row.organisation, by))) {
      return err({ code: 'server-error', message: 'it could not be written down: nothing was asked' });
    }
    const ended = new Promise<Refusal | 'card-process-down' | undefined>((resolve) => {
      this.#running.set(id, { about: about.row.id, end: resolve });
    });
    const { merchant } = about.row;
    const part = amount.part ? { amountMinor: amount.minor } : {};
    if (!link.send({ type: 'money', payment: id, merchant, of: about.row.id, action, ...part })) {
      this.#running.delete(id);
      books.drop(id);
      return err(refusalProblem('card-process-down'));
    }
    changed(id);
    let stop = () => {};
    const late = new Promise<undefined>((resolve) => {
      stop = clock.after(ANSWER_LIMIT_MS, () => resolve(undefined));
    });
    const refused = await Promise.race([ended, late]);
    stop();
    return refused === undefined ? ok(id) : err(refused === 'attempt-alive' ? PENDING : refusalProblem(refused));
  }

  async #over(id: Id, result: PaymentResult): Promise<void> {
    const running = this.#running.get(id);
    if (!running) return;
    this.#running.delete(id);
    await this.#parts.books.outcome(id, result, this.#parts.clock.now());
    running.end();
    this.#parts.changed(id);
  }
}

const PENDING: Problem<'attempt-alive'> = {
  code: 'attempt-alive',
  message: "the result of an earlier capture, void or refund of this payment isn't known yet: wait for it",
};

/** How much, and whether the card process has to be told: where it isn't everything. */
interface ActionAmount {
  readonly minor: number;
  readonly part: boolean;
}

/** Whether this can be done with a payment's money now, and of how much of it. */
export function fitAction(
  { row, actions }: Pick<WrittenPayment, 'row' | 'actions'>,
  { action, amountMinor }: DoMoney,
): Result<ActionAmount, Problem<'attempt-alive' | 'not-possible' | 'amount-unfit'>> {
  const money = moneyOf(row, actions.flatMap(moneyFact));
  if (money.pending) return err(PENDING);
  if (!money.possible.includes(action)) return err({ code: 'not-possible', message: whyNot(row, money, action) });
  if (action === 'void') {
    if (amountMinor === undefined || amountMinor === row.amountMinor)
      return ok({ minor: row.amountMinor, part: false });
    return err({ code: 'amount-unfit', message: 'a void gives back all that is held: name no amount' });
  }
  const left = action === 'capture' ? money.captureMinor : money.refundMinor;
  const minor = amountMinor ?? left;
  if (minor > left) {
    return err({
      code: 'amount-unfit',
      message: `only ${left} (minor units, ${row.currency}) is left of this payment`,
    });
  }
  return ok({ minor, part: minor < row.amountMinor });
}

function whyNot(row: WrittenPayment['row'], money: Money, action: MoneyAction): string {
  if (row.about !== null) return 'this is an action itself: act on the payment that it is about';
  if (row.outcome === null || row.outcome === 'unknown') return "the payment's own result isn't known yet: wait for it";
  if (row.outcome !== 'approved') return 'no money moved in this payment';
  if (row.purpose === 'card-update' || row.purpose === 'verify') return `a ${row.purpose} moves no money`;
  if (action === 'refund') {
    if (money.refundedMinor > 0) return 'all of it is refunded already';
    return row.purpose === 'authorize'
      ? 'this money is only held: capture or void it'
      : 'nothing of it can be refunded';
  }
  return row.purpose === 'authorize' ? 'it is captured or voided already' : 'this money is taken: refund it instead';
}

function actionOf(about: WrittenPayment, id: Id, action: MoneyAction, amountMinor: number, now: number): Payment {
  const payment = paymentOf(about.row, []);
  return {
    ...payment,
    id,
    purpose: action,
    about: about.row.id,
    order: { ...payment.order, amountMinor },
    gentle: false,
    cards: 1,
    startedAt: now,
  };
}
