import type { MoneyAction, Payment } from '@tonegate/api-schema';
import { createStore, type StoreApi } from 'zustand/vanilla';
import type { Api } from '../api/api.ts';
import type { ApiProblem } from '../api/problem.ts';
import { type AmountProblem, parseAmount } from './amount.ts';
import { type CallsState, withPayment } from './calls.ts';

/** An action on an earlier payment's money, from the question to what became of it. */
export interface MoneyTask {
  readonly about: Payment;
  readonly action: MoneyAction;
  /** As typed. */
  readonly amount: string;
  readonly amountProblem: AmountProblem | 'more-than-left' | null;
  /**
   * ask: nothing was sent · sent: the payment service is being asked · unanswered: no answer came, so that only the same
   * request may be sent again · done: `result` says what became of it.
   */
  readonly phase: 'ask' | 'sent' | 'unanswered' | 'done';
  readonly problem: ApiProblem | null;
  readonly result: Payment | null;
}

export interface MoneyDeskParts {
  readonly api: Pick<Api, 'doMoney' | 'payment'>;
  readonly calls: StoreApi<CallsState>;
  readonly pause: (ms: number) => Promise<void>;
  readonly newKey: () => string;
  readonly signedOut: () => void;
}

/** Pause between two looks at what became of it, ms, and how many looks there are: two minutes, as look-ups take. */
const LOOK_PAUSE_MS = 1_000;
const LOOKS_LIMIT = 120;

/** Answers after which nobody knows whether it was done; the last: an earlier try of the same is still at work. */
const UNSURE: readonly ApiProblem[] = ['unreachable', 'server-error', 'idempotency-key-reused'];

/** What of a payment is left to be given back or captured, minor units. */
export function leftMinor(about: Payment): number {
  return about.order.amountMinor - about.refundedMinor;
}

/** Gives back, captures and voids; one at a time, each confirmed by the agent, each under one key for all its tries. */
export class MoneyDesk {
  readonly task = createStore<{ readonly task: MoneyTask | null }>(() => ({ task: null }));
  readonly #parts: MoneyDeskParts;
  #key = '';
  /** Requests without an answer, by payment: what is tried again is the same request, even after the question was closed. */
  readonly #unanswered = new Map<string, { readonly task: MoneyTask; readonly key: string }>();

  constructor(parts: MoneyDeskParts) {
    this.#parts = parts;
  }

  /** Opens the question; `amount` is what the amount field starts with. */
  begin(about: Payment, action: MoneyAction, amount: string): void {
    if (this.task.getState().task?.phase === 'sent') return;
    const unanswered = this.#unanswered.get(about.id);
    if (unanswered !== undefined) {
      this.#key = unanswered.key;
      return this.#set(unanswered.task);
    }
    this.#key = this.#parts.newKey();
    this.#set({ about, action, amount, amountProblem: null, phase: 'ask', problem: null, result: null });
  }

  setAmount(amount: string): void {
    const { task } = this.task.getState();
    if (task?.phase !== 'ask') return;
    // Another amount is another intent, and has another key.
    this.#key = this.#parts.newKey();
    this.#set({ ...task, amount, amountProblem: null, problem: null });
  }

  close(): void {
    if (this.task.getState().task?.phase !== 'sent') this.task.setState({ task: null });
  }

  /** Signed out: whatever was open is nobody's. */
  clear(): void {
    this.#unanswered.clear();
    this.task.setState({ task: null });
  }

  async confirm(): Promise<void> {
    const { task } = this.task.getState();
    if (task === null || (task.phase !== 'ask' && task.phase !== 'unanswered')) return;
    const part = this.#partOf(task);
    if (!part.ok) return this.#set({ ...task, amountProblem: part.error });
    this.#set({ ...task, phase: 'sent', problem: null });
    const { about, action } = task;
    const answer = await this.#parts.api.doMoney(about.id, { action, ...part.value }, this.#key);
    const now = this.task.getState().task;
    if (now?.about.id !== about.id) return;
    if (!answer.ok && answer.error === 'not-signed-in') return this.#parts.signedOut();
    if (!answer.ok) {
      const unsure = UNSURE.includes(answer.error);
      const refused: MoneyTask = { ...now, phase: unsure ? 'unanswered' : 'ask', problem: answer.error };
      if (unsure) this.#unanswered.set(about.id, { task: refused, key: this.#key });
      return this.#set(refused);
    }
    this.#unanswered.delete(about.id);
    await this.#follow(now, answer.value);
  }

  // Until its outcome is known; one that stays unknown is told as that.
  async #follow(task: MoneyTask, first: Payment): Promise<void> {
    let result = first;
    for (let looks = 0; result.outcome === null && looks < LOOKS_LIMIT; looks += 1) {
      await this.#parts.pause(LOOK_PAUSE_MS);
      const answer = await this.#parts.api.payment(first.id);
      if (answer.ok) result = answer.value;
    }
    const about = await this.#parts.api.payment(task.about.id);
    if (about.ok) this.#parts.calls.setState((state) => withPayment(state, about.value));
    if (this.task.getState().task?.about.id !== task.about.id) return;
    this.#set({ ...task, phase: 'done', result });
  }

  #partOf(
    task: MoneyTask,
  ):
    | { readonly ok: true; readonly value: { amountMinor?: number } }
    | { readonly ok: false; readonly error: AmountProblem | 'more-than-left' } {
    if (task.action === 'void') return { ok: true, value: {} };
    const amount = parseAmount(task.amount, task.about.order.currency);
    if (!amount.ok) return amount;
    const left = leftMinor(task.about);
    if (amount.value > left) return { ok: false, error: 'more-than-left' };
    // All of it is said without an amount: a payment service that knows no parts can do that too.
    const whole = amount.value === task.about.order.amountMinor;
    return { ok: true, value: whole ? {} : { amountMinor: amount.value } };
  }

  #set(task: MoneyTask): void {
    this.task.setState({ task });
  }
}
