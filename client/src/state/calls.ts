import type { AgentState, Call, Payment, ServerEvent } from '@tonegate/api-schema';
import { type Way, withStep } from './payment-steps.ts';

/** How many ended calls are kept. */
export const RECENT_LIMIT = 20;

/** What the server last said, and which outcome the agent still has before them. */
export interface CallsState {
  /** The first snapshot has come: what follows is known, not assumed. */
  readonly known: boolean;
  readonly agent: AgentState;
  /** Calls that have not ended. */
  readonly live: readonly Call[];
  /** Ended calls, newest first. */
  readonly recent: readonly Call[];
  /** An ended call whose payment outcome is still shown. */
  readonly kept: Call | null;
  /** Payments whose outcome the agent has left behind. */
  readonly left: readonly string[];
  /** What the latest payment has asked before its result. */
  readonly way: Way | null;
  /** Server's clock minus ours, ms: call timers run by the server's. */
  readonly clockOffsetMs: number;
  readonly draining: boolean;
}

export const NO_CALLS: CallsState = {
  known: false,
  agent: 'not-ready',
  live: [],
  recent: [],
  kept: null,
  left: [],
  way: null,
  clockOffsetMs: 0,
  draining: false,
};

/** The state after a server event that came at `now` (our clock, UTC ms). */
export function applyEvent(state: CallsState, event: ServerEvent, now: number): CallsState {
  switch (event.type) {
    case 'snapshot': {
      const base: CallsState = {
        ...state,
        known: true,
        agent: event.state,
        live: [],
        draining: false,
        clockOffsetMs: event.serverTime - now,
      };
      const missed = state.live.filter((call) => !event.calls.some((other) => other.id === call.id));
      // A call that is missing ended in the gap; how, the list of recent calls will say. Its outcome stays in view.
      const kept = missed.find((call) => showsOutcome(call, state.left)) ?? state.kept;
      return event.calls.reduce(withCall, { ...base, kept });
    }
    case 'agent-state':
      return { ...state, agent: event.state };
    case 'call':
      return withCall(state, event.call);
    case 'payment': {
      // One that no call here ends with is nothing that this window shows.
      const call = [...state.live, ...state.recent].find((one) => one.payment?.id === event.payment.id);
      return call === undefined ? state : withCall(state, { ...call, payment: event.payment });
    }
    case 'draining':
      return { ...state, draining: true };
    case 'replaced':
      return state;
  }
}

function withCall(before: CallsState, call: Call): CallsState {
  const state = { ...withNews(before, call), way: withStep(before.way, call.payment) };
  const others = state.live.filter((other) => other.id !== call.id);
  if (call.state === 'ended') {
    const kept = state.kept?.id === call.id || showsOutcome(call, state.left) ? call : state.kept;
    return { ...state, live: others, recent: withRecent(state.recent, [call]), kept: stillShown(kept, state.left) };
  }
  const known = state.live.some((other) => other.id === call.id);
  const live = known ? state.live.map((other) => (other.id === call.id ? call : other)) : [...others, call];
  // Answering the next customer, the agent has moved on: one customer's outcome never stands beside another's name.
  const movedOn = call.state !== 'ringing' && state.kept !== null && state.kept.id !== call.id;
  return { ...state, live, kept: movedOn ? null : state.kept };
}

// What became of a payment that was unknown is news, even to an agent who had moved on.
function withNews(state: CallsState, call: Call): CallsState {
  const { payment } = call;
  if (payment === null || payment.outcome === 'unknown' || !state.left.includes(payment.id)) return state;
  const earlier = [...state.live, ...state.recent].find((other) => other.id === call.id)?.payment;
  if (earlier?.id !== payment.id || earlier.outcome !== 'unknown') return state;
  return { ...state, left: state.left.filter((id) => id !== payment.id) };
}

/** Merges ended calls into the list, newest first. */
export function withRecent(recent: readonly Call[], ended: readonly Call[]): readonly Call[] {
  const fresh = ended.filter((call) => call.state === 'ended');
  const all = [...fresh, ...recent.filter((call) => !fresh.some((other) => other.id === call.id))];
  return all.sort((a, b) => b.startedAt - a.startedAt).slice(0, RECENT_LIMIT);
}

/** What the server said of one payment, put in wherever it is shown. */
export function withPayment(state: CallsState, payment: Payment): CallsState {
  const put = (call: Call): Call => (call.payment?.id === payment.id ? { ...call, payment } : call);
  return {
    ...state,
    live: state.live.map(put),
    recent: state.recent.map(put),
    kept: state.kept === null ? null : put(state.kept),
  };
}

/** The agent leaves an outcome behind. */
export function leaveOutcome(state: CallsState, payment: string): CallsState {
  const left = [...state.left, payment].slice(-RECENT_LIMIT);
  return { ...state, left, kept: stillShown(state.kept, left) };
}

function showsOutcome(call: Call, left: readonly string[]): boolean {
  return call.payment?.state === 'ended' && !left.includes(call.payment.id);
}

function stillShown(call: Call | null, left: readonly string[]): Call | null {
  return call !== null && showsOutcome(call, left) ? call : null;
}

/** The call that the window is about: one that is going on before one that rings. */
export function currentCall(state: CallsState): Call | null {
  return state.live.find((call) => call.state !== 'ringing') ?? state.live[0] ?? null;
}

/** The payment that the window shows: the running one, else the outcome that the agent has not left yet. */
export function shownPayment(state: CallsState): Payment | null {
  const call = currentCall(state);
  const payment = call?.payment ?? null;
  if (payment !== null && (payment.state !== 'ended' || payment.wall === 'shut')) return payment;
  if (payment !== null && !state.left.includes(payment.id)) return payment;
  return state.kept?.payment ?? null;
}

/** The payment behind whose wall agent and customer are now. */
export function walledPayment(state: CallsState): Payment | null {
  return state.live.find((call) => call.payment?.wall === 'shut')?.payment ?? null;
}
