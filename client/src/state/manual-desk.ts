import type { ManualAttempt, Payment, ResolveManual } from '@tonegate/api-schema';
import { createStore } from 'zustand/vanilla';
import type { Api } from '../api/api.ts';
import type { ApiProblem } from '../api/problem.ts';
import { Latest } from './latest.ts';

export type Resolution = ResolveManual['as'];

/** One that is being settled, from the question to what became of it. */
export interface Settling {
  readonly attempt: ManualAttempt;
  readonly as: Resolution;
  readonly phase: 'ask' | 'sent' | 'done';
  readonly problem: ApiProblem | null;
  readonly result: Payment | null;
}

export interface ManualState {
  /** null: not asked yet. */
  readonly attempts: readonly ManualAttempt[] | null;
  /** How many there are beyond these, of all merchants. */
  readonly more: number;
  readonly loading: boolean;
  readonly problem: ApiProblem | null;
  readonly settling: Settling | null;
}

const NOTHING: ManualState = { attempts: null, more: 0, loading: false, problem: null, settling: null };

export interface ManualDeskParts {
  readonly api: Pick<Api, 'manual' | 'resolveManual'>;
  readonly signedOut: () => void;
}

/** What a person can say of it: once its money was asked back it never counts as taken, or as never taken. */
export function resolutionsOf({ reversing }: ManualAttempt): readonly Resolution[] {
  return reversing ? ['reversed', 'look-up'] : ['approved', 'not-executed', 'reversed', 'look-up'];
}

/** Payments of which no look-up found out what became: an administrator says what the payment service's books say. */
export class ManualDesk {
  readonly state = createStore<ManualState>(() => NOTHING);
  readonly #parts: ManualDeskParts;
  readonly #latest = new Latest();

  constructor(parts: ManualDeskParts) {
    this.#parts = parts;
  }

  async load(): Promise<void> {
    this.state.setState({ loading: true, problem: null });
    const answer = await this.#latest.ask(() => this.#parts.api.manual());
    if (answer === null) return;
    if (!answer.ok && answer.error === 'not-signed-in') return this.#parts.signedOut();
    this.state.setState({ loading: false, ...(answer.ok ? answer.value : { problem: answer.error }) });
  }

  /** Asks whether it really is so. */
  begin(attempt: ManualAttempt, as: Resolution): void {
    this.state.setState({ settling: { attempt, as, phase: 'ask', problem: null, result: null } });
  }

  async confirm(): Promise<void> {
    const { settling } = this.state.getState();
    if (settling?.phase !== 'ask') return;
    this.state.setState({ settling: { ...settling, phase: 'sent', problem: null } });
    const answer = await this.#parts.api.resolveManual(settling.attempt.payment, settling.as);
    if (this.state.getState().settling?.attempt.payment !== settling.attempt.payment) return;
    if (!answer.ok && answer.error === 'not-signed-in') return this.#parts.signedOut();
    this.state.setState({
      settling: answer.ok
        ? { ...settling, phase: 'done', result: answer.value }
        : { ...settling, phase: 'ask', problem: answer.error },
    });
    await this.load();
  }

  close(): void {
    if (this.state.getState().settling?.phase !== 'sent') this.state.setState({ settling: null });
  }

  clear(): void {
    this.#latest.forget();
    this.state.setState(NOTHING, true);
  }
}
