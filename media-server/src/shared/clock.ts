/**
 * Time, as the drivers get it. Pure machines don't take a clock: they take `now` as a number with each input.
 * `now()` is for what is written down, `monotonic()` for how long something took or may take.
 */
export interface Clock {
  /** UTC, milliseconds since 1970. May jump. */
  now(): number;
  /** Milliseconds from an arbitrary start; never goes back. */
  monotonic(): number;
  /** Calls `fire` once after `ms` milliseconds (0 … 2^31-1) and returns what takes that back. */
  after(ms: number, fire: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, fire) {
    const timer = setTimeout(fire, ms);
    return () => clearTimeout(timer);
  },
};

/** A clock that stands still until a test moves it; timers fire in order of their time while it moves. */
export class TestClock implements Clock {
  #elapsed = 0;
  #timers: { at: number; fire: () => void }[] = [];
  readonly #start: number;

  constructor(start = Date.UTC(2026, 0, 1)) {
    this.#start = start;
  }

  now(): number {
    return this.#start + this.#elapsed;
  }

  monotonic(): number {
    return this.#elapsed;
  }

  after(ms: number, fire: () => void): () => void {
    const timer = { at: this.#elapsed + ms, fire };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((t) => t !== timer);
    };
  }

  /** Moves time on by `ms`, firing what falls due, timers set meanwhile included. */
  advance(ms: number): void {
    const end = this.#elapsed + ms;
    for (;;) {
      let next: { at: number; fire: () => void } | undefined;
      for (const timer of this.#timers) if (timer.at <= end && (!next || timer.at < next.at)) next = timer;
      if (!next) break;
      const due = next;
      this.#timers = this.#timers.filter((t) => t !== due);
      this.#elapsed = Math.max(this.#elapsed, due.at);
      due.fire();
    }
    this.#elapsed = end;
  }
}
