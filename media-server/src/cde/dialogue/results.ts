import type { PaymentResult, Purpose, Reason } from '../contract.ts';
import type { PromptName } from '../prompts/names.ts';

const APPROVED: { readonly [purpose in Purpose]: PromptName } = {
  charge: 'approved',
  authorize: 'held',
  'card-update': 'registered',
  'stored-charge': 'approved',
  verify: 'verified',
};

const NOT_DONE: { readonly [purpose in Purpose]: PromptName } = {
  charge: 'declined',
  authorize: 'declined',
  'card-update': 'not-registered',
  'stored-charge': 'declined',
  verify: 'not-verified',
};

/** What was wrong with a card, where more is known than that it was refused. */
const CARD_FAULTS: { readonly [reason in Reason]?: PromptName } = {
  funds: 'funds-missing',
  limit: 'limit-reached',
  'card-expired': 'card-expired',
  'security-code-wrong': 'security-code-wrong',
  'card-number-wrong': 'card-number-wrong',
  'brand-refused': 'card-refused',
};

const FAILURES: { readonly [reason in Reason]?: PromptName } = {
  'too-many-mistakes': 'too-many-mistakes',
  silence: 'time-over',
  'time-limit': 'time-over',
  'no-keys-possible': 'no-keys',
  'no-such-card': 'no-stored-card',
  'code-expired': 'code-expired',
  'code-not-sent': 'code-not-sent',
  'brand-refused': 'card-refused',
  'number-too-long': 'card-refused',
};

/** How the customer is told how it ended. */
export function resultPrompts(result: PaymentResult, purpose: Purpose): readonly PromptName[] {
  switch (result.outcome) {
    case 'approved':
      return [APPROVED[purpose], 'pause', 'returning'];
    case 'declined': {
      const fault = CARD_FAULTS[result.reason];
      return [...(fault ? ([fault, 'pause'] as const) : []), NOT_DONE[purpose], 'pause', 'returning'];
    }
    case 'unknown':
      return ['unknown'];
    case 'cancelled':
      return ['returning'];
    case 'failed':
      return [FAILURES[result.reason] ?? notPossible(purpose), 'pause', 'returning'];
  }
}

function notPossible(purpose: Purpose): PromptName {
  return purpose === 'card-update' || purpose === 'verify' ? NOT_DONE[purpose] : 'failed';
}

/** Whether another card may help: this one was refused, whatever for. */
export function isAboutTheCard({ outcome }: PaymentResult): boolean {
  return outcome === 'declined';
}

/** A declined card is told, and another one asked for. */
export function anotherCardPrompts({ reason }: PaymentResult): readonly PromptName[] {
  const fault = CARD_FAULTS[reason];
  return [...(fault ? ([fault, 'pause', 'other-card'] as const) : (['another-card'] as const)), 'pause', 'offer-agent'];
}
