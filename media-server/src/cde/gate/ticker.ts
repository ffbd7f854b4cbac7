import type { Clock } from '../../shared/clock.ts';

/** Milliseconds between two ticks. */
export const TICK_MS = 20;
/** Ticks that are made up for after a stall; older ones are left out, for nobody wants old sound in a burst. */
const CATCH_UP_LIMIT = 5;

/**
 * The 20-ms beat that all legs of a thread share. The n-th tick is due at start + n·20 ms by the monotonic clock, so
 * late timers don't add up. It runs only while somebody listens.
 */
export class Ticker {
  readonly #clock: Clock;
  readonly #listeners = new Set<(now: number) => void>();
  #due = 0;
  #cancel: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Calls `listener` with the monotonic time at each tick; returns what ends that. */
  listen(listener: (now: number) => void): () => void {
    this.#listeners.add(listener);
    if (!this.#cancel) {
      this.#due = this.#clock.monotonic() + TICK_MS;
      this.#arm();
    }
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) {
        this.#cancel?.();
        this.#cancel = undefined;
      }
    };
  }

  #arm(): void {
    this.#cancel = this.#clock.after(Math.max(0, this.#due - this.#clock.monotonic()), () => this.#fire());
  }

  #fire(): void {
    const now = this.#clock.monotonic();
    const behind = Math.floor((now - this.#due) / TICK_MS);
    if (behind > CATCH_UP_LIMIT) this.#due += (behind - CATCH_UP_LIMIT) * TICK_MS;
    // A timer may fire a fraction early; the tick it was set for counts as due.
    const until = Math.max(now, this.#due);
    while (this.#due <= until && this.#listeners.size > 0) {
      this.#due += TICK_MS;
      for (const listener of this.#listeners) listener(now);
    }
    if (this.#listeners.size > 0) this.#arm();
    else this.#cancel = undefined;
  }
}
