// How well what was heard is what was pressed, by order alone: multimon-ng tells no times.

export interface Score {
  /** Presses heard, per 100 presses. */
  readonly hit: number;
  /** Keys heard that nobody pressed, or heard again, per 100 presses. */
  readonly extra: number;
}

/** Of one row over all seeds. */
export class Tally {
  #presses = 0;
  #hits = 0;
  #extras = 0;

  add(pressed: string, heard: string): void {
    const hits = inBoth(pressed, heard);
    this.#presses += pressed.length;
    this.#hits += hits;
    this.#extras += heard.length - hits;
  }

  get score(): Score {
    const percent = (count: number) => Math.round((count * 10_000) / this.#presses) / 100;
    return { hit: percent(this.#hits), extra: percent(this.#extras) };
  }
}

/** Length of the longest sequence that is in both in the same order. */
function inBoth(pressed: string, heard: string): number {
  let row = new Uint16Array(heard.length + 1);
  for (const key of pressed) {
    const next = new Uint16Array(heard.length + 1);
    for (let i = 1; i <= heard.length; i++) {
      const longest = Math.max(row[i] as number, next[i - 1] as number);
      next[i] = heard[i - 1] === key ? Math.max(longest, (row[i - 1] as number) + 1) : longest;
    }
    row = next;
  }
  return row.at(-1) as number;
}
