import { type BaseTimes, lifetime, type Step, TRYING_MS, type TimerOutput } from './timers.ts';

/**
 * The INVITE server transaction (RFC 3261 §17.2.1) with the Accepted state of RFC 6026 §7.1: it lives on after a 2xx
 * to absorb the repeated INVITE, while the user repeats the 2xx until its ACK.
 */
export interface InviteServerState {
  readonly phase: 'proceeding' | 'accepted' | 'completed' | 'confirmed';
  /** Whether any provisional response has gone out, which a repeated INVITE brings out again. */
  readonly said: boolean;
  /** Next interval of Timer G, ms. */
  readonly resend: number;
}

export type InviteServerInput =
  | { readonly on: 'repeated' }
  | { readonly on: 'respond'; readonly status: number }
  | { readonly on: 'ack' }
  | { readonly on: 'timer'; readonly timer: string }
  | { readonly on: 'transport-error' };

export type InviteServerOutput =
  | TimerOutput
  | { readonly do: 'send-trying' }
  /** Sends the response just put in and keeps it as the last one. */
  | { readonly do: 'send' }
  | { readonly do: 'send-last' }
  /** An ACK on the INVITE's own branch after a 2xx, as some old phones send it: the dialog takes it. */
  | { readonly do: 'pass-ack' }
  | { readonly do: 'failed'; readonly why: 'timeout' | 'transport' };

type Outcome = Step<InviteServerState, InviteServerOutput>;

export function startInviteServer(times: BaseTimes): Outcome {
  return {
    state: { phase: 'proceeding', said: false, resend: times.t1 },
    outputs: [{ do: 'timer', timer: 'trying', ms: TRYING_MS }],
  };
}

export function stepInviteServer(
  state: InviteServerState,
  input: InviteServerInput,
  reliable: boolean,
  times: BaseTimes,
): Outcome {
  const { phase } = state;
  const same: Outcome = { state, outputs: [] };
  switch (input.on) {
    case 'repeated':
      if (phase === 'proceeding') {
        return state.said
          ? { state, outputs: [{ do: 'send-last' }] }
          : { state: { ...state, said: true }, outputs: [{ do: 'send-trying' }] };
      }
      return phase === 'completed' ? { state, outputs: [{ do: 'send-last' }] } : same;
    case 'respond': {
      if (phase === 'accepted') {
        return input.status >= 200 && input.status < 300 ? { state, outputs: [{ do: 'send' }] } : same;
      }
      if (phase !== 'proceeding') return same;
      if (input.status < 200) return { state: { ...state, said: true }, outputs: [{ do: 'send' }] };
      if (input.status < 300) {
        return {
          state: { ...state, phase: 'accepted' },
          outputs: [{ do: 'send' }, { do: 'timer', timer: 'L', ms: lifetime(times) }],
        };
      }
      const outputs: InviteServerOutput[] = [{ do: 'send' }];
      if (!reliable) outputs.push({ do: 'timer', timer: 'G', ms: times.t1 });
      outputs.push({ do: 'timer', timer: 'H', ms: lifetime(times) });
      return { state: { ...state, phase: 'completed' }, outputs };
    }
    case 'ack':
      if (phase === 'accepted') return { state, outputs: [{ do: 'pass-ack' }] };
      if (phase !== 'completed') return same;
      return {
        state: { ...state, phase: 'confirmed' },
        outputs: [{ do: 'timer', timer: 'I', ms: reliable ? 0 : times.t4 }],
      };
    case 'timer':
      if (phase === 'proceeding' && input.timer === 'trying' && !state.said) {
        return { state: { ...state, said: true }, outputs: [{ do: 'send-trying' }] };
      }
      if (phase === 'completed' && input.timer === 'G') {
        const resend = Math.min(state.resend * 2, times.t2);
        return {
          state: { ...state, resend },
          outputs: [{ do: 'send-last' }, { do: 'timer', timer: 'G', ms: resend }],
        };
      }
      if (phase === 'completed' && input.timer === 'H') {
        return { state: undefined, outputs: [{ do: 'failed', why: 'timeout' }] };
      }
      if (phase === 'confirmed' && input.timer === 'I') return { state: undefined, outputs: [] };
      if (phase === 'accepted' && input.timer === 'L') return { state: undefined, outputs: [] };
      return same;
    case 'transport-error':
      return phase === 'proceeding' || phase === 'completed'
        ? { state: undefined, outputs: [{ do: 'failed', why: 'transport' }] }
        : same;
  }
}
