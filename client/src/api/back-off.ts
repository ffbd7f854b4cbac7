/** Longest pause between two attempts to reach the server, ms. */
export const LONGEST_PAUSE_MS = 15_000;

/**
 * Pause before attempt number `attempt` (0 is the first one after a loss), ms. The first is quick, because most losses
 * are a network that came back at once; the spread keeps a hundred agents from coming back in the same instant.
 */
export function backOffMs(attempt: number, random: number): number {
  const pause = Math.min(LONGEST_PAUSE_MS, 250 * 2 ** Math.min(attempt, 10));
  return Math.round(pause * (0.75 + random * 0.5));
}
