import { err, ok, type Result } from '../../shared/result.ts';
import type { MoneyAction, Refusal } from '../contract.ts';
import { type AttemptPurpose, isOver, type Phase } from './attempt.ts';

/** A payment whose money is asked about. */
export interface Original {
  readonly purpose: AttemptPurpose | 'verify';
  readonly amountMinor: number;
  /** Of its last attempt; absent: none was made. */
  readonly phase?: Phase;
}

/** What was done with it since, or is being done. */
export interface Action {
  readonly action: MoneyAction;
  readonly amountMinor: number;
  readonly phase: Phase;
}

interface Balance {
  readonly captured: number;
  readonly refunded: number;
  readonly voided: boolean;
}

/** Captured, refunded and voided so far, minor units; only what the gateway is known to have done. */
function balanceOf(of: Original, actions: readonly Action[]): Balance {
  const done = actions.filter(({ phase }) => phase === 'done');
  const sum = (action: MoneyAction) =>
    done.filter((one) => one.action === action).reduce((total, { amountMinor }) => total + amountMinor, 0);
  return {
    captured: of.purpose === 'authorize' ? sum('capture') : of.amountMinor,
    refunded: sum('refund'),
    voided: done.some(({ action }) => action === 'void'),
  };
}

/**
 * Whether an action may be asked for now, and for how much: a hold is captured once, at most what was held; what was
 * captured is refunded in parts, never more than that in all; a void takes back the whole, where nothing was captured
 * of a hold or refunded of a charge. One action at a time: while another isn't known, nobody knows what is left.
 *
 * @param wanted minor units; absent: all that there is
 * @returns the amount; or `attempt-alive`, `already-settled` (nothing is left), `amount-unfit`, `not-possible`
 */
export function allowedAmount(
  of: Original,
  actions: readonly Action[],
  action: MoneyAction,
  wanted?: number,
): Result<number, Refusal> {
  if (of.phase !== undefined && !isOver(of.phase)) return err('attempt-alive');
  // A card-update ends as `done`, an action too: of these nothing can be captured or given back.
  if (of.phase !== 'told') return err('not-possible');
  if (actions.some(({ phase }) => !isOver(phase))) return err('attempt-alive');
  const { captured, refunded, voided } = balanceOf(of, actions);
  if (voided) return err('already-settled');
  switch (action) {
    case 'capture':
      if (of.purpose !== 'authorize') return err('not-possible');
      return captured > 0 ? err('already-settled') : upTo(of.amountMinor, wanted);
    case 'void':
      if (of.purpose === 'authorize' ? captured > 0 : refunded > 0) return err('not-possible');
      return wanted === undefined || wanted === of.amountMinor ? ok(of.amountMinor) : err('amount-unfit');
    case 'refund':
      if (captured === 0) return err('not-possible');
      return refunded >= captured ? err('already-settled') : upTo(captured - refunded, wanted);
  }
}

/** Whether nothing of the payment's money is the merchant's any more. */
export function isGivenBack(of: Original, actions: readonly Action[]): boolean {
  const { captured, refunded, voided } = balanceOf(of, actions);
  return voided || (captured > 0 && refunded >= captured);
}

function upTo(most: number, wanted = most): Result<number, Refusal> {
  return wanted >= 1 && wanted <= most ? ok(wanted) : err('amount-unfit');
}
