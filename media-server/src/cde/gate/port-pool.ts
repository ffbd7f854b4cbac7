/**
 * Even ports for customers' RTP; the odd one above each is its RTCP (RFC 3550 §11). A port that was given back is
 * used again as late as possible, so that a call's last packets find nobody rather than the next call.
 */
export class PortPool {
  readonly #free: number[] = [];
  readonly #all = new Set<number>();

  /** Pairs within `min` … `max`; of several threads with the same range each takes its `share`. */
  constructor(range: { min: number; max: number; share?: { index: number; of: number } }) {
    const share = range.share ?? { index: 0, of: 1 };
    let pair = 0;
    for (let port = range.min + (range.min % 2); port + 1 <= range.max; port += 2, pair++) {
      if (pair % share.of !== share.index) continue;
      this.#free.push(port);
      this.#all.add(port);
    }
  }

  /** How many pairs are free. */
  get free(): number {
    return this.#free.length;
  }

  /** The pair that has rested longest, or nothing when all are in use. */
  take(): number | undefined {
    return this.#free.shift();
  }

  /** Takes a certain port; false when it is in use here. A port of no share of ours is the caller's to try. */
  takeExact(port: number): boolean {
    if (!this.#all.has(port)) return true;
    const at = this.#free.indexOf(port);
    if (at < 0) return false;
    this.#free.splice(at, 1);
    return true;
  }

  release(port: number): void {
    if (this.#all.has(port) && !this.#free.includes(port)) this.#free.push(port);
  }
}
