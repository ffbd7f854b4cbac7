import type { Clock } from '../shared/clock.ts';
import { findAnswer, keepAnswer } from '../storage/idempotency.ts';
import type { Storage } from '../storage/storage.ts';

/** How long a repeated request waits for the first one's answer, ms. */
export const WAIT_MS = 10_000;
/** Answers that hold a secret live in memory only, this long, ms, and this many. */
const MEMORY_MS = 5 * 60 * 1000;
const MEMORY_LIMIT = 1000;

interface Answer {
  readonly status: number;
  readonly body: string;
}

interface KeyedRequest {
  /** Whose key it is. */
  readonly scope: string;
  readonly key: string;
  /** Of method, path and body. */
  readonly digest: string;
  /** `disk`: the answer survives a restart. `memory`: it holds a secret that is void after one anyway. */
  readonly keep: 'disk' | 'memory';
}

export type Verdict =
  /** Do it, then call `finish` once: with the answer, or with nothing if it isn't to be kept. */
  | { readonly kind: 'go'; finish(answer: Answer | undefined): Promise<void> }
  | { readonly kind: 'answered'; readonly answer: Answer }
  /** The same key with another body. */
  | { readonly kind: 'reused' }
  /** The first request has no answer yet. */
  | { readonly kind: 'busy' };

interface Running {
  readonly digest: string;
  readonly done: Promise<void>;
}

/**
 * Lets each keyed request act once. A request at the same time with the same key waits for the first one's answer. An
 * answer is on disk before it is sent; between the act and the answer stands only a crash, and that ends calls anyway,
 * while a payment's ledger has a key of its own.
 */
export class IdempotencyKeeper {
  readonly #storage: Storage;
  readonly #clock: Clock;
  readonly #running = new Map<string, Running>();
  readonly #memory = new Map<string, { digest: string; answer: Answer; expiresAt: number }>();

  constructor(options: { readonly storage: Storage; readonly clock: Clock }) {
    this.#storage = options.storage;
    this.#clock = options.clock;
  }

  async begin(request: KeyedRequest): Promise<Verdict> {
    const place = `${request.scope} ${request.key}`;
    const deadline = this.#clock.monotonic() + WAIT_MS;
    for (;;) {
      const running = this.#running.get(place);
      if (!running) break;
      if (running.digest !== request.digest) return { kind: 'reused' };
      const left = deadline - this.#clock.monotonic();
      if (left <= 0 || !(await this.#doneWithin(running.done, left))) return { kind: 'busy' };
    }
    // From here to `set` nothing waits: two requests at the same moment can't both find the place empty.
    let release = () => {};
    const done = new Promise<void>((resolve) => {
      release = () => {
        this.#running.delete(place);
        resolve();
      };
    });
    this.#running.set(place, { digest: request.digest, done });
    try {
      const known = await this.#find(request, place);
      if (known) {
        release();
        return known.digest === request.digest ? { kind: 'answered', answer: known.answer } : { kind: 'reused' };
      }
    } catch (error) {
      release();
      throw error;
    }
    return {
      kind: 'go',
      finish: async (answer) => {
        try {
          if (answer) await this.#keep(request, place, answer);
        } finally {
          release();
        }
      },
    };
  }

  async #find(request: KeyedRequest, place: string): Promise<{ digest: string; answer: Answer } | undefined> {
    const now = this.#clock.now();
    if (request.keep === 'memory') {
      const kept = this.#memory.get(place);
      return kept && kept.expiresAt > now ? kept : undefined;
    }
    const row = await findAnswer(this.#storage, request.scope, request.key, now);
    return row && { digest: row.digest, answer: { status: row.status, body: row.body } };
  }

  async #keep(request: KeyedRequest, place: string, answer: Answer): Promise<void> {
    const now = this.#clock.now();
    const { scope, key, digest } = request;
    if (request.keep === 'disk') return keepAnswer(this.#storage, { scope, key, digest, ...answer }, now);
    this.#memory.delete(place);
    this.#memory.set(place, { digest, answer, expiresAt: now + MEMORY_MS });
    for (const [oldest, entry] of this.#memory) {
      if (entry.expiresAt > now && this.#memory.size <= MEMORY_LIMIT) break;
      this.#memory.delete(oldest);
    }
  }

  #doneWithin(done: Promise<void>, ms: number): Promise<boolean> {
    return new Promise((resolve) => {
      const stop = this.#clock.after(ms, () => resolve(false));
      void done.then(() => {
        stop();
        resolve(true);
      });
    });
  }
}
