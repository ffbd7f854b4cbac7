import type { Payment, PaymentStep } from '@tonegate/api-schema';

/** Waiting for the payment service is shown in the place where its answer will be. */
const SHOWN = ['confirmation', 'card-number', 'expiry', 'security-code', 'result'] as const;

export interface ShownStep {
  readonly step: (typeof SHOWN)[number];
  /** `left`: the payment ended before it was done. */
  readonly state: 'done' | 'now' | 'next' | 'left';
}

/** What a payment asked for last, of the customer or of the payment service. */
export interface ReachedStep {
  readonly payment: string;
  readonly step: PaymentStep;
}

/** How far a payment has come. Its result says nothing of that: a payment can end at any step. */
export function reached(before: ReachedStep | null, payment: Payment | null): ReachedStep | null {
  if (payment === null || payment.step === 'result') return before;
  return { payment: payment.id, step: payment.step };
}

/** The customer's way through the payment. To a window that was opened at its very end all counts as done. */
export function shownSteps(payment: Payment, way: ReachedStep | null): readonly ShownStep[] {
  const at = place(payment.step);
  const far = payment.step === 'result' && way?.payment === payment.id ? place(way.step) : at;
  return SHOWN.map((step, index) => ({
    step,
    state: index === at ? 'now' : index < far ? 'done' : index < at ? 'left' : 'next',
  }));
}

/** Whether the step that a payment was at is done: it may also have been left, or an earlier one asked again. */
export function isDone(was: PaymentStep, is: PaymentStep): boolean {
  return place(is) > place(was) && is !== 'result';
}

function place(step: PaymentStep): number {
  return step === 'processing' ? SHOWN.length - 1 : (SHOWN as readonly PaymentStep[]).indexOf(step);
}
