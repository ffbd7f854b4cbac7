/** Waits after the first tries, ms; the last one from then on. */
const WAITS_MS = [1000, 5000, 30_000, 120_000, 600_000, 3_600_000] as const;
/** What wasn't taken for so long is given up, ms. */
const GIVE_UP_MS = 3 * 86_400_000;

/**
 * When a system that didn't take an event is told again, UTC ms; nothing: it is given up.
 *
 * @param tries how many there were, 1 or more
 * @param at when the event happened
 */
export function nextTry(tries: number, at: number, now: number): number | undefined {
  if (now - at > GIVE_UP_MS) return undefined;
  return now + (WAITS_MS[Math.min(tries, WAITS_MS.length) - 1] as number);
}
