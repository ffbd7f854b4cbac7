import type { Brand, MoneyAction, PaymentResult, Purpose, Reason, Resolution } from '../contract.ts';
import type { Answer, Found, Prepared, Reversal } from '../gateways/gateway.ts';

/** What a gateway is asked for. */
export type AttemptPurpose = Exclude<Purpose, 'verify'> | MoneyAction;

/** Purposes whose approval moves or holds a customer's money, and which are undone if nobody was told of it. */
const UNDONE_IF_UNTOLD: readonly AttemptPurpose[] = ['charge', 'authorize', 'stored-charge'];

/**
 * One request to a gateway as a pure machine. The driver's whole duty: make the new state durable, and only then
 * do what the outputs say. After a crash the card is gone, so the machine looks up and gives back; there is no input
 * on which it asks for the money a second time.
 *
 * intended → (prepared →) sent → approved · declined · failed · unknown
 * unknown → approved · declined · failed · not-executed · reversed · manual
 * approved → told, or reversing → reversed · manual
 * manual → whatever an operator or a later look-up says
 *
 * A card-update, a capture, a void and a refund aren't undone: their approval is `done` at once.
 */
export const PHASES = [
  'intended',
  'prepared',
  'sent',
  'approved',
  'told',
  'done',
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
  'prepared',
  'sent',
  'approved',
  'unknown',
  'reversing',
  'manual',
] as const satisfies readonly Phase[];

export interface AttemptState {
  readonly purpose: AttemptPurpose;
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
  /** The gateway's own name of the transaction, as soon as it is known. */
  readonly transaction?: string;
  readonly receipt?: string;
  /** Of an approval; of a card-update from the moment it is sent, because a look-up may need it to find the card. */
  readonly brand?: Brand;
  readonly lastFour?: string;
  /** Keyed digest of the card number; with an approval only. */
  readonly fingerprint?: string;
  /** The gateway's name of the card that a card-update stored. */
  readonly storedCard?: string;
  /** Why it is `manual`, where it isn't for want of answers. */
  readonly stuck?: 'no-gateway';
}

/** Waiting times of recovery, ms; see `CardSettings`. */
export interface AttemptRules {
  readonly lookupDelaysMs: readonly number[];
  readonly reverseAfterMs: number;
  readonly absentAgainAfterMs: number;
}

export type AttemptInput =
  /** What the first step of a gateway with two came to. */
  | { type: 'prepared'; prepared: Prepared }
  /** The intent is durable: the request may be released. */
  | { type: 'send'; card?: { brand: Brand; lastFour: string } }
  /** The request will never be released, for a reason of our own. */
  | { type: 'abandoned'; reason: Reason }
  /** What the gateway answered to the request. */
  | { type: 'answer'; answer: Answer; fingerprint?: string }
  /** What a look-up found that was asked at `askedAt` (default: now): the ledger's disk may have kept it waiting since. */
  | { type: 'found'; found: Found; askedAt?: number }
  /** What the gateway answered to the reversal. */
  | { type: 'reversal'; reversal: Reversal }
  /** Somebody is being told that it is approved. */
  | { type: 'told' }
  /** `wakeAt` has come. */
  | { type: 'wake' }
  /** There is nobody to ask: the gateway that it went to isn't set up any more. */
  | { type: 'no-gateway' }
  /** An operator looked at the gateway's books; only what is `manual` is theirs to settle (see `mayResolve`). */
  | { type: 'resolved'; as: Resolution }
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
export function intend(purpose: AttemptPurpose, now: number): AttemptState {
  return { purpose, phase: 'intended', since: now, reason: 'no-answer', lookups: 0 };
}

/** Whether an operator may settle it so: money that was asked back never counts as approved or as never moved. */
export function mayResolve(state: AttemptState, as: Resolution): boolean {
  if (state.phase !== 'manual') return false;
  if (as === 'look-up') return true;
  if (state.reversingSince !== undefined) return as === 'reversed';
  return as !== 'reversed' || undoneIfUntold(state);
}

/**
 * The attempt's next state. An input that doesn't fit the phase changes nothing (the same state comes back): answers
 * and wakes can cross each other.
 */
export function step(state: AttemptState, input: AttemptInput, now: number, rules: AttemptRules): AttemptStep {
  switch (input.type) {
    case 'prepared':
      return state.phase === 'intended' ? prepared(state, input.prepared, now) : same(state);
    case 'send':
      return state.phase === 'intended' || state.phase === 'prepared' ? sent(state, input.card, now) : same(state);
    case 'abandoned':
      return state.phase === 'intended' || state.phase === 'prepared'
        ? to(state, 'failed', now, { reason: input.reason })
        : same(state);
    case 'answer':
      return state.phase === 'sent' ? answered(state, input, now, rules) : same(state);
    case 'found':
      if (state.phase === 'unknown') return foundUnknown(state, input, now, rules);
      return state.phase === 'reversing' ? foundReversing(state, input.found, now, rules) : same(state);
    case 'reversal':
      if (state.phase !== 'reversing') return same(state);
      return input.reversal === 'reversed' ? to(state, 'reversed', now, {}, report) : lookAgain(state, now, rules);
    case 'told':
      return state.phase === 'approved' ? to(state, 'told', now, {}) : same(state);
    case 'wake':
      return woken(state, now);
    case 'no-gateway':
      return state.phase === 'unknown' || state.phase === 'reversing'
        ? to(state, 'manual', now, { stuck: 'no-gateway' })
        : same(state);
    case 'resolved':
      return mayResolve(state, input.as) ? resolved(state, input.as, now, rules) : same(state);
    case 'recovered':
      return recovered(state, now, rules);
  }
}

/** What an attempt means to those who wait for it. Brand, last four digits and receipt only with an approval. */
export function resultOf(state: AttemptState): PaymentResult {
  switch (state.phase) {
    case 'approved':
    case 'told':
    case 'done':
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
    case 'prepared':
    case 'sent':
    case 'unknown':
    case 'reversing':
    case 'manual':
      return { outcome: 'unknown', reason: 'no-answer' };
  }
}

/** Whether nothing will happen to it any more, in this life of the process or another. */
export function isOver(phase: Phase): boolean {
  return !(LIVE_PHASES as readonly Phase[]).includes(phase);
}

const report: AttemptOutput = { do: 'report' };

function same(state: AttemptState): AttemptStep {
  return { state, outputs: [] };
}

function undoneIfUntold(state: AttemptState): boolean {
  return UNDONE_IF_UNTOLD.includes(state.purpose);
}

/** Every change of phase ends what was counted and waited for in the last one. */
function to(
  state: AttemptState,
  phase: Phase,
  now: number,
  change: Partial<AttemptState>,
  ...outputs: AttemptOutput[]
): AttemptStep {
  const { wakeAt: _wakeAt, absentSince: _absentSince, stuck: _stuck, ...rest } = state;
  return { state: { ...rest, phase, since: now, lookups: 0, ...change }, outputs };
}

/** An end at which no money moved and no card was stored: nothing of the card stays. */
function without(
  state: AttemptState,
  phase: 'declined' | 'failed' | 'not-executed',
  now: number,
  change: Partial<AttemptState>,
  ...outputs: AttemptOutput[]
): AttemptStep {
  const { brand: _brand, lastFour: _lastFour, ...rest } = state;
  return to(rest, phase, now, change, ...outputs);
}

function prepared(state: AttemptState, answer: Prepared, now: number): AttemptStep {
  switch (answer.is) {
    case 'prepared':
      return to(state, 'prepared', now, { transaction: answer.transaction });
    case 'declined':
    case 'failed':
      return without(state, answer.is, now, { reason: answer.reason }, report);
    case 'no-answer':
      // What may have been made has no card in it, and none will reach it.
      return without(state, 'failed', now, { reason: 'gateway-unreachable' }, report);
  }
}

function sent(state: AttemptState, card: { brand: Brand; lastFour: string } | undefined, now: number): AttemptStep {
  const known = state.purpose === 'card-update' && card ? { brand: card.brand, lastFour: card.lastFour } : {};
  return to(state, 'sent', now, { ...known, sentAt: now }, { do: 'send' });
}

function approved(
  state: AttemptState,
  found: Answer & { is: 'approved' },
  now: number,
  rules: AttemptRules,
  fingerprint?: string,
): AttemptStep {
  const { brand, lastFour, receipt, transaction, storedCard } = found;
  const seen = {
    ...(brand && { brand }),
    ...(lastFour && { lastFour }),
    ...(receipt && { receipt }),
    ...(transaction && { transaction }),
    ...(storedCard && { storedCard }),
    ...(fingerprint && { fingerprint }),
    reason: 'none',
  } as const;
  if (!undoneIfUntold(state)) return to(state, 'done', now, seen, report);
  return to(state, 'approved', now, { ...seen, wakeAt: now + rules.reverseAfterMs }, report);
}

function answered(
  state: AttemptState,
  { answer, fingerprint }: AttemptInput & { type: 'answer' },
  now: number,
  rules: AttemptRules,
): AttemptStep {
  switch (answer.is) {
    case 'approved':
      return approved(state, answer, now, rules, fingerprint);
    case 'declined':
    case 'failed':
      return without(state, answer.is, now, { reason: answer.reason }, report);
    case 'unknown':
      return to(state, 'unknown', now, { reason: 'no-answer' }, report, { do: 'look-up' });
  }
}

function foundUnknown(
  state: AttemptState,
  input: AttemptInput & { type: 'found' },
  now: number,
  rules: AttemptRules,
): AttemptStep {
  const { found, askedAt = now } = input;
  switch (found.is) {
    case 'approved':
      return approved(state, found, now, rules);
    case 'declined':
    case 'failed':
      return without(state, found.is, now, { reason: found.reason }, report);
    case 'reversed':
      return undoneIfUntold(state) ? to(state, 'reversed', now, {}, report) : lookAgain(state, now, rules);
    case 'absent': {
      if (state.sentAt === undefined) return without(state, 'not-executed', now, {}, report);
      // Neither a clock that went back nor an answer that had to wait may make an absence older than it is.
      const since = Math.min(state.absentSince ?? askedAt, askedAt);
      if (state.absentSince !== undefined && askedAt - since >= rules.absentAgainAfterMs) {
        return without(state, 'not-executed', now, {}, report);
      }
      return lookAgain({ ...state, absentSince: since }, now, rules);
    }
    case 'pending': {
      // What waits there for a card waits for ever: none was sent.
      if (state.sentAt === undefined) return without(state, 'not-executed', now, {}, report);
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
  if (waits.length > 0) return { state: { ...state, lookups, wakeAt: Math.min(...waits) }, outputs: [] };
  // `sent` is durable before any byte of the request: without it there was none, whatever the gateway doesn't say.
  if (state.sentAt === undefined) return without(state, 'not-executed', now, {}, report);
  return to(state, 'manual', now, { lookups });
}

function woken(state: AttemptState, now: number): AttemptStep {
  if (state.wakeAt === undefined || now < state.wakeAt) return same(state);
  const { wakeAt: _wakeAt, ...rest } = state;
  if (state.phase === 'approved') {
    return to(rest, 'reversing', now, { reason: 'no-answer', reversingSince: now }, { do: 'reverse' });
  }
  return { state: rest, outputs: [{ do: 'look-up' }] };
}

function resolved(state: AttemptState, as: Resolution, now: number, rules: AttemptRules): AttemptStep {
  switch (as) {
    case 'approved':
      // The operator is somebody who was told.
      return to(state, undoneIfUntold(state) ? 'told' : 'done', now, { reason: 'none' }, report);
    case 'not-executed':
      return without(state, 'not-executed', now, {}, report);
    case 'reversed':
      return to(state, 'reversed', now, {}, report);
    case 'look-up':
      return onceMore(state, now, rules);
  }
}

/** A settled list is no reason to ask for another day: one look-up (two where it says absent), then back to the operator. */
function onceMore(state: AttemptState, now: number, rules: AttemptRules): AttemptStep {
  const phase = state.reversingSince === undefined ? 'unknown' : 'reversing';
  return to(state, phase, now, { lookups: rules.lookupDelaysMs.length }, { do: 'look-up' });
}

/**
 * What was written by an earlier life is asked afresh. Waiting times begin anew, because the wall clock of that life may
 * have been another: an approval gets its whole time to be told (its server may be about to say that it was), and an
 * absence is believed only when this process saw it twice.
 */
function recovered(state: AttemptState, now: number, rules: AttemptRules): AttemptStep {
  switch (state.phase) {
    case 'intended':
    case 'prepared':
    case 'sent':
      return to(state, 'unknown', now, { reason: 'card-process-ended' }, { do: 'look-up' });
    case 'unknown':
      return to(state, 'unknown', state.since, {}, { do: 'look-up' });
    case 'manual':
      return onceMore(state, now, rules);
    case 'approved':
      return to(state, 'approved', state.since, { wakeAt: now + rules.reverseAfterMs });
    case 'reversing':
      return to(state, 'reversing', state.since, {}, { do: 'look-up' });
    default:
      return same(state);
  }
}
