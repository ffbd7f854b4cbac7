import type { Outcome, Reason, Step } from '../card-link/contract.ts';
import type { PaymentStepRow } from '../storage/tables.ts';

/** How a customer got through a payment, step by step: times, counts and words of fixed lists. */
export interface Trail {
  readonly steps: Reached[];
  /** Mistakes in each step as the dialogue counts them: over all the times that it was asked. */
  readonly counted: Map<Step, number>;
  /** Time and mistakes of steps that were begun and then put off because an earlier one was asked again. */
  readonly putOff: Map<Step, { tookMs: number; mistakes: number }>;
}

interface Reached {
  readonly step: Step;
  /** UTC, ms. */
  readonly at: number;
  /** Monotonic, ms. */
  readonly since: number;
  tookMs: number;
  mistakes: number;
}

type Row = Pick<PaymentStepRow, 'place' | 'step' | 'at' | 'tookMs' | 'mistakes' | 'left'>;

/** Steps that a payment comes to, at most: the agent can have fields asked again and again. */
const STEPS_LIMIT = 100;
/** In this order a payment goes through its steps. */
const ORDER: readonly Step[] = [
  'language',
  'confirmation',
  'card-number',
  'expiry',
  'security-code',
  'sending-code',
  'one-time-code',
  'processing',
];

export function newTrail(): Trail {
  return { steps: [], counted: new Map(), putOff: new Map() };
}

/**
 * Takes in a word of the dialogue's progress.
 *
 * @param at UTC ms
 * @param now monotonic ms
 */
export function passThrough(
  trail: Trail,
  progress: { readonly step: Step; readonly mistakes: number },
  at: number,
  now: number,
): void {
  const { step } = progress;
  // The result is no step of the customer's: outcomes are counted apart.
  if (step === 'result') return;
  let last = trail.steps.at(-1);
  if (last?.step !== step) {
    if (trail.steps.length >= STEPS_LIMIT) return;
    if (last) leave(trail, last, step, now);
    const before = trail.putOff.get(step) ?? { tookMs: 0, mistakes: 0 };
    trail.putOff.delete(step);
    last = { step, at, since: now, ...before };
    trail.steps.push(last);
  }
  const counted = trail.counted.get(step) ?? 0;
  // Fewer than before: the dialogue has begun to count anew, for another card.
  last.mistakes += progress.mistakes < counted ? progress.mistakes : progress.mistakes - counted;
  trail.counted.set(step, progress.mistakes);
}

/** The payment has moved on from a step: it is finished, unless an earlier one is asked again meanwhile. */
function leave(trail: Trail, last: Reached, next: Step, now: number): void {
  last.tookMs += now - last.since;
  const goesBack = ORDER.indexOf(next) < ORDER.indexOf(last.step);
  // After `processing` another card is tried: the one before went all the way.
  if (!goesBack || last.step === 'processing') return;
  trail.steps.pop();
  trail.putOff.set(last.step, { tookMs: last.tookMs, mistakes: last.mistakes });
}

/** The steps of a payment that has ended, each with how it was left. Only the last one can have been given up. */
export function stepsOf(trail: Trail, end: { readonly outcome: Outcome; readonly reason: Reason }, now: number): Row[] {
  return trail.steps.map(({ step, at, since, tookMs, mistakes }, place) => {
    const last = place === trail.steps.length - 1;
    const took = Math.max(0, Math.round(last ? tookMs + now - since : tookMs));
    return { place, step, at, tookMs: took, mistakes, left: last ? howLeft(end) : 'finished' };
  });
}

function howLeft({ outcome, reason }: { readonly outcome: Outcome; readonly reason: Reason }): Row['left'] {
  if (outcome === 'approved' || outcome === 'declined') return 'finished';
  switch (reason) {
    case 'customer-hung-up':
      return 'hung-up';
    case 'by-customer':
      return 'asked-for-agent';
    case 'by-agent':
      return 'cancelled-by-agent';
    case 'silence':
      return 'silence';
    case 'too-many-mistakes':
    case 'brand-refused':
    case 'number-too-long':
    case 'code-wrong':
      return 'mistakes';
    default:
      return 'other';
  }
}
