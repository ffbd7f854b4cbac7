import type { PhoneState } from '../phone/phone.ts';
import { type CallsState, currentCall, walledPayment } from './calls.ts';

/** What goes on, in one word for the status line. `wall` goes before all else. */
export type Status =
  | 'offline'
  | 'not-ready'
  | 'ready'
  | 'ringing'
  | 'calling'
  | 'connecting'
  | 'talking'
  | 'muted'
  | 'held'
  | 'reconnecting'
  | 'payment-opening'
  | 'wall';

/** `lost`: the server or the phone line has been out of reach for longer than a moment. */
export function statusOf(calls: CallsState, phone: PhoneState, muted: boolean, lost: boolean): Status {
  if (walledPayment(calls) !== null) return 'wall';
  const call = currentCall(calls);
  if (call === null) return lost ? 'offline' : calls.agent;
  if (call.payment?.state === 'opening') return 'payment-opening';
  switch (call.state) {
    case 'ringing':
      if (call.direction === 'out') return 'calling';
      return phone.legs[call.id] === 'answering' || phone.legs[call.id] === 'established' ? 'connecting' : 'ringing';
    case 'held':
      return 'held';
    case 'reconnecting':
      return 'reconnecting';
    default:
      if (phone.legs[call.id] !== 'established') return 'reconnecting';
      return muted ? 'muted' : 'talking';
  }
}
