import type { Outcome, Payment, PaymentStep } from '@tonegate/api-schema';
import { type CallsState, currentCall, walledPayment } from './calls.ts';
import { isDone } from './payment-steps.ts';

/** Something that a screen reader says at once. Words are the window's business. */
export type Announcement =
  | { readonly say: 'ringing'; readonly number: string | null; readonly merchant: string }
  | {
      readonly say:
        | 'calling'
        | 'answered'
        | 'held'
        | 'resumed'
        | 'reconnecting'
        | 'call-ended'
        | 'wall-shut'
        | 'wall-open';
    }
  | { readonly say: 'step-done'; readonly step: PaymentStep; readonly purpose: Payment['purpose'] }
  | { readonly say: 'mistake' | 'speaking' | 'card-declined' }
  | ({ readonly say: 'outcome'; readonly outcome: Outcome } & Pick<Payment, 'purpose' | 'reason'>);

/** What has happened between two states, in the order in which it is to be said. */
export function announce(before: CallsState, after: CallsState): Announcement[] {
  const said: Announcement[] = [];
  const was = currentCall(before);
  const is = currentCall(after);

  if (is !== null && is.id !== was?.id) {
    if (is.state === 'ringing' && is.direction === 'in') {
      said.push({ say: 'ringing', number: is.number, merchant: is.merchant.name });
    } else if (is.state === 'ringing') said.push({ say: 'calling' });
  }
  if (is !== null && was?.id === is.id && was.state !== is.state) {
    if (was.state === 'ringing') said.push({ say: 'answered' });
    else if (is.state === 'held') said.push({ say: 'held' });
    else if (was.state === 'held' && is.state === 'talking') said.push({ say: 'resumed' });
    else if (is.state === 'reconnecting') said.push({ say: 'reconnecting' });
  }
  said.push(...announcePayment(before, after));
  if (was !== null && is === null) said.push({ say: 'call-ended' });
  return said;
}

function announcePayment(before: CallsState, after: CallsState): Announcement[] {
  const said: Announcement[] = [];
  const shut = walledPayment(after) !== null;
  const wasShut = walledPayment(before) !== null;
  if (shut && !wasShut) said.push({ say: 'wall-shut' });

  const was = paymentOf(before);
  const is = paymentOf(after);
  if (is !== null && was?.id === is.id) {
    const { purpose, outcome, reason } = is;
    if (isDone(was.step, is.step) && outcome === null) said.push({ say: 'step-done', step: was.step, purpose });
    if (is.mistakes > was.mistakes) said.push({ say: 'mistake' });
    if (is.declined > was.declined && outcome === null) said.push({ say: 'card-declined' });
    if (is.speaking && !was.speaking) said.push({ say: 'speaking' });
    if (outcome !== null && outcome !== was.outcome) said.push({ say: 'outcome', outcome, purpose, reason });
  }
  // Only a wall that opened onto a customer: one that falls with its call is said by the call's end.
  if (wasShut && !shut && currentCall(after) !== null) said.push({ say: 'wall-open' });
  return said;
}

function paymentOf(state: CallsState): NonNullable<ReturnType<typeof currentCall>>['payment'] {
  return currentCall(state)?.payment ?? state.kept?.payment ?? null;
}
