import type { MoneyAction, Outcome, Payment } from '@tonegate/api-schema';

/** A capture, void or refund, as far as it counts for the payment that it is about. */
export interface MoneyFact {
  readonly action: MoneyAction;
  readonly amountMinor: number;
  /** Null while it is under way. */
  readonly outcome: Outcome | null;
}

/** What became of a payment's money, and what can still be done with it. Amounts are minor units. */
export interface Money {
  readonly refundedMinor: number;
  /** How much of it can be captured, or refunded, now. */
  readonly captureMinor: number;
  readonly refundMinor: number;
  readonly possible: MoneyAction[];
  /** An action on it has no known result yet: nothing more until it has. */
  readonly pending: boolean;
}

/**
 * Held money is captured once, in whole or in part, or voided; taken money is refunded until nothing is left. Whether
 * the gateway can do it is for the card process to say.
 */
export function moneyOf(
  payment: Pick<Payment, 'purpose' | 'outcome'> & { readonly amountMinor: number },
  actions: readonly MoneyFact[],
): Money {
  const pending = actions.some(({ outcome }) => outcome === null || outcome === 'unknown');
  const done = actions.filter(({ outcome }) => outcome === 'approved');
  const sum = (wanted: MoneyAction) =>
    done.filter(({ action }) => action === wanted).reduce((total, { amountMinor }) => total + amountMinor, 0);
  const refundedMinor = sum('refund');
  const captured = sum('capture');
  const voided = done.some(({ action }) => action === 'void');
  const held = payment.purpose === 'authorize';
  const open = payment.outcome === 'approved' && !pending && !voided;
  const taken = held
    ? captured
    : payment.purpose === 'charge' || payment.purpose === 'stored-charge'
      ? payment.amountMinor
      : 0;
  const captureMinor = open && held && captured === 0 ? payment.amountMinor : 0;
  const refundMinor = open ? Math.max(0, taken - refundedMinor) : 0;
  return {
    refundedMinor,
    captureMinor,
    refundMinor,
    possible: [
      ...(captureMinor > 0 ? (['capture', 'void'] as const) : []),
      ...(refundMinor > 0 ? (['refund'] as const) : []),
    ],
    pending,
  };
}
