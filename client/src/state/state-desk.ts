import type { ServerState } from '@tonegate/api-schema';
import { createStore } from 'zustand/vanilla';
import type { Api } from '../api/api.ts';
import type { ApiProblem } from '../api/problem.ts';
import { Latest } from './latest.ts';

export interface ServerStateView {
  readonly state: ServerState | null;
  readonly loading: boolean;
  readonly problem: ApiProblem | null;
}

const NOTHING: ServerStateView = { state: null, loading: false, problem: null };

/** Whether what keeps card data in is in force, as the server says when it is asked. */
export class StateDesk {
  readonly state = createStore<ServerStateView>(() => NOTHING);
  readonly #parts: { readonly api: Pick<Api, 'state'>; readonly signedOut: () => void };
  readonly #latest = new Latest();

  constructor(parts: { readonly api: Pick<Api, 'state'>; readonly signedOut: () => void }) {
    this.#parts = parts;
  }

  async load(): Promise<void> {
    this.state.setState({ loading: true, problem: null });
    const answer = await this.#latest.ask(() => this.#parts.api.state());
    if (answer === null) return;
    if (!answer.ok && answer.error === 'not-signed-in') return this.#parts.signedOut();
    this.state.setState({ loading: false, ...(answer.ok ? { state: answer.value } : { problem: answer.error }) });
  }

  clear(): void {
    this.#latest.forget();
    this.state.setState(NOTHING, true);
  }
}
