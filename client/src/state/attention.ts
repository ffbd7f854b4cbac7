import type { Call } from '@tonegate/api-schema';
import { type CallsState, currentCall, walledPayment } from './calls.ts';

/** How the window draws attention to itself, beyond what it shows. */
export interface Attention {
  /** A call that waits for this agent's answer; sounds, notifies and flashes until it is null. */
  readonly ringing: Call | null;
  /** Sounds that are due once, because of this change. */
  readonly once: readonly ('call-ended' | 'customer-is-back')[];
}

export function attentionOf(before: CallsState, after: CallsState): Attention {
  const was = currentCall(before);
  const is = currentCall(after);
  const once: ('call-ended' | 'customer-is-back')[] = [];
  if (was !== null && was.state !== 'ringing' && is?.id !== was.id) once.push('call-ended');
  if (walledPayment(before) !== null && walledPayment(after) === null && is !== null && is.id === was?.id) {
    once.push('customer-is-back');
  }
  return { ringing: is?.state === 'ringing' && is.direction === 'in' ? is : null, once };
}
