import type { FromCard } from '../card-link/contract.ts';
import type { Logger } from '../shared/logger.ts';
import { type CanaryInput, type CanaryOutput, type CanaryState, newCanary, refusalOf, step } from './canary.ts';
import { CanaryCall, type CanaryCallParts } from './canary-call.ts';
import { type CanaryResult, judge, KEY_TRANSPORTS, type KeyTransport, whyNotGood } from './findings.ts';

export interface CanaryRunnerParts extends CanaryCallParts {
  readonly log: Logger;
  /** Trunks, by their names; '' for calls without one. */
  readonly trunks: readonly string[];
  /** Between two rounds, ms. */
  readonly everyMs: number;
  /** Told of every call that ended, for metrics. */
  readonly counted: (trunk: string, result: CanaryResult) => void;
  /** Payments were closed or opened on a trunk: to be written down. `why` of those calls that weren't good. */
  readonly turned: (trunk: string, payments: 'open' | 'closed', why: string) => void;
}

/** Codec of each transport's call: both laws in each round. */
const CODECS = { event: 'PCMU', tone: 'PCMA', both: 'PCMU' } as const;

/** Drives `canary.ts`: calls when it says so, and closes and opens payment mode by trunk. */
export class CanaryRunner {
  readonly #parts: CanaryRunnerParts;
  readonly #state: CanaryState;
  readonly #calls = new Set<CanaryCall>();
  readonly #calledAt = new Map<string, number>();
  #stopTimer: () => void = () => {};
  #stopped = false;

  constructor(parts: CanaryRunnerParts) {
    this.#parts = parts;
    this.#state = newCanary(parts.trunks, parts.everyMs);
  }

  /** Begins a round now, unless one runs. */
  due(): void {
    this.#input({ type: 'due' });
  }

  /** The card process was started again: as at the first start nothing is taken before good calls. */
  restarted(): void {
    this.#input({ type: 'restarted' });
  }

  get state(): CanaryState {
    return this.#state;
  }

  /** When a trunk's last calls ended, UTC ms; null: it wasn't called for yet. */
  calledAt(trunk: string): number | null {
    return this.#calledAt.get(trunk) ?? null;
  }

  /** Why no payment is taken through this trunk now (null: without one); undefined: it is. */
  refusal(trunk: string | null): 'unproven' | 'closed' | undefined {
    return refusalOf(this.#state, trunk ?? '');
  }

  /** Takes a message of the card process, if it is about a call of its own. */
  heard(message: FromCard): boolean {
    for (const call of this.#calls) if (call.heard(message)) return true;
    return false;
  }

  cardDown(): void {
    for (const call of this.#calls) call.stop();
  }

  stop(): void {
    this.#stopped = true;
    this.#stopTimer();
    this.cardDown();
  }

  #input(input: CanaryInput): void {
    if (this.#stopped) return;
    this.#stopTimer();
    for (const output of step(this.#state, input)) this.#carryOut(output);
  }

  #carryOut(output: CanaryOutput): void {
    const { log, clock, turned } = this.#parts;
    switch (output.type) {
      case 'call':
        void this.#call(output.trunk);
        return;
      case 'closed':
        log.error({ trunk: output.trunk, results: output.results }, 'leak canary: payments are closed for this trunk');
        turned(output.trunk, 'closed', whyNotGood(output.results));
        return;
      case 'opened':
        log.info({ trunk: output.trunk }, 'leak canary: payments are open for this trunk');
        turned(output.trunk, 'open', '');
        return;
      case 'wait':
        this.#stopTimer = clock.after(output.ms, () => this.due());
        return;
    }
  }

  async #call(trunk: string): Promise<void> {
    const results = await Promise.all(KEY_TRANSPORTS.map((transport) => this.#callBy(transport)));
    if (this.#stopped) return;
    for (const result of results) this.#parts.counted(trunk, result);
    this.#calledAt.set(trunk, this.#parts.clock.now());
    this.#input({ type: 'called', trunk, results });
  }

  async #callBy(transport: KeyTransport): Promise<CanaryResult> {
    const call = new CanaryCall(transport, CODECS[transport], this.#parts);
    this.#calls.add(call);
    const measure = await call.run();
    this.#calls.delete(call);
    const result = judge(measure);
    const { log } = this.#parts;
    if (result.verdict !== 'passed' && !this.#stopped)
      log.warn({ ...measure, ...result }, 'leak canary: a call is not good');
    return result;
  }
}
