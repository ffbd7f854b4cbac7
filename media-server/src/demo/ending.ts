import type { LegEnd } from '../sip/leg.ts';
import type { CallState, Ending } from './page-messages.ts';

const BY_STATUS: ReadonlyMap<number, Ending> = new Map([
  [404, 'unknown-number'],
  [408, 'no-answer'],
  [410, 'unknown-number'],
  [480, 'no-answer'],
  [484, 'unknown-number'],
  [486, 'busy'],
  [500, 'trouble'],
  [502, 'unreachable'],
  [503, 'unreachable'],
  [504, 'unreachable'],
  [600, 'busy'],
  [604, 'unknown-number'],
]);

/** What a customer is told of a call's end. */
export function endingOf(end: LegEnd, state: CallState): Ending {
  if (end.cause === 'transport-lost') return 'unreachable';
  if (end.by === 'us' && end.status === undefined) return end.cause === 'no-answer' ? 'no-answer' : 'you-hung-up';
  if (state === 'ringing') return end.by === 'us' ? 'you-hung-up' : 'missed';
  if (state === 'talking') return end.cause === 'hung-up' ? 'they-hung-up' : 'trouble';
  return (end.status !== undefined && BY_STATUS.get(end.status)) || 'refused';
}
