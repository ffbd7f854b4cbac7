/** Numbers in 0 … 1 (mulberry32), the same for the same seed. */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const STEPS_LIMIT = 100_000;

interface Event {
  readonly at: number;
  readonly order: number;
  readonly do: () => void;
}

/** Time as a queue of events, one story's chances, and what went wrong in it. */
export class World {
  /** True time, ms. */
  time = 0;
  readonly chance: () => number;
  readonly violations: string[] = [];
  readonly #events: Event[] = [];
  #count = 0;

  constructor(seed: number) {
    this.chance = random(seed);
  }

  /** A whole number from 0 to below `limit`. */
  below(limit: number): number {
    return Math.floor(this.chance() * limit);
  }

  /** @returns what takes it back */
  later(ms: number, what: () => void): () => void {
    const event = { at: this.time + Math.max(0, ms), order: this.#count++, do: what };
    this.#events.push(event);
    return () => {
      const at = this.#events.indexOf(event);
      if (at >= 0) this.#events.splice(at, 1);
    };
  }

  wrong(what: string): void {
    this.violations.push(what);
  }

  /** Lets everything happen that was set for later; between two events the program's promises come to rest. */
  async run(): Promise<void> {
    await settled();
    for (let steps = 0; this.#events.length > 0; steps++) {
      if (steps > STEPS_LIMIT) return this.wrong('never comes to rest');
      let first = 0;
      for (let at = 1; at < this.#events.length; at++) if (sooner(this.#events[at], this.#events[first])) first = at;
      const [event] = this.#events.splice(first, 1);
      if (!event) return;
      this.time = event.at;
      event.do();
      await settled();
    }
  }
}

/** Every promise that waits for nothing outside has been followed. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function sooner(one: Event | undefined, other: Event | undefined): boolean {
  if (!one || !other) return false;
  return one.at < other.at || (one.at === other.at && one.order < other.order);
}
