import { type BaseTimes, lifetime, type Step, type TimerOutput } from './timers.ts';

/** The server transaction of every request but INVITE and ACK (RFC 3261 §17.2.2). */
export interface NonInviteServerState {
  readonly phase: 'trying' | 'proceeding' | 'completed';
}

export type NonInviteServerInput =
  | { readonly on: 'repeated' }
  | { readonly on: 'respond'; readonly status: number }
  | { readonly on: 'timer'; readonly timer: string }
  | { readonly on: 'transport-error' };

export type NonInviteServerOutput =
  | TimerOutput
  | { readonly do: 'send' }
  | { readonly do: 'send-last' }
  | { readonly do: 'failed'; readonly why: 'transport' };

type Outcome = Step<NonInviteServerState, NonInviteServerOutput>;

export function startNonInviteServer(): Outcome {
  return { state: { phase: 'trying' }, outputs: [] };
}

export function stepNonInviteServer(
  state: NonInviteServerState,
  input: NonInviteServerInput,
  reliable: boolean,
  times: BaseTimes,
): Outcome {
  const { phase } = state;
  switch (input.on) {
    case 'repeated':
      return { state, outputs: phase === 'trying' ? [] : [{ do: 'send-last' }] };
    case 'respond':
      if (phase === 'completed') return { state, outputs: [] };
      if (input.status < 200) return { state: { phase: 'proceeding' }, outputs: [{ do: 'send' }] };
      return {
        state: { phase: 'completed' },
        outputs: [{ do: 'send' }, { do: 'timer', timer: 'J', ms: reliable ? 0 : lifetime(times) }],
      };
    case 'timer':
      return { state: phase === 'completed' && input.timer === 'J' ? undefined : state, outputs: [] };
    case 'transport-error':
      return { state: undefined, outputs: [{ do: 'failed', why: 'transport' }] };
  }
}
