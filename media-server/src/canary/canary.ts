/**
 * When the canary calls, and what its calls mean for payments. A pure machine: `step` takes what happened and returns what
 * is to be done. What it promises:
 *
 * - a trunk takes no payment before its first good calls, of each card process, and none from a bad one until a good one;
 * - a leak closes at once; what only failed is called once more before it does, for a card process may just have died;
 * - calls are bounded: `TRUNKS_AT_ONCE` trunks at a time, each at most twice a round, and a round begins after the last
 *   one has ended.
 */
import type { CanaryResult } from './findings.ts';

/** Trunks that are called for at the same time. */
export const TRUNKS_AT_ONCE = 2;
/** With a trunk closed or not proven the next round comes this soon, ms, that it may open again. */
export const CLOSED_AGAIN_MS = 60_000;

export interface TrunkState {
  readonly name: string;
  /** `unproven`: not called for yet. Payments are taken when `open`. */
  payments: 'unproven' | 'open' | 'closed';
  /** Of the last calls. */
  results: readonly CanaryResult[];
  failures: number;
}

export interface CanaryState {
  readonly everyMs: number;
  readonly trunks: ReadonlyMap<string, TrunkState>;
  /** Of this round: still to be called for, and called for now. */
  readonly waiting: string[];
  readonly calling: Set<string>;
  rounds: number;
}

export type CanaryInput =
  | { readonly type: 'due' }
  /** The card process is another one: nothing that was found counts for it. */
  | { readonly type: 'restarted' }
  /** The calls for a trunk have ended. */
  | { readonly type: 'called'; readonly trunk: string; readonly results: readonly CanaryResult[] };

export type CanaryOutput =
  /** Call by every transport, as a customer of this trunk. */
  | { readonly type: 'call'; readonly trunk: string }
  | { readonly type: 'closed'; readonly trunk: string; readonly results: readonly CanaryResult[] }
  | { readonly type: 'opened'; readonly trunk: string }
  /** The round is over: `due` after this. */
  | { readonly type: 'wait'; readonly ms: number };

/** @param trunks their names; that of calls without a trunk among them, if any can come */
export function newCanary(trunks: readonly string[], everyMs: number): CanaryState {
  return {
    everyMs,
    trunks: new Map(trunks.map((name) => [name, { name, payments: 'unproven', results: [], failures: 0 }])),
    waiting: [],
    calling: new Set(),
    rounds: 0,
  };
}

/** Why no payment is taken through this trunk now ('': calls without one); undefined: it is. What isn't called for isn't proven. */
export function refusalOf(state: CanaryState, trunk: string): 'unproven' | 'closed' | undefined {
  const payments = state.trunks.get(trunk)?.payments ?? 'unproven';
  return payments === 'open' ? undefined : payments;
}

export function step(state: CanaryState, input: CanaryInput): CanaryOutput[] {
  if (input.type === 'restarted') {
    for (const trunk of state.trunks.values()) if (trunk.payments === 'open') trunk.payments = 'unproven';
  }
  if (input.type !== 'called') {
    if (isCalling(state)) return [];
    for (const trunk of state.trunks.values()) trunk.failures = 0;
    state.waiting.push(...state.trunks.keys());
    return next(state);
  }
  const trunk = state.trunks.get(input.trunk);
  if (!trunk || !state.calling.delete(input.trunk)) return [];
  trunk.results = input.results;
  const outputs = concluded(state, trunk);
  return [...outputs, ...next(state)];
}

function isCalling(state: CanaryState): boolean {
  return state.calling.size > 0 || state.waiting.length > 0;
}

function concluded(state: CanaryState, trunk: TrunkState): CanaryOutput[] {
  const { name, results } = trunk;
  const good = results.length > 0 && results.every(({ verdict }) => verdict === 'passed');
  const before = trunk.payments;
  if (good) {
    trunk.payments = 'open';
    return before === 'open' ? [] : [{ type: 'opened', trunk: name }];
  }
  const leaks = results.some(({ verdict }) => verdict === 'leak');
  if (!leaks && trunk.failures++ === 0) {
    state.waiting.unshift(name);
    return [];
  }
  trunk.payments = 'closed';
  return [{ type: 'closed', trunk: name, results }];
}

function next(state: CanaryState): CanaryOutput[] {
  const outputs: CanaryOutput[] = [];
  while (state.calling.size < TRUNKS_AT_ONCE) {
    const trunk = state.waiting.shift();
    if (trunk === undefined) break;
    state.calling.add(trunk);
    outputs.push({ type: 'call', trunk });
  }
  if (isCalling(state)) return outputs;
  state.rounds++;
  const isSoon = [...state.trunks.values()].some(({ payments }) => payments !== 'open');
  return [...outputs, { type: 'wait', ms: isSoon ? Math.min(CLOSED_AGAIN_MS, state.everyMs) : state.everyMs }];
}
