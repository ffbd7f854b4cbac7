import type { AttemptRules } from '../../media-server/src/cde/attempt/attempt.ts';
import { GatewayBook } from '../../media-server/src/cde/attempt/gateway-book.ts';
import { LedgerError } from '../../media-server/src/cde/attempt/ledger-db.ts';
import { Payments } from '../../media-server/src/cde/attempt/payments.ts';
import type { Clock } from '../../media-server/src/shared/clock.ts';
import { silentLogger } from '../../media-server/src/shared/logger.ts';
import { AdapterModel, type AdapterParts } from './adapter-model.ts';
import type { Disk } from './disk.ts';
import { type Mortal, never } from './mortal.ts';

const RULES: AttemptRules = {
  lookupDelaysMs: [2000, 5000, 15_000, 60_000, 300_000],
  reverseAfterMs: 600_000,
  absentAgainAfterMs: 120_000,
};
const TIMEOUT_MS = 30_000;
const HOUR_MS = 3_600_000;
const EPOCH_MS = Date.UTC(2026, 0, 1);

/** What lies around a process and outlives it. */
export interface Surroundings extends AdapterParts {
  readonly disk: Disk;
  /** How often a process dies at a point where it can, now; 0 … 1. */
  readonly death: () => number;
  readonly onDeath: (point: string) => void;
}

export interface LifeOptions {
  /** How far its wall clock is off, ms. */
  readonly clockShiftMs: number;
  /** Nobody set up the gateway that earlier lives had. */
  readonly withoutGateway: boolean;
}

/**
 * A life of the card process as far as money goes: the program's own `Payments`, its runners and its machine, on a disk,
 * a gateway and a clock that are the world's. When it dies, nothing that it still does has any effect.
 */
export class Life implements Mortal {
  readonly payments: Payments;
  diskFreeAt = 0;
  #alive = true;
  #frozenUntil = 0;
  readonly #around: Surroundings;

  constructor(around: Surroundings, { clockShiftMs, withoutGateway }: LifeOptions) {
    this.#around = around;
    const { world, disk } = around;
    const birth = world.time;
    const clock: Clock = {
      // It jumps whenever somebody looks at it.
      now: () => EPOCH_MS + world.time + clockShiftMs + world.below(HOUR_MS),
      monotonic: () => world.time - birth,
      after: (ms, fire) => this.later(ms, fire),
    };
    this.payments = new Payments({
      ledger: disk.ledgerOf(this),
      gateways: new GatewayBook(withoutGateway ? undefined : new AdapterModel(this, around)),
      rules: RULES,
      timeoutMs: TIMEOUT_MS,
      clock,
      logger: silentLogger,
      witness: (point) => void this.mayDie(point),
    });
  }

  get isAlive(): boolean {
    return this.#alive;
  }

  /** Takes up what earlier lives left. */
  async start(): Promise<void> {
    try {
      await this.payments.start();
    } catch (error) {
      if (!(error instanceof LedgerError)) throw error;
      this.die('start');
    }
  }

  die(point: string): void {
    if (!this.#alive) return;
    this.#alive = false;
    this.#around.onDeath(point);
  }

  mayDie(point: string): boolean {
    const death = this.#around.death();
    if (this.#alive && death > 0 && this.#around.world.chance() < death) this.die(point);
    return !this.#alive;
  }

  /** Stands still, its host being busy with something else; all of it comes later. */
  freeze(ms: number): void {
    this.#frozenUntil = this.#around.world.time + ms;
  }

  later(ms: number, what: () => void): () => void {
    const { world } = this.#around;
    let drop = () => {};
    const set = (wait: number) => {
      drop = world.later(wait, () => {
        if (!this.#alive) return;
        if (world.time < this.#frozenUntil) set(this.#frozenUntil - world.time);
        else what();
      });
    };
    set(ms);
    return () => drop();
  }

  /** Something comes of it only if it lives until then. */
  async while<T>(promise: Promise<T>): Promise<T> {
    const value = await promise;
    return this.#alive ? value : never();
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.later(ms, resolve));
  }

  /** What goes on in it beside other things. A bug that is thrown there goes to the story. */
  run(work: () => Promise<void>): void {
    work().catch((error: unknown) => {
      if (this.#alive) this.#around.world.wrong(`threw: ${error instanceof Error ? error.message : String(error)}`);
    });
  }
}
