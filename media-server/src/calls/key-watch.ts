import type { CallKeys, KeyTest, ProblemCode } from '@tonegate/api-schema';
import type { FromCard, Language } from '../card-link/contract.ts';
import type { Clock } from '../shared/clock.ts';
import type { Id } from '../shared/ids.ts';
import { err, ok, type Problem, type Result } from '../shared/result.ts';
import type { CardCommands, CustomerGate } from './customer-gate.ts';
import { KeyDoctor } from './key-doctor.ts';

/** By which way a key reached us, for counting. */
export type KeyWay = 'event' | 'tone' | 'both' | 'info';

export interface KeyWatchOptions {
  readonly call: Id;
  readonly link: Pick<CardCommands, 'send'>;
  readonly clock: Clock;
  readonly gate: Pick<CustomerGate, 'far'>;
  /** The advice is another than it was. */
  readonly changed: () => void;
  readonly counted: (way: KeyWay) => void;
}

/** A card process that doesn't answer a key test has forgotten it, ms: prompt and waiting take less. */
const TEST_LIMIT_MS = 25_000;

type Tested = Result<KeyTest, Problem<ProblemCode>>;

/** Watches how a call's keys come in, and runs its key tests, one at a time. */
export class KeyWatch {
  readonly #options: KeyWatchOptions;
  readonly #doctor = new KeyDoctor();
  #testing: { readonly end: (result: Tested) => void; readonly infosBefore: number } | undefined;

  constructor(options: KeyWatchOptions) {
    this.#options = options;
  }

  /** Whether the customer's keys come by SIP INFO and by nothing better. */
  get isImpossible(): boolean {
    return this.view().advice === 'info-only';
  }

  view(): CallKeys {
    return this.#doctor.view((this.#options.gate.far?.keysIn.length ?? 0) > 0);
  }

  byInfo(): void {
    this.#options.counted('info');
    this.#learn(() => this.#doctor.byInfo());
  }

  /** Takes in a message about the call's leg. */
  heard(message: FromCard): void {
    switch (message.type) {
      case 'keys-seen':
        this.#options.counted(message.transport);
        return this.#learn(() => this.#doctor.seen(message.transport));
      case 'key-tested': {
        const { heard, event, tone } = message;
        const info = this.#doctor.infos > (this.#testing?.infosBefore ?? Number.POSITIVE_INFINITY);
        this.#learn(() => this.#doctor.tested(heard));
        return this.#testing?.end(ok({ heard, event, tone, info }));
      }
      case 'refused':
        if (message.command === 'key-test') this.#testing?.end(err(cannot(message.why)));
        return;
    }
  }

  /** Asks the customer to press 1. Resolves with what came of it, within half a minute. */
  test(language: Language): Promise<Tested> {
    const { link, clock, call } = this.#options;
    if (this.#testing) return Promise.resolve(err(cannot('a key test is running')));
    if (!link.send({ type: 'key-test', leg: call, language })) return Promise.resolve(err(DOWN));
    return new Promise((resolve) => {
      const stop = clock.after(TEST_LIMIT_MS, () => this.#testing?.end(err(cannot('it was not answered'))));
      this.#testing = {
        infosBefore: this.#doctor.infos,
        end: (result) => {
          this.#testing = undefined;
          stop();
          resolve(result);
        },
      };
    });
  }

  /** The card process is gone, and the test with it. */
  lost(): void {
    this.#testing?.end(err(DOWN));
  }

  ended(): void {
    this.#testing?.end(err({ code: 'call-ended', message: 'the call has ended' }));
  }

  #learn(act: () => void): void {
    const before = this.view().advice;
    act();
    if (this.view().advice !== before) this.#options.changed();
  }
}

const DOWN: Problem<ProblemCode> = {
  code: 'card-process-down',
  message: 'the card process is being started again: try again in a second',
};

function cannot(why: string): Problem<ProblemCode> {
  return { code: 'not-possible', message: `the keys can't be tested now: ${why}` };
}
