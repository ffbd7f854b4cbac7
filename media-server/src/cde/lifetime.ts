/** A card process without a server ends after this much quiet, ms. */
export const QUIET_LIMIT_MS = 30_000;
/** … after this, when payments wait for their look-up or for somebody to be told; and running ones are then cancelled, ms. */
export const ALONE_LIMIT_MS = 600_000;

export interface Life {
  readonly attached: boolean;
  /** Its own host's supervisor starts it, and no server: it ends by SIGTERM alone. */
  readonly stays: boolean;
  /** Told to end by the server (`drain`, where it doesn't stay) or by SIGTERM. */
  readonly draining: boolean;
  readonly legs: number;
  /** Payments from their opening to their outcome. */
  readonly running: number;
  /** Whether payments are unknown, or ended and nobody was told. */
  readonly unsettled: boolean;
  /** When the server's connection was lost (or the process started), ms, monotonic. */
  readonly aloneSince: number;
  /** When the last payment ended, ms, monotonic. */
  readonly lastEnded: number;
}

/**
 * When the card process ends by itself (ms, monotonic), or undefined while it may not. The rule:
 *
 * - never while a payment runs;
 * - draining: when no payment runs, and no leg is open or no server is connected;
 * - without a server: 30 s after the connection was lost and the last payment ended; 10 minutes after, if the ledger
 *   has payments that are unknown or that nobody was told of, since a starting server asks for these;
 * - never without a server where it stays.
 */
export function endsAt(life: Life, now: number): number | undefined {
  if (life.running > 0) return undefined;
  if (life.draining && (!life.attached || life.legs === 0)) return now;
  if (life.attached || life.stays) return undefined;
  const quietSince = Math.max(life.aloneSince, life.lastEnded);
  return quietSince + (life.unsettled ? ALONE_LIMIT_MS : QUIET_LIMIT_MS);
}
