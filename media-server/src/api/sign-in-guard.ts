/** Tries that one name may take from one address before it is locked (PCI DSS 8.3.4: at most 10, at least 30 minutes). */
export const TRIES = 10;
export const LOCK_MS = 30 * 60 * 1000;
const ENTRY_LIMIT = 10_000;

/**
 * Counts failed sign-ins by name and address. A try counts before its password is looked at, so that tries at the same
 * moment can't be more than `TRIES`; the right password takes the count back.
 */
export class SignInGuard {
  readonly #entries = new Map<string, { tries: number; until: number }>();

  /** Takes one try. Returns 0 where it may go on, else how long the lock still lasts, ms. */
  take(name: string, ip: string, now: number): number {
    const key = keyOf(name, ip);
    const known = this.#entries.get(key);
    const entry = known && known.until > now ? known : { tries: 0, until: 0 };
    if (entry.tries >= TRIES) return entry.until - now;
    this.#entries.delete(key);
    this.#entries.set(key, { tries: entry.tries + 1, until: now + LOCK_MS });
    if (this.#entries.size > ENTRY_LIMIT) this.#makeRoom(now);
    return 0;
  }

  /** The password was right. */
  succeeded(name: string, ip: string): void {
    this.#entries.delete(keyOf(name, ip));
  }

  #makeRoom(now: number): void {
    for (const [key, entry] of this.#entries) if (entry.until <= now) this.#entries.delete(key);
    // Still full: the entry that was touched longest ago goes.
    for (const key of this.#entries.keys()) {
      if (this.#entries.size <= ENTRY_LIMIT) break;
      this.#entries.delete(key);
    }
  }
}

function keyOf(name: string, ip: string): string {
  return `${ip} ${name.toLowerCase()}`;
}
