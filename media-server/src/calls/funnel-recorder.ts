import type { Payment } from '@tonegate/api-schema';
import type { FromCard } from '../card-link/contract.ts';
import type { Clock } from '../shared/clock.ts';
import type { Id } from '../shared/ids.ts';
import type { Logger } from '../shared/logger.ts';
import { addPaymentSteps, forgetPaymentSteps } from '../storage/funnel.ts';
import type { Storage } from '../storage/storage.ts';
import type { PaymentStepRow } from '../storage/tables.ts';
import { newTrail, passThrough, stepsOf, type Trail } from './funnel.ts';

export interface FunnelRecorderParts {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly log: Logger;
  /** How long steps are kept, ms. */
  readonly keepMs: number;
  /** Told of every step of a payment that has ended, for metrics. */
  readonly counted: (step: string, left: PaymentStepRow['left']) => void;
}

/** Payments that are followed at the same time; more than there can be calls. */
const TRAILS_LIMIT = 20_000;
const FORGET_EVERY_MS = 6 * 3_600_000;

/** Follows every payment through its steps and writes them down when it has ended: for the drop-off funnel. */
export class FunnelRecorder {
  readonly #parts: FunnelRecorderParts;
  readonly #trails = new Map<Id, Trail>();
  #queue: Promise<void> = Promise.resolve();
  #stopTimer: () => void = () => {};

  constructor(parts: FunnelRecorderParts) {
    this.#parts = parts;
    this.#forget();
  }

  /** A message of the card process. */
  heard(message: FromCard): void {
    if (message.type !== 'progress') return;
    const { clock } = this.#parts;
    let trail = this.#trails.get(message.payment);
    if (!trail) {
      if (this.#trails.size >= TRAILS_LIMIT) return;
      trail = newTrail();
      this.#trails.set(message.payment, trail);
    }
    passThrough(trail, message, clock.now(), clock.monotonic());
  }

  /** A payment has changed. What an unknown one becomes later changes nothing of where its customer stood. */
  changed(payment: Payment, trunk: string | null): void {
    const { id, outcome, reason, merchant, language, purpose } = payment;
    const trail = this.#trails.get(id);
    if (!trail || outcome === null) return;
    this.#trails.delete(id);
    const { storage, clock, counted } = this.#parts;
    const rows = stepsOf(trail, { outcome, reason: reason ?? 'none' }, clock.monotonic());
    for (const { step, left } of rows) counted(step, left);
    this.#write(() =>
      addPaymentSteps(
        storage,
        rows.map((row) => ({ ...row, payment: id, merchant, language, trunk, purpose })),
      ),
    );
  }

  /** Resolves when all that was handed over is written. */
  async close(): Promise<void> {
    this.#stopTimer();
    await this.#queue;
  }

  #forget(): void {
    const { storage, clock, keepMs } = this.#parts;
    this.#write(() => forgetPaymentSteps(storage, clock.now() - keepMs));
    this.#stopTimer = clock.after(FORGET_EVERY_MS, () => this.#forget());
  }

  #write(act: () => Promise<void>): void {
    this.#queue = this.#queue
      .then(act)
      .catch((cause) => this.#parts.log.error({ cause }, 'the steps of a payment could not be written or forgotten'));
  }
}
