import { type BaseTimes, lifetime, type Step, type TimerOutput } from './timers.ts';

/** The client transaction of every request but INVITE and ACK (RFC 3261 §17.1.2). */
export interface NonInviteClientState {
  readonly phase: 'trying' | 'proceeding' | 'completed';
  /** Next interval of Timer E, ms. */
  readonly resend: number;
}

export type NonInviteClientInput =
  | { readonly on: 'response'; readonly status: number }
  | { readonly on: 'timer'; readonly timer: string }
  | { readonly on: 'transport-error' };

export type NonInviteClientOutput =
  | TimerOutput
  | { readonly do: 'send' }
  | { readonly do: 'report' }
  | { readonly do: 'failed'; readonly why: 'timeout' | 'transport' };

type Outcome = Step<NonInviteClientState, NonInviteClientOutput>;

export function startNonInviteClient(reliable: boolean, times: BaseTimes): Outcome {
  const outputs: NonInviteClientOutput[] = [{ do: 'send' }];
  if (!reliable) outputs.push({ do: 'timer', timer: 'E', ms: times.t1 });
  outputs.push({ do: 'timer', timer: 'F', ms: lifetime(times) });
  return { state: { phase: 'trying', resend: times.t1 }, outputs };
}

export function stepNonInviteClient(
  state: NonInviteClientState,
  input: NonInviteClientInput,
  reliable: boolean,
  times: BaseTimes,
): Outcome {
  const { phase } = state;
  if (input.on === 'transport-error') {
    return { state: undefined, outputs: phase === 'completed' ? [] : [{ do: 'failed', why: 'transport' }] };
  }
  if (input.on === 'timer') {
    if (phase === 'completed') return { state: input.timer === 'K' ? undefined : state, outputs: [] };
    if (input.timer === 'F') return { state: undefined, outputs: [{ do: 'failed', why: 'timeout' }] };
    if (input.timer === 'E') {
      const resend = phase === 'proceeding' ? times.t2 : Math.min(state.resend * 2, times.t2);
      return { state: { phase, resend }, outputs: [{ do: 'send' }, { do: 'timer', timer: 'E', ms: resend }] };
    }
    return { state, outputs: [] };
  }
  if (phase === 'completed') return { state, outputs: [] };
  if (input.status < 200) return { state: { ...state, phase: 'proceeding' }, outputs: [{ do: 'report' }] };
  return {
    state: { ...state, phase: 'completed' },
    outputs: [{ do: 'report' }, { do: 'timer', timer: 'K', ms: reliable ? 0 : times.t4 }],
  };
}
