import { type BaseTimes, lifetime, type Step, TIMER_D_MS, type TimerOutput } from './timers.ts';

/**
 * The INVITE client transaction (RFC 3261 §17.1.1) with the Accepted state of RFC 6026 §7.2, which lets every 2xx
 * of a forked or repeated answer through to the user.
 */
export interface InviteClientState {
  readonly phase: 'calling' | 'proceeding' | 'accepted' | 'completed';
  /** Next interval of Timer A, ms. */
  readonly resend: number;
}

export type InviteClientInput =
  | { readonly on: 'response'; readonly status: number }
  | { readonly on: 'timer'; readonly timer: string }
  | { readonly on: 'transport-error' };

export type InviteClientOutput =
  | TimerOutput
  | { readonly do: 'send' }
  /** ACK of the response just put in, on this transaction's branch and flow (RFC 3261 §17.1.1.3). */
  | { readonly do: 'ack' }
  /** The response just put in goes to the user. */
  | { readonly do: 'report' }
  | { readonly do: 'failed'; readonly why: 'timeout' | 'transport' };

type Outcome = Step<InviteClientState, InviteClientOutput>;

export function startInviteClient(reliable: boolean, times: BaseTimes): Outcome {
  const outputs: InviteClientOutput[] = [{ do: 'send' }];
  if (!reliable) outputs.push({ do: 'timer', timer: 'A', ms: times.t1 });
  outputs.push({ do: 'timer', timer: 'B', ms: lifetime(times) });
  return { state: { phase: 'calling', resend: times.t1 }, outputs };
}

export function stepInviteClient(
  state: InviteClientState,
  input: InviteClientInput,
  reliable: boolean,
  times: BaseTimes,
): Outcome {
  const { phase } = state;
  if (input.on === 'transport-error') {
    if (phase === 'accepted') return { state, outputs: [] };
    // An ACK that can't be sent still ends the transaction (§17.1.1.2); the user had its final response already.
    return {
      state: undefined,
      outputs: phase === 'completed' ? [] : [{ do: 'failed', why: 'transport' }],
    };
  }
  if (input.on === 'timer') {
    if (phase === 'calling' && input.timer === 'A') {
      const resend = state.resend * 2;
      return { state: { phase, resend }, outputs: [{ do: 'send' }, { do: 'timer', timer: 'A', ms: resend }] };
    }
    if (phase === 'calling' && input.timer === 'B') {
      return { state: undefined, outputs: [{ do: 'failed', why: 'timeout' }] };
    }
    if (phase === 'completed' && input.timer === 'D') return { state: undefined, outputs: [] };
    if (phase === 'accepted' && input.timer === 'M') return { state: undefined, outputs: [] };
    return { state, outputs: [] };
  }
  const { status } = input;
  if (phase === 'calling' || phase === 'proceeding') {
    if (status < 200) return { state: { ...state, phase: 'proceeding' }, outputs: [{ do: 'report' }] };
    if (status < 300) {
      return {
        state: { ...state, phase: 'accepted' },
        outputs: [{ do: 'report' }, { do: 'timer', timer: 'M', ms: lifetime(times) }],
      };
    }
    return {
      state: { ...state, phase: 'completed' },
      outputs: [{ do: 'ack' }, { do: 'report' }, { do: 'timer', timer: 'D', ms: reliable ? 0 : TIMER_D_MS }],
    };
  }
  if (phase === 'accepted') {
    return { state, outputs: status >= 200 && status < 300 ? [{ do: 'report' }] : [] };
  }
  return { state, outputs: status >= 300 ? [{ do: 'ack' }] : [] };
}
