import type { AskAgain, Call, Hint, Me, Purpose } from '@tonegate/api-schema';
import type { StoreApi } from 'zustand/vanilla';
import type { Api } from '../api/api.ts';
import { type CallsState, currentCall, leaveOutcome } from './calls.ts';
import type { Desk, Help } from './desk.ts';
import {
  createPaymentFormStore,
  CUSTOMER_CHOOSES,
  EMPTY_FORM,
  type Guide,
  type PaymentForm,
  requestOf,
} from './payment-form.ts';
import type { Requests } from './requests.ts';
import { habitOf, type Settings, withHabit } from './settings.ts';

type Merchant = Me['merchants'][number];

export interface PaymentDeskParts {
  readonly api: Api;
  readonly calls: StoreApi<CallsState>;
  readonly desk: StoreApi<Desk>;
  readonly settings: StoreApi<Settings>;
  readonly requests: Requests;
  /** Merchant of a call as this agent knows it. */
  readonly merchantOf: (call: Call | null) => Merchant | undefined;
}

/** What the form stands for, with what the agent left as it usually is. */
export interface Chosen {
  readonly purpose: Purpose;
  readonly guide: Guide;
  readonly gentle: boolean;
}

export function chosenOf(form: PaymentForm, call: Call, merchant: Merchant, settings: Settings): Chosen {
  const habit = habitOf(settings, merchant.id);
  return {
    purpose: form.purpose ?? habit.purpose,
    guide: form.guide ?? (habit.customerChooses ? CUSTOMER_CHOOSES : (call.language ?? merchant.language)),
    gentle: form.gentle ?? merchant.gentle ?? false,
  };
}

/** A payment from the order to its outcome, as the agent handles it. */
export class PaymentDesk {
  readonly form: StoreApi<PaymentForm> = createPaymentFormStore();
  readonly #parts: PaymentDeskParts;
  readonly #acknowledging = new Set<string>();

  constructor(parts: PaymentDeskParts) {
    this.#parts = parts;
  }

  edit(change: Partial<Omit<PaymentForm, 'problems' | 'sending'>>): void {
    const { problems } = this.form.getState();
    const left = Object.fromEntries(Object.entries(problems).filter(([field]) => !(field in change)));
    this.form.setState({ ...change, problems: left });
  }

  /** What the payment is to be for. What was typed stays: an order is the same order when it is only held. */
  choosePurpose(purpose: Purpose): void {
    this.form.setState({ purpose, problems: {} });
    const merchant = this.#parts.merchantOf(this.#call());
    if (merchant !== undefined && (purpose === 'charge' || purpose === 'authorize')) this.#keep(merchant, { purpose });
  }

  chooseGuide(guide: Guide): void {
    this.form.setState({ guide });
    const merchant = this.#parts.merchantOf(this.#call());
    if (merchant !== undefined) this.#keep(merchant, { customerChooses: guide === CUSTOMER_CHOOSES });
  }

  clear(): void {
    this.form.setState(EMPTY_FORM, true);
  }

  /** Starts payment mode; false when the form has something wrong, so that the first such field gets the focus. */
  async take(): Promise<boolean> {
    const { api, requests, settings } = this.#parts;
    const call = this.#call();
    const merchant = this.#parts.merchantOf(call);
    const form = this.form.getState();
    if (call === null || merchant === undefined || form.sending) return true;
    const { purpose, guide } = chosenOf(form, call, merchant, settings.getState());
    // What a number is guided in the server knows best: only a choice is sent.
    const wish = guide === CUSTOMER_CHOOSES ? guide : form.guide;
    const request = requestOf({ ...form, guide: wish }, purpose, merchant);
    if (!request.ok) {
      this.form.setState({ problems: request.error });
      return false;
    }
    this.form.setState({ problems: {}, sending: true });
    const answer = await api.startPayment({ call: call.id, ...request.value });
    requests.problem('payment', answer.ok ? null : answer.error);
    this.form.setState({ sending: false });
    return true;
  }

  async stop(): Promise<void> {
    const payment = this.#running();
    if (payment === null) return;
    await this.#parts.requests.send('payment', 'cancel', () => this.#parts.api.cancelPayment(payment));
  }

  async askAgain(field: AskAgain['field']): Promise<void> {
    await this.#help({ kind: 'ask-again' }, (payment) => this.#parts.api.askAgain(payment, field));
  }

  async giveHint(hint: Hint): Promise<void> {
    await this.#help({ kind: 'hint', hint }, (payment) => this.#parts.api.giveHint(payment, hint));
  }

  async giveMoreTime(): Promise<void> {
    await this.#help({ kind: 'more-time' }, (payment) => this.#parts.api.giveMoreTime(payment));
  }

  async setGentle(on: boolean): Promise<void> {
    const payment = this.#running();
    if (payment === null) return;
    await this.#parts.requests.send('payment', 'gentle', () => this.#parts.api.setGentle(payment, on));
  }

  /** Has the customer press a key, before a payment depends on it. */
  async testKeys(): Promise<void> {
    const call = this.#call();
    if (call === null || this.#parts.desk.getState().busy['key-test']) return;
    const { api, desk, requests } = this.#parts;
    desk.setState({ keyTest: null });
    requests.busy('key-test', true);
    const answer = await api.testKeys(call.id);
    requests.busy('key-test', false);
    if (this.#call()?.id !== call.id) return;
    requests.problem('payment', answer.ok ? null : answer.error);
    if (answer.ok) desk.setState({ keyTest: { call: call.id, result: answer.value } });
  }

  /**
   * The outcome stands on a visible screen: says so to the server, once. `unknown` tells nobody whether money moved, so
   * that it isn't acknowledged.
   */
  outcomeShown(): void {
    const { api, calls } = this.#parts;
    const { live, kept } = calls.getState();
    for (const { id, outcome, acknowledged } of [...live, kept].flatMap((call) => call?.payment ?? [])) {
      if (outcome === null || outcome === 'unknown' || acknowledged || this.#acknowledging.has(id)) continue;
      this.#acknowledging.add(id);
      void api.acknowledgePayment(id).then((answer) => {
        if (!answer.ok) this.#acknowledging.delete(id);
      });
    }
  }

  /** Leaves the outcome behind. */
  leave(payment: string): void {
    this.clear();
    this.#leave(payment);
  }

  /** Leaves the outcome and keeps the order for another try; `purpose` where a stored card is to be replaced by a keyed one. */
  tryAgain(payment: string, purpose?: Purpose): void {
    if (purpose !== undefined) this.form.setState({ purpose });
    this.#leave(payment);
  }

  async #help(what: Help['what'], request: (payment: string) => ReturnType<Api['giveMoreTime']>): Promise<void> {
    const payment = this.#running();
    if (payment === null) return;
    const problem = await this.#parts.requests.send('payment', what.kind, () => request(payment));
    if (problem === null) this.#parts.desk.setState({ helped: { payment, what, at: Date.now() } });
  }

  #leave(payment: string): void {
    this.#parts.calls.setState((state) => leaveOutcome(state, payment));
    this.#parts.requests.problem('payment', null);
  }

  #keep(merchant: Merchant, change: Parameters<typeof withHabit>[2]): void {
    const { settings } = this.#parts;
    settings.setState({ habits: withHabit(settings.getState(), merchant.id, change) });
  }

  #call(): Call | null {
    return currentCall(this.#parts.calls.getState());
  }

  #running(): string | null {
    const payment = this.#call()?.payment ?? null;
    return payment === null || payment.state === 'ended' ? null : payment.id;
  }
}
