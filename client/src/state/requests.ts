import type { StoreApi } from 'zustand/vanilla';
import type { Answer } from '../api/api.ts';
import type { ApiProblem } from '../api/problem.ts';
import type { Desk, Place, Request } from './desk.ts';

/** Requests on their way and what was refused, as the window shows them. */
export class Requests {
  readonly #desk: StoreApi<Desk>;
  readonly #signedOut: () => void;

  /** `signedOut` is called when an answer says that the session is over. */
  constructor(desk: StoreApi<Desk>, signedOut: () => void) {
    this.#desk = desk;
    this.#signedOut = signedOut;
  }

  /** Sends a request whose effect comes by event. The same one isn't sent again while it is on its way. */
  async send(place: Place, what: Request, request: () => Answer<unknown>): Promise<ApiProblem | null | 'busy'> {
    if (this.#desk.getState().busy[what]) return 'busy';
    this.busy(what, true);
    const answer = await request();
    // Already as wished: nothing for the agent to do.
    const problem = answer.ok || answer.error === 'already-ended' ? null : answer.error;
    this.problem(place, problem);
    this.busy(what, false);
    return problem;
  }

  problem(place: Place, problem: ApiProblem | null): void {
    if (problem === 'not-signed-in') return this.#signedOut();
    if (this.#desk.getState().problems[place] === problem) return;
    this.#desk.setState(({ problems }) => ({ problems: { ...problems, [place]: problem } }));
  }

  busy(what: Request, on: boolean): void {
    this.#desk.setState(({ busy }) => {
      const { [what]: _, ...rest } = busy;
      return { busy: on ? { ...rest, [what]: true } : rest };
    });
  }
}
