import type { Clock } from '../shared/clock.ts';
import type { Logger } from '../shared/logger.ts';
import type { RecordSigner } from '../shared/signed-chain.ts';
import { forgetErased } from '../sql/forget-erased.ts';
import { writeAudit } from './audit.ts';
import { eraseAudit, eraseCalls, erasePayments } from './retention.ts';
import type { Storage } from './storage.ts';

export const DAY_MS = 86_400_000;

/** Days that each is kept for; 0: for ever. */
export interface RetentionDays {
  readonly callsDays: number;
  readonly paymentsDays: number;
  readonly auditDays: number;
}

export interface RetentionParts {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly log: Logger;
  readonly signer: RecordSigner;
  readonly days: RetentionDays;
  /** Whether the audit is known to be tampered with: then nothing of it is erased, for it is evidence. */
  readonly isAuditBroken: () => boolean;
}

/** Erases what is older than the settings say: when it starts, and daily; in small batches, others' turns in between. */
export class RetentionRunner {
  readonly #parts: RetentionParts;
  #stopped = false;
  #stopTimer: () => void = () => {};
  #running: Promise<void> = Promise.resolve();

  constructor(parts: RetentionParts) {
    this.#parts = parts;
  }

  /** Begins; nobody waits for it. */
  start(): void {
    this.#running = this.#run().catch((cause) => {
      this.#parts.log.error({ cause }, 'what is too old could not be erased');
    });
    this.#stopTimer = this.#parts.clock.after(
      DAY_MS,
      () => void this.#running.then(() => this.#stopped || this.start()),
    );
  }

  /** Resolves when the batch under way is done. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#stopTimer();
    await this.#running;
  }

  /** Resolves when what was begun is done. */
  settled(): Promise<void> {
    return this.#running;
  }

  async #run(): Promise<void> {
    const { storage, signer, clock, log, days, isAuditBroken } = this.#parts;
    const now = clock.now();
    // Payments first: a call goes when none of its payments is left.
    const payments = await this.#erase(days.paymentsDays, (before) => erasePayments(storage, before));
    const calls = await this.#erase(days.callsDays, (before) => eraseCalls(storage, before));
    const audit = isAuditBroken()
      ? 0
      : await this.#erase(days.auditDays, (before) => eraseAudit(storage, before, signer, now));
    // What else was erased since yesterday, too: members, for one.
    if (!(await forgetErased(storage))) log.warn('what was erased may stand in the write-ahead log until tomorrow');
    if (payments + calls + audit === 0) return;
    log.info({ payments, calls, audit }, 'erased what is older than the settings say');
    await writeAudit(
      storage,
      { actorKind: 'server', action: 'retention-erase', detail: { payments, calls, audit } },
      now,
    );
  }

  async #erase(days: number, batch: (before: number) => Promise<number>): Promise<number> {
    if (days === 0) return 0;
    const before = this.#parts.clock.now() - days * DAY_MS;
    let erased = 0;
    while (!this.#stopped) {
      const count = await batch(before);
      if (count === 0) break;
      erased += count;
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
    return erased;
  }
}
