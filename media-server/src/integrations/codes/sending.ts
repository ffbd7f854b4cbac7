/** What became of one try. `again`: surely not sent, and a moment later it may go. */
export type SendResult =
  | { readonly is: 'sent' }
  | { readonly is: 'not-sent'; readonly again: boolean; readonly why: string }
  | { readonly is: 'not-known'; readonly why: string };

/** The sending of one text, over its tries. */
export interface Sending {
  readonly startedAt: number;
  tries: number;
  /** A try whose result isn't known: the message may be on its way. */
  unknown: number;
}

export type SendStep =
  | { readonly type: 'try'; readonly afterMs: number }
  | { readonly type: 'done'; readonly result: 'sent' | 'not-sent' | 'not-known' };

/** Waits before a text that was surely not sent is tried again, ms; as many tries follow the first. */
const AGAIN_AFTER_MS = [300, 1500, 4000] as const;
/** No try begins later than this after the first, ms. With a try's own limit of 10 s a sending ends within 25 s. */
const LAST_TRY_MS = 14_000;

export function startSending(now: number): Sending {
  return { startedAt: now, tries: 0, unknown: 0 };
}

/**
 * What follows a try. A text whose fate isn't known is sent once more, the same one: two equal messages do no harm, none
 * does. One that was surely not sent is tried again where that can help.
 *
 * @param now monotonic ms
 */
export function afterTry(sending: Sending, result: SendResult, now: number): SendStep {
  sending.tries++;
  if (result.is === 'sent') return { type: 'done', result: 'sent' };
  if (result.is === 'not-known') sending.unknown++;
  const end: SendStep = { type: 'done', result: sending.unknown > 0 ? 'not-known' : 'not-sent' };
  if (now - sending.startedAt > LAST_TRY_MS) return end;
  if (result.is === 'not-known') return sending.unknown === 1 ? { type: 'try', afterMs: 0 } : end;
  const wait = AGAIN_AFTER_MS[sending.tries - 1];
  return result.again && wait !== undefined ? { type: 'try', afterMs: wait } : end;
}
