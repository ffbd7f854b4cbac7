import type { Payment } from '@tonegate/api-schema';
import { createStore } from 'zustand/vanilla';
import type { Api } from '../api/api.ts';
import type { ApiProblem } from '../api/problem.ts';
import { Latest } from './latest.ts';

export interface CallPaymentsState {
  /** The call whose payments are shown; null: none's. */
  readonly call: string | null;
  /** null: not here yet. */
  readonly payments: readonly Payment[] | null;
  readonly problem: ApiProblem | null;
}

const NOTHING: CallPaymentsState = { call: null, payments: null, problem: null };

/** Every payment of one of the last calls, and what was done with their money. */
export class CallPayments {
  readonly state = createStore<CallPaymentsState>(() => NOTHING);
  readonly #parts: { readonly api: Pick<Api, 'paymentsOfCall'>; readonly signedOut: () => void };
  readonly #latest = new Latest();

  constructor(parts: { readonly api: Pick<Api, 'paymentsOfCall'>; readonly signedOut: () => void }) {
    this.#parts = parts;
  }

  /** Shows a call's payments, or hides them again. */
  async toggle(call: string): Promise<void> {
    if (this.state.getState().call === call) return this.clear();
    this.state.setState({ call, payments: null, problem: null });
    await this.#load(call);
  }

  /** A payment has changed: what is shown of its call is asked for anew. */
  async refresh(call: string): Promise<void> {
    if (this.state.getState().call === call) await this.#load(call);
  }

  clear(): void {
    this.#latest.forget();
    this.state.setState(NOTHING, true);
  }

  async #load(call: string): Promise<void> {
    const answer = await this.#latest.ask(() => this.#parts.api.paymentsOfCall(call));
    if (answer === null) return;
    if (!answer.ok && answer.error === 'not-signed-in') return this.#parts.signedOut();
    this.state.setState(answer.ok ? { payments: answer.value.payments, problem: null } : { problem: answer.error });
  }
}
