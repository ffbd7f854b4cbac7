import { hasOption, parseSeconds, parseSessionExpires } from '../messages/fields.ts';
import type { Headers, SipRequest, SipResponse } from '../messages/message.ts';

/** A session that ends unless somebody refreshes it (RFC 4028). */
export interface SessionTimer {
  /** Session interval, seconds. */
  readonly seconds: number;
  readonly refresher: 'us' | 'far';
}

export interface SessionTimerWish {
  /** What we ask for, seconds. */
  readonly sessionExpires: number;
  /** The least we take, seconds, 90 at least (RFC 4028 §5). */
  readonly minSessionExpires: number;
  /** Whether to ask for a timer where the far side doesn't. */
  readonly ask: boolean;
}

/** The least Session-Expires and Min-SE there may be, seconds (RFC 4028 §4, §5). */
export const LEAST_SESSION_S = 90;

/** What we answer to a request that can start or refresh a session: 422, or the headers of the 2xx (RFC 4028 §9). */
export type TimerAnswer =
  | { readonly kind: 'too-small' }
  | { readonly kind: 'none' }
  | { readonly kind: 'timer'; readonly timer: SessionTimer; readonly headers: readonly [string, string][] };

/** Reads INVITE or UPDATE as its server. A request without a timer keeps `current` alive if there is one. */
export function answerTimer(request: SipRequest, wish: SessionTimerWish, current?: SessionTimer): TimerAnswer {
  const farSupports =
    hasOption(request.headers, 'Supported', 'timer') || hasOption(request.headers, 'Require', 'timer');
  const asked = parseSessionExpires(request.headers.get('Session-Expires') ?? '');
  if (!asked.ok) {
    if (!wish.ask && !current) return { kind: 'none' };
    // Nobody asked, so the work is ours; it needs nothing of a far side that doesn't know session timers.
    const seconds = Math.max(current?.seconds ?? wish.sessionExpires, leastOf(request.headers));
    return timerOf({ seconds, refresher: 'us' }, 'uas', false);
  }
  // A far side without support can't raise it: some proxy asked (§9).
  if (asked.value.seconds < wish.minSessionExpires && farSupports) return { kind: 'too-small' };
  const seconds = Math.max(asked.value.seconds, wish.minSessionExpires);
  const refresher = farSupports ? (asked.value.refresher ?? 'uac') : 'uas';
  return timerOf({ seconds, refresher: refresher === 'uac' ? 'far' : 'us' }, refresher, farSupports);
}

function timerOf(timer: SessionTimer, refresher: 'uac' | 'uas', farSupports: boolean): TimerAnswer {
  const headers: [string, string][] = [['Session-Expires', `${timer.seconds};refresher=${refresher}`]];
  // Only where the far side has to act, and so has to know (§9).
  if (refresher === 'uac' && farSupports) headers.push(['Require', 'timer']);
  return { kind: 'timer', timer, headers };
}

/** The headers of our INVITE or UPDATE (RFC 4028 §7.1). `refresher` is named once a session has one. */
export function timerHeaders(seconds: number, minSe: number, refresher?: 'us' | 'far'): [string, string][] {
  const who = refresher === undefined ? '' : `;refresher=${refresher === 'us' ? 'uac' : 'uas'}`;
  const headers: [string, string][] = [['Session-Expires', `${Math.max(seconds, minSe)}${who}`]];
  headers.push(['Min-SE', String(minSe)]);
  return headers;
}

/** What a 2xx to our INVITE or UPDATE settled; undefined: no timer (RFC 4028 §7.2). */
export function timerOfResponse(response: SipResponse): SessionTimer | undefined {
  const value = parseSessionExpires(response.headers.get('Session-Expires') ?? '');
  if (!value.ok) return undefined;
  return {
    seconds: Math.max(value.value.seconds, LEAST_SESSION_S),
    refresher: value.value.refresher === 'uas' ? 'far' : 'us',
  };
}

/** The Min-SE of a 422 or a request, 90 s if it has none. */
export function leastOf(headers: Headers): number {
  const least = parseSeconds(headers.get('Min-SE') ?? '');
  return least.ok ? Math.max(least.value.seconds, LEAST_SESSION_S) : LEAST_SESSION_S;
}

/**
 * When to act, ms after the last refresh: the refresher at half the interval (RFC 4028 §7.2), the other side ends the
 * session a third of it, 32 s at most, before it is over (§10).
 */
export function timerDelays(timer: SessionTimer): {
  readonly refreshMs: number | undefined;
  readonly expireMs: number;
} {
  const expireMs = (timer.seconds - Math.min(32, timer.seconds / 3)) * 1000;
  return { refreshMs: timer.refresher === 'us' ? timer.seconds * 500 : undefined, expireMs };
}
