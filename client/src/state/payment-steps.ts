import { type AskAgain, type Payment, PaymentStep, type Purpose } from '@tonegate/api-schema';

type ShownName = Exclude<PaymentStep, 'processing'>;

/** The steps that a purpose has at least. Waiting for the payment service is shown where its answer will be. */
const SHOWN: Record<Payment['purpose'], readonly ShownName[]> = {
  charge: ['confirmation', 'card-number', 'expiry', 'security-code', 'result'],
  authorize: ['confirmation', 'card-number', 'expiry', 'security-code', 'result'],
  'card-update': ['card-number', 'expiry', 'security-code', 'result'],
  'stored-charge': ['confirmation', 'result'],
  verify: ['sending-code', 'one-time-code', 'result'],
  capture: ['result'],
  void: ['result'],
  refund: ['result'],
};

export interface ShownStep {
  readonly step: ShownName;
  /** `left`: the payment ended before it was done. */
  readonly state: 'done' | 'now' | 'next' | 'left';
}

/** What a payment has asked so far, of the customer or of the payment service; the last is what it asked last. */
export interface Way {
  readonly payment: string;
  readonly steps: readonly PaymentStep[];
}

/** How far a payment has come. Its result says nothing of that: a payment can end at any step. */
export function withStep(before: Way | null, payment: Payment | null): Way | null {
  if (payment === null || payment.step === 'result') return before;
  const steps = before?.payment === payment.id ? before.steps : [];
  if (steps.at(-1) === payment.step) return before;
  return { payment: payment.id, steps: [...steps.filter((step) => step !== payment.step), payment.step] };
}

/**
 * The customer's way through the payment: what its purpose asks always, and what it asked besides. To a window that was
 * opened at its very end all counts as done.
 */
export function shownSteps(payment: Payment, way: Way | null): readonly ShownStep[] {
  const walked = way?.payment === payment.id ? way.steps : [];
  const steps = IN_ORDER.filter(
    (step) => step === payment.step || walked.includes(step) || SHOWN[payment.purpose].includes(step),
  );
  const at = place(payment.step);
  const far = payment.step === 'result' ? place(walked.at(-1) ?? 'result') : at;
  return steps.map((step) => ({
    step,
    state: place(step) === at ? 'now' : place(step) < far ? 'done' : place(step) < at ? 'left' : 'next',
  }));
}

/** Whether the step that a payment was at is done: it may also have been left, or an earlier one asked again. */
export function isDone(was: PaymentStep, is: PaymentStep): boolean {
  return place(is) > place(was) && is !== 'result';
}

/** Whether the card or code is with the payment service: from then on nothing can be stopped or asked again. */
export function isTooLate(payment: Payment): boolean {
  return payment.step === 'processing' || payment.step === 'result' || payment.state === 'ended';
}

/** Fields of a purpose that can be asked again, each with whether the customer has come to it already. */
export function askable(payment: Payment, way: Way | null): readonly { field: AskAgain['field']; reached: boolean }[] {
  return shownSteps(payment, way).flatMap(({ step, state }) =>
    step === 'card-number' || step === 'expiry' || step === 'security-code' || step === 'one-time-code'
      ? [{ field: step, reached: state !== 'next' }]
      : [],
  );
}

/** Whether a purpose takes or moves money: the others have no amount to show. */
export function hasAmount(purpose: Purpose | Payment['purpose']): boolean {
  return purpose !== 'card-update' && purpose !== 'verify';
}

const IN_ORDER = PaymentStep.options.filter((step): step is ShownName => step !== 'processing');

function place(step: PaymentStep): number {
  return step === 'processing' ? IN_ORDER.length - 1 : IN_ORDER.indexOf(step);
}
