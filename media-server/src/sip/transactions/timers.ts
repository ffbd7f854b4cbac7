/**
 * The base times of RFC 3261 §17.1.1.1, in milliseconds. Every other timer is derived from them (RFC 3261 table 4,
 * RFC 6026 §7).
 */
export interface BaseTimes {
  /** Estimated round trip; first resend interval. */
  readonly t1: number;
  /** Longest resend interval of a request other than INVITE and of a response to INVITE. */
  readonly t2: number;
  /** Longest time a message stays in the network. */
  readonly t4: number;
}

export const BASE_TIMES: BaseTimes = { t1: 500, t2: 4000, t4: 5000 };

/** Timer D of an unreliable transport: at least 32 s (RFC 3261 §17.1.1.2). */
export const TIMER_D_MS = 32_000;
/** After this without an answer of the user the server transaction says 100 Trying (RFC 3261 §17.2.1). */
export const TRYING_MS = 200;

/** Timers B, F, H, J, L, M and the time a 2xx waits for its ACK. */
export function lifetime(times: BaseTimes): number {
  return 64 * times.t1;
}

export type TimerName = 'A' | 'B' | 'D' | 'E' | 'F' | 'G' | 'H' | 'I' | 'J' | 'K' | 'L' | 'M' | 'trying';

/** What every transaction machine may ask of its driver. */
export type TimerOutput =
  /** Starts the timer, or starts it anew. 0 ms: fires as soon as the driver has done the other outputs. */
  { readonly do: 'timer'; readonly timer: TimerName; readonly ms: number };

/** A machine's answer: its next state (undefined: terminated, all its timers are void) and what to do, in order. */
export interface Step<State, Output> {
  readonly state: State | undefined;
  readonly outputs: readonly Output[];
}
