import type { Clock } from '../../shared/clock.ts';

/** The running timers of one machine, by name; starting one again restarts it. */
export class TimerSet {
  readonly #clock: Clock;
  readonly #fired: (name: string) => void;
  readonly #running = new Map<string, () => void>();

  constructor(clock: Clock, fired: (name: string) => void) {
    this.#clock = clock;
    this.#fired = fired;
  }

  start(name: string, ms: number): void {
    this.stop(name);
    this.#running.set(
      name,
      this.#clock.after(ms, () => {
        this.#running.delete(name);
        this.#fired(name);
      }),
    );
  }

  stop(name: string): void {
    this.#running.get(name)?.();
    this.#running.delete(name);
  }

  clear(): void {
    for (const cancel of this.#running.values()) cancel();
    this.#running.clear();
  }
}
