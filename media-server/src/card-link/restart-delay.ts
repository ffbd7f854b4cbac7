/** A card process that lived this long is no longer part of a row of crashes, ms. */
const STEADY_MS = 60_000;
const DELAYS_MS = [0, 200, 1000, 5000] as const;

/**
 * How long to wait before the card process is started again. The first restart is at once, since calls wait for it;
 * after repeated crashes 200 ms, 1 s, and then every 5 s.
 */
export class RestartDelay {
  #crashes = 0;

  /** @param livedMs how long the process that has just ended was up, ms; 0 if it never was */
  next(livedMs: number): number {
    if (livedMs >= STEADY_MS) this.#crashes = 0;
    const delay = DELAYS_MS[Math.min(this.#crashes, DELAYS_MS.length - 1)] ?? 0;
    this.#crashes++;
    return delay;
  }
}
