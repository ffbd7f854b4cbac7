import { hasForeignBody } from './dialogs/sdp-body.ts';
import { answerTimer, type SessionTimerWish } from './dialogs/session-timer.ts';
import { ALLOW, SUPPORTED } from './dialogs/usage.ts';
import { listOf } from './messages/fields.ts';
import type { SipRequest, SipResponse } from './messages/message.ts';
import { responseTo } from './messages/response.ts';
import { parseUri } from './messages/uri.ts';

/** Methods that may come outside a dialog. */
const OUTSIDE_DIALOG = ['INVITE', 'OPTIONS', 'REGISTER'];
const ALL_METHODS = [...ALLOW.split(', '), 'REGISTER'];

/** Refuses what can't be served whoever sends it (RFC 3261 §8.2.1–8.2.3, in that order); undefined: it may go on. */
export function refusalOf(request: SipRequest, isInDialog: boolean, toTag: string): SipResponse | undefined {
  const refuse = (status: number, headers: readonly (readonly [string, string])[] = []): SipResponse => {
    const response = responseTo(request, status, undefined, toTag);
    for (const [name, value] of headers) response.headers.add(name, value);
    return response;
  };
  if (!ALL_METHODS.includes(request.method)) return refuse(405, [['Allow', ALLOW]]);
  if (!isInDialog) {
    const uri = parseUri(request.uri);
    if (!uri.ok) return refuse(uri.error === 'unknown-scheme' ? 416 : 400);
    if (!OUTSIDE_DIALOG.includes(request.method)) return refuse(481);
    // We pass calls on like a proxy, and loops come back to us; OPTIONS with 0 asks for just this hop (§11).
    const hops = request.headers.get('Max-Forwards')?.trim();
    if (hops === '0' && request.method !== 'OPTIONS') return refuse(483);
  }
  const known: readonly string[] = SUPPORTED;
  const unknown = listOf(request.headers, 'Require').filter((option) => !known.includes(option.toLowerCase()));
  if (unknown.length > 0) return refuse(420, [['Unsupported', unknown.join(', ')]]);
  if (request.method === 'INVITE' && hasForeignBody(request)) return refuse(415, [['Accept', 'application/sdp']]);
  return undefined;
}

/** 422 to an INVITE whose session would be too short (RFC 4028 §9). */
export function tooShort(invite: SipRequest, wish: SessionTimerWish, toTag: string): SipResponse | undefined {
  if (answerTimer(invite, wish).kind !== 'too-small') return undefined;
  const response = responseTo(invite, 422, undefined, toTag);
  response.headers.add('Min-SE', String(wish.minSessionExpires));
  return response;
}

/** What we can do, in the 200 to OPTIONS (RFC 3261 §11.2). */
export function capabilities(request: SipRequest, toTag: string): SipResponse {
  const response = responseTo(request, 200, undefined, toTag);
  response.headers.add('Allow', ALLOW);
  response.headers.add('Accept', 'application/sdp');
  response.headers.add('Supported', SUPPORTED.join(', '));
  return response;
}
