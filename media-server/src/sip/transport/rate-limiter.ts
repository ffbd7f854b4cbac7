/** Sources remembered at a time; a flood from more forgets the oldest, which then start with a full bucket. */
const SOURCE_LIMIT = 20_000;

/** A token bucket for each source address: `perSecond` messages a second, as many at once. */
export class RateLimiter {
  readonly #perSecond: number;
  readonly #buckets = new Map<string, { tokens: number; at: number }>();

  constructor(perSecond: number) {
    this.#perSecond = perSecond;
  }

  /** Whether one more message from `source` is taken; `now` in ms, monotonic. */
  takes(source: string, now: number): boolean {
    let bucket = this.#buckets.get(source);
    if (!bucket) {
      const oldest = this.#buckets.keys().next().value;
      if (this.#buckets.size >= SOURCE_LIMIT && oldest !== undefined) this.#buckets.delete(oldest);
      bucket = { tokens: this.#perSecond, at: now };
      this.#buckets.set(source, bucket);
    }
    const refilled = bucket.tokens + ((now - bucket.at) * this.#perSecond) / 1000;
    bucket.tokens = Math.min(this.#perSecond, refilled);
    bucket.at = now;
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  }
}
