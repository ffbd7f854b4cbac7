import { type Clock } from '../shared/clock.ts';
import { type Codec, type Language } from './contract.ts';
import { KeyTest, type KeyTested } from './keys/key-test.ts';
import { type PromptBook } from './prompts/prompts.ts';

export interface LegKeyTestOptions {
  readonly language: Language;
  readonly codec: Codec;
  readonly prompts: PromptBook;
  readonly clock: Clock;
  readonly play: (sounds: readonly Uint8Array[]) => void;
  /** Called once. */
  readonly onTested: (tested: KeyTested) => void;
}

/** A key test on a leg: asks for the key, and says thanks or what came. */
export class LegKeyTest {
  readonly #options: LegKeyTestOptions;
  readonly #test: KeyTest;
  #over = false;
  #cancelTimer = () => {};

  constructor(options: LegKeyTestOptions) {
    const { clock, prompts, language } = options;
    this.#options = options;
    this.#test = new KeyTest(clock.monotonic(), prompts.lengthMs('key-test', language));
    this.#say('key-test');
    this.#look();
  }

  /** A press: 0 … 9, 10 `*`, 11 `#`. */
  press(key: number, transport: 'event' | 'tone'): void {
    this.#test.press(key, transport, this.#options.clock.monotonic());
    this.#look();
  }

  /** The press came by the other transport too. */
  again(): void {
    this.#test.again();
    this.#look();
  }

  /** Something else is to be played or asked: what came until now counts. */
  end(): void {
    const { heard, event, tone } = this.#test.time(Number.POSITIVE_INFINITY) ?? NOTHING;
    this.#conclude({ heard, event, tone });
  }

  #look(): void {
    if (this.#over) return;
    const { clock } = this.#options;
    this.#cancelTimer();
    const tested = this.#test.time(clock.monotonic());
    if (tested) {
      this.#say(tested.heard === 'right' ? 'key-test-done' : `key-test-${tested.heard}`);
      this.#conclude(tested);
    } else {
      this.#cancelTimer = clock.after(this.#test.wakeAt - clock.monotonic(), () => this.#look());
    }
  }

  #conclude(tested: KeyTested): void {
    if (this.#over) return;
    this.#over = true;
    this.#cancelTimer();
    this.#options.onTested(tested);
  }

  #say(name: 'key-test' | 'key-test-done' | 'key-test-wrong' | 'key-test-nothing'): void {
    const { prompts, language, codec, play } = this.#options;
    play([prompts.get(name, language, codec)]);
  }
}

const NOTHING: KeyTested = { heard: 'nothing', event: false, tone: false };
