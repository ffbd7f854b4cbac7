import type { LegCounts } from '../card-link/contract.ts';
import type { SfuCounts } from '../media/call-media.ts';
import type { Clock } from '../shared/clock.ts';
import type { SilenceFacts } from '../storage/receipts.ts';
import { keySeen, newSilence, silenceFacts, wallOpen, wallShut } from './silence.ts';

export interface SilenceWatchParts {
  readonly clock: Clock;
  /** What the media worker counts now; undefined: there is none any more. */
  readonly sfuCounts: () => Promise<SfuCounts | undefined>;
  /** Writes the receipt. */
  readonly write: (facts: SilenceFacts) => void;
}

/** Watches one payment's wall for its receipt of silence: reads both valves' counts as it shuts and before it opens. */
export class SilenceWatch {
  readonly #parts: SilenceWatchParts;
  readonly #silence = newSilence();
  #gate: LegCounts | undefined;
  #sfuAtShut: Promise<SfuCounts | undefined> = Promise.resolve(undefined);
  #wiped: number | null = null;

  constructor(parts: SilenceWatchParts) {
    this.#parts = parts;
  }

  /** The gate's report, of either direction; `undefined` when its process is gone and its counts begin anew. */
  gate(counts: LegCounts | undefined): void {
    this.#gate = counts;
  }

  /** Both valves have reported shut. */
  shut(): void {
    const { clock } = this.#parts;
    wallShut(this.#silence, { gate: this.#gate, sfu: undefined }, clock.now());
    this.#sfuAtShut = this.#sfu();
    this.#gate = undefined;
  }

  key(transport: 'event' | 'tone' | 'both'): void {
    keySeen(this.#silence, transport);
  }

  /** The card process's word on its buffers: how many it zeroed. */
  wiped(wiped: number | undefined): void {
    this.#wiped = wiped ?? null;
  }

  /**
   * The wall is about to open, or the call is over: to be called before the SFU's valve is touched, since the worker
   * answers in the order in which it is asked.
   */
  conclude(facts: Pick<SilenceFacts, 'payment' | 'call' | 'purpose' | 'outcome' | 'reason' | 'outcomeAt'>): void {
    const { clock, write } = this.#parts;
    const silence = this.#silence;
    const { gate } = { gate: this.#gate };
    const at = clock.now();
    void Promise.all([this.#sfuAtShut, this.#sfu()]).then(([shut, open]) => {
      silence.shut.sfu = shut;
      if (gate) wallOpen(silence, { gate, sfu: open }, at);
      else Object.assign(silence.open, { gate, sfu: open });
      write({ ...facts, ...silenceFacts(silence), recorder: 'absent', wiped: this.#wiped });
    });
  }

  #sfu(): Promise<SfuCounts | undefined> {
    return this.#parts.sfuCounts().catch(() => undefined);
  }
}
