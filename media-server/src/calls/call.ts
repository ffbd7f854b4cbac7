/**
 * A call as a pure machine: who of customer and agent is there, and what follows. The driver (`call-session.ts`) makes it
 * so. What is heard follows from the state alone (`sounding`), so no path can forget to shut or open something.
 */
import type { Call, CallEnd } from '@tonegate/api-schema';
import type { Sound } from '../card-link/contract.ts';

export interface CallState {
  readonly direction: 'in' | 'out';
  /** waiting: not answered by us (in) or them (out) · early: the carrier sends sound before the answer (183). */
  customer: 'waiting' | 'early' | 'up' | 'gone';
  /** ringing: at one agent or several · lost: the window is gone and is awaited. */
  agent: 'none' | 'ringing' | 'up' | 'lost';
  hold: boolean;
  /** A payment holds the wall. */
  payment: boolean;
  /** The customer hears that nobody is here; then we hang up. */
  announcing: boolean;
  end: CallEnd | undefined;
}

export type CallInput =
  | { readonly type: 'customer-early' }
  | { readonly type: 'customer-up' }
  | { readonly type: 'customer-gone'; readonly end: CallEnd }
  | { readonly type: 'agents-ringing' }
  | { readonly type: 'agent-up' }
  /** The agent's window is gone without a hang-up. */
  | { readonly type: 'agent-lost' }
  | { readonly type: 'agent-hung-up' }
  /** It can't be had back in time. */
  | { readonly type: 'agent-given-up' }
  /** No agent takes it: `announce` in words, or busy. */
  | { readonly type: 'nobody'; readonly announce: boolean }
  | { readonly type: 'announced' }
  | { readonly type: 'hold'; readonly on: boolean }
  | { readonly type: 'payment'; readonly active: boolean }
  /** The server ends it. */
  | { readonly type: 'end'; readonly end: CallEnd };

export type CallOutput =
  | { readonly type: 'answer-customer' }
  | { readonly type: 'refuse-customer' }
  | { readonly type: 'end-customer' }
  | { readonly type: 'end-agents' }
  /** Ring every agent who is ready. */
  | { readonly type: 'ring-agents' }
  /** The window may come back: start the time for it. */
  | { readonly type: 'await-agent' }
  | { readonly type: 'ended' };

export function newCall(direction: 'in' | 'out'): CallState {
  return {
    direction,
    customer: 'waiting',
    agent: 'none',
    hold: false,
    payment: false,
    announcing: false,
    end: undefined,
  };
}

/** What the customer hears, and whether the two hear each other. Open is the exception that every condition must allow. */
export function sounding(call: CallState): { wall: 'shut' | 'open'; sound: Sound | undefined } {
  if (call.end !== undefined || call.payment || call.customer === 'gone') return { wall: 'shut', sound: undefined };
  if (call.customer === 'waiting') return { wall: 'shut', sound: undefined };
  if (call.announcing) return { wall: 'shut', sound: 'nobody-here' };
  if (call.agent === 'up')
    return call.hold ? { wall: 'shut', sound: 'hold-music' } : { wall: 'open', sound: undefined };
  if (call.customer === 'early') return { wall: 'shut', sound: undefined };
  return { wall: 'shut', sound: 'hold-music' };
}

export function stepCall(call: CallState, input: CallInput): CallOutput[] {
  if (call.end !== undefined) {
    // After its end a call only learns that its payment is over.
    if (input.type === 'payment') call.payment = input.active;
    return [];
  }
  switch (input.type) {
    case 'customer-early':
      if (call.customer === 'waiting') call.customer = 'early';
      return [];
    case 'customer-up':
      if (call.customer !== 'gone') call.customer = 'up';
      return [];
    case 'customer-gone':
      call.customer = 'gone';
      return ended(call, input.end);
    case 'agents-ringing':
      if (call.agent === 'none') call.agent = 'ringing';
      return [];
    case 'agent-up':
      call.agent = 'up';
      return call.direction === 'in' && call.customer === 'waiting' ? [{ type: 'answer-customer' }] : [];
    case 'agent-lost':
      if (call.agent !== 'up') return [];
      call.agent = 'lost';
      return [{ type: 'await-agent' }];
    case 'agent-hung-up':
      // In a payment the customer is told the outcome first; the call then looks for another agent.
      if (call.payment) {
        call.agent = 'none';
        return [{ type: 'end-agents' }];
      }
      return ended(call, 'agent-hung-up');
    case 'agent-given-up':
      if (call.agent !== 'lost') return [];
      call.agent = 'none';
      return call.payment ? [] : searched(call);
    case 'nobody':
      return nobody(call, input.announce);
    case 'announced':
      return call.announcing ? ended(call, 'no-answer') : [];
    case 'hold':
      call.hold = input.on;
      return [];
    case 'payment': {
      call.payment = input.active;
      if (input.active) call.hold = false;
      return !input.active && call.agent === 'none' ? searched(call) : [];
    }
    case 'end':
      return ended(call, input.end);
  }
}

/** Back to the queue: the customer waits with music while the agents who are ready ring. */
function searched(call: CallState): CallOutput[] {
  if (call.customer !== 'up') return ended(call, 'lost');
  call.hold = false;
  return [{ type: 'ring-agents' }];
}

function nobody(call: CallState, announce: boolean): CallOutput[] {
  if (call.direction === 'out') return ended(call, 'lost');
  if (call.agent === 'up' || call.announcing) return [];
  call.agent = 'none';
  if (!announce && call.customer === 'waiting') {
    call.end = 'no-answer';
    return [{ type: 'refuse-customer' }, { type: 'end-agents' }, { type: 'ended' }];
  }
  call.announcing = true;
  return call.customer === 'waiting' ? [{ type: 'answer-customer' }, { type: 'end-agents' }] : [{ type: 'end-agents' }];
}

function ended(call: CallState, end: CallEnd): CallOutput[] {
  call.end = end;
  return [{ type: 'end-customer' }, { type: 'end-agents' }, { type: 'ended' }];
}

/** The state as agents and API clients see it. */
export function shownState(state: CallState): Call['state'] {
  if (state.end !== undefined) return 'ended';
  if (state.payment) return 'payment';
  if (state.agent === 'lost') return 'reconnecting';
  if (state.customer !== 'up' || state.agent !== 'up') return 'ringing';
  return state.hold ? 'held' : 'talking';
}
