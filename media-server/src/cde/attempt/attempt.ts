import type { Brand, PaymentResult, Reason } from '../contract.ts';
import type { Answer, Found, Reversal } from '../gateways/gateway.ts';

/**
 * One request for authorization as a pure machine. The driver's whole duty: make the new state durable, and only then
 * do what the outputs say. After a crash the card is gone, so the machine looks up and gives back; there is no input
 * on which it asks for the money a second time.
 *
 * intended → sent → approved · declined · failed · unknown
 * unknown → approved · declined · failed · not-executed · reversed · manual
 * approved → told, or reversing → reversed · manual
 */
export const PHASES = [
  'intended',
  'sent',
  'approved',
  'told',
  'declined',
  'failed',
  'unknown',
  'not-executed',
  'reversing',
  'reversed',
  'manual',
] as const;
export type Phase = (typeof PHASES)[number];

/**
 * Phases in which the order's money may have moved, or may yet move, without anybody knowing it for sure: no second
 * attempt for the same (merchant, order, purpose) stands beside one of these. `approved` is among them until somebody
 * was told, because it may still be given back.
 */
export const LIVE_PHASES = [
  'intended',
  'sent',
  'approved',
  'unknown',
  'reversing',
  'manual',
] as const satisfies readonly Phase[];

export interface AttemptState {
  readonly phase: Phase;
  /** When the phase began, UTC ms. */
  readonly since: number;
  /** Why it is not approved, as far as that is known. */
  readonly reason: Reason;
  /** When the request was released; absent: no byte of it ever left. */
  readonly sentAt?: number;
  /** Look-ups answered or not since the result became unknown, or since the reversal or the process began. */
  readonly lookups: number;
  /** When the gateway first said that it has no such attempt, with nothing else said since. */
  readonly absentSince?: number;
  /** When the machine wants a `wake`, UTC ms. */
  readonly wakeAt?: number;
  /** When the money was first asked back. Set for good: such an attempt never counts as approved again. */
  readonly reversingSince?: number;
  readonly receipt?: string;
  readonly brand?: Brand;
  readonly lastFour?: string;
}

/** Waiting times of recovery, ms; see `CardSettings`. */
export interface AttemptRules {
  readonly lookupDelaysMs: readonly number[];
  readonly reverseAfterMs: number;
  readonly absentAgainAfterMs: number;
}

export type AttemptInput =
  /** The intent is durable: the request may be released. */
  | { type: 'send' }
  /** The request will never be released, for a reason of our own. */
  | { type: 'abandoned'; reason: Reason }
  /** What the gateway answered to the request. */
  | { type: 'answer'; answer: Answer }
  /** What a look-up found. */
  | { type: 'found'; found: Found }
  /** What the gateway answered to the reversal. */
  | { type: 'reversal'; reversal: Reversal }
  /** Somebody is being told that it is approved. */
  | { type: 'told' }
  /** `wakeAt` has come. */
  | { type: 'wake' }
  /** The card process started and found this attempt in the ledger. */
  | { type: 'recovered' };

export type AttemptOutput =
  | { do: 'send' }
  | { do: 'look-up' }
  | { do: 'reverse' }
  /** The result, `resultOf(state)`, is new: tell it. */
  | { do: 'report' };

export interface AttemptStep {
  readonly state: AttemptState;
  readonly outputs: readonly AttemptOutput[];
}

/** A new attempt; durable before anything is done with it. */
export function intend(now: number): AttemptState {
  return { phase: 'intended', since: now, reason: 'no-answer', lookups: 0 };
}

/**
 * The attempt's next state. An input that doesn't fit the phase changes nothing (the same state comes back): answers
 * and wakes can cross each other.
 */
export function step(state: AttemptState, input: AttemptInput, now: number, rules: AttemptRules): AttemptStep {
  switch (input.type) {
    case 'send':
      if (state.phase !== 'intended') return same(state);
      return to(state, 'sent', now, { sentAt: now }, { do: 'send' });
    case 'abandoned':
      return state.phase === 'intended' ? to(state, 'failed', now, { reason: input.reason }) : same(state);
    case 'answer':
      return state.phase === 'sent' ? answered(state, input.answer, now, rules) : same(state);
    case 'found':
      if (state.phase === 'unknown') return foundUnknown(state, input.found, now, rules);
      return state.phase === 'reversing' ? foundReversing(state, input.found, now, rules) : same(state);
    case 'reversal':
      if (state.phase !== 'reversing') return same(state);
      return input.reversal === 'reversed' ? to(state, 'reversed', now, {}, report) : lookAgain(state, now, rules);
    case 'told':
      return state.phase === 'approved' ? to(state, 'told', now, {}) : same(state);
    case 'wake':
      return woken(state, now);
    case 'recovered':
      return recovered(state, now, rules);
  }
}

/** What an attempt means to those who wait for it. Brand, last four digits and receipt only with an approval. */
export function resultOf(state: AttemptState): PaymentResult {
  switch (state.phase) {
    case 'approved':
    case 'told':
      return {
        outcome: 'approved',
        reason: 'none',
        ...(state.brand && { brand: state.brand }),
        ...(state.lastFour && { lastFour: state.lastFour }),
        ...(state.receipt && { receipt: state.receipt }),
      };
    case 'declined':
      return { outcome: 'declined', reason: state.reason };
    case 'failed':
    case 'not-executed':
    case 'reversed':
      return { outcome: 'failed', reason: state.reason };
    case 'intended':
    case 'sent':
    case 'unknown':
    case 'reversing':
    case 'manual':
      return { outcome: 'unknown', reason: 'no-answer' };
  }
}

/** Whether nothing will happen to it any more, in this life of the process or another. */
export function isOver(phase: Phase): boolean {
  return phase === 'told' || !(LIVE_PHASES as readonly Phase[]).includes(phase);
}

const report: AttemptOutput = { do: 'report' };

function same(state: AttemptState): AttemptStep {
  return { state, outputs: [] };
}

/** Every change of phase ends what was counted and waited for in the last one. */
function to(
  state: AttemptState,
  phase: Phase,
  now: number,
  change: Partial<AttemptState>,
  ...outputs: AttemptOutput[]
): AttemptStep {
  const { wakeAt: _wakeAt, absentSince: _absentSince, ...rest } = state;
  return { state: { ...rest, phase, since: now, lookups: 0, ...change }, outputs };
}

function approved(state: AttemptState, found: Answer & { is: 'approved' }, now: number, rules: AttemptRules) {
  const { brand, lastFour, receipt } = found;
  const seen = { ...(brand && { brand }), ...(lastFour && { lastFour }), ...(receipt && { receipt }) };
  return to(state, 'approved', now, { ...seen, reason: 'none', wakeAt: now + rules.reverseAfterMs }, report);
}

function answered(state: AttemptState, answer: Answer, now: number, rules: AttemptRules): AttemptStep {
  switch (answer.is) {
    case 'approved':
      return approved(state, answer, now, rules);
    case 'declined':
    case 'failed':
      return to(state, answer.is, now, { reason: answer.reason }, report);
    case 'unknown':
      return to(state, 'unknown', now, { reason: 'no-answer' }, report, { do: 'look-up' });
  }
}

function foundUnknown(state: AttemptState, found: Found, now: number, rules: AttemptRules): AttemptStep {
  switch (found.is) {
    case 'approved':
      return approved(state, found, now, rules);
    case 'declined':
    case 'failed':
      return to(state, found.is, now, { reason: found.reason }, report);
    case 'reversed':
      return to(state, 'reversed', now, {}, report);
    case 'absent': {
      // A clock that went back must not make an absence older than it is.
      const since = Math.min(state.absentSince ?? now, now);
      const surely = state.sentAt === undefined || now - since >= rules.absentAgainAfterMs;
      if (surely && (state.absentSince !== undefined || state.sentAt === undefined)) {
        return to(state, 'not-executed', now, {}, report);
      }
      return lookAgain({ ...state, absentSince: since }, now, rules);
    }
    case 'pending': {
      const { absentSince: _absentSince, ...present } = state;
      return lookAgain(present, now, rules);
    }
    case 'no-answer':
      return lookAgain(state, now, rules);
  }
}

function foundReversing(state: AttemptState, found: Found, now: number, rules: AttemptRules): AttemptStep {
  switch (found.is) {
    case 'reversed':
      return to(state, 'reversed', now, {}, report);
    case 'approved': {
      // Safe to ask again: a reversal's key is the attempt's own, so the gateway gives back once.
      const { wakeAt: _wakeAt, ...rest } = state;
      return { state: rest, outputs: [{ do: 'reverse' }] };
    }
    default:
      // Money that moved and that the gateway denies now is nothing to conclude from.
      return lookAgain(state, now, rules);
  }
}

function lookAgain(state: AttemptState, now: number, rules: AttemptRules): AttemptStep {
  const lookups = state.lookups + 1;
  const delay = rules.lookupDelaysMs[lookups - 1];
  const absenceProven = state.absentSince === undefined ? undefined : state.absentSince + rules.absentAgainAfterMs;
  const waits = [delay === undefined ? undefined : now + delay, absenceProven].filter(
    (at): at is number => at !== undefined && at > now,
  );
  if (waits.length === 0) return to(state, 'manual', now, { lookups });
  return { state: { ...state, lookups, wakeAt: Math.min(...waits) }, outputs: [] };
}

function woken(state: AttemptState, now: number): AttemptStep {
  if (state.wakeAt === undefined || now < state.wakeAt) return same(state);
  const { wakeAt: _wakeAt, ...rest } = state;
  if (state.phase === 'approved') {
    return to(rest, 'reversing', now, { reason: 'no-answer', reversingSince: now }, { do: 'reverse' });
  }
  return { state: rest, outputs: [{ do: 'look-up' }] };
}

/**
 * What was written by an earlier life is asked afresh. Waiting times begin anew, because the wall clock of that life may
 * have been another: an approval gets its whole time to be told (its server may be about to say that it was), and an
 * absence is believed only when this process saw it twice.
 */
function recovered(state: AttemptState, now: number, rules: AttemptRules): AttemptStep {
  switch (state.phase) {
    case 'intended':
    case 'sent':
      return to(state, 'unknown', now, { reason: 'card-process-ended' }, { do: 'look-up' });
    case 'unknown':
      return to(state, 'unknown', state.since, {}, { do: 'look-up' });
    case 'manual':
      return to(state, state.reversingSince === undefined ? 'unknown' : 'reversing', now, {}, { do: 'look-up' });
    case 'approved':
      return to(state, 'approved', state.since, { wakeAt: now + rules.reverseAfterMs });
    case 'reversing':
      return to(state, 'reversing', state.since, {}, { do: 'look-up' });
    default:
      return same(state);
  }
}
