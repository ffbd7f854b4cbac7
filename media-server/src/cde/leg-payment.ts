import { type Clock } from '../shared/clock.ts';
import { type Id } from '../shared/ids.ts';
import { type Codec, type FromCard, type PaymentOpen, type PaymentResult } from './contract.ts';
import {
  type BrandLengths,
  type CardFields,
  createDialogue,
  type Dialogue,
  type DialogueInput,
  type DialogueOutput,
  type HelpInput,
  type Phrase,
  step,
  wakeAt,
  wipe,
} from './dialogue/dialogue.ts';
import { resultPrompts } from './dialogue/results.ts';
import { type Pace, type PromptBook } from './prompts/prompts.ts';
import { type CardSettings } from './settings.ts';
import { type CardInTransit, type FromThread } from './threads.ts';

/** What becomes of an approval of which nobody may hear. */
const UNKNOWN: PaymentResult = { outcome: 'unknown', reason: 'no-answer' };
/** What a bug makes of a payment for which the gateway wasn't asked. */
const BROKEN: PaymentResult = { outcome: 'failed', reason: 'card-process-ended' };

interface Spoken {
  readonly prompts: readonly Phrase[];
  readonly language: string;
  readonly pace: Pace;
}

export interface LegPaymentOptions {
  readonly open: PaymentOpen;
  readonly codec: Codec;
  readonly limits: CardSettings['dialogue'];
  /** Lengths of card numbers that the merchant's gateway takes, by brand. */
  readonly lengths?: BrandLengths | undefined;
  readonly prompts: PromptBook;
  readonly clock: Clock;
  readonly play: (sounds: readonly Uint8Array[]) => void;
  readonly stop: () => void;
  readonly say: (message: FromCard) => void;
  /** To the main thread; `transfer` is memory that moves with the message. */
  readonly post: (message: FromThread, transfer?: readonly ArrayBuffer[]) => void;
  /** A bug in the dialogue. */
  readonly onFault: (error: unknown) => void;
}

/**
 * One payment on a leg whose gate is shut: joins the customer's keys, the dialogue, what is played, and the main
 * thread that asks the gateway. Ends with one `ended`; after that it only waits to be forgotten.
 */
export class LegPayment {
  readonly id: Id;
  readonly #options: LegPaymentOptions;
  readonly #dialogue: Dialogue;
  #phase: 'opened' | 'speaking' | 'broken' | 'ended' = 'opened';
  #taken = false;
  #begin = false;
  /** The card left for the gateway: from here on only its answer is the payment's result. */
  #asked = false;
  /** The gateway's answer, kept for the case that the dialogue can't say it any more. */
  #answer: PaymentResult | undefined;
  /** The approval that is played as soon as it is durable that the customer is told. */
  #held: Spoken | undefined;
  /** What the payment's result turned into after the dialogue had it. */
  #overruled: PaymentResult | undefined;
  #hungUp = false;
  #declined = 0;
  /** What was played last, for what has to be said in its language when the dialogue can't any more. */
  #language: string;
  #cancelTimer = () => {};

  constructor(options: LegPaymentOptions) {
    const { open, limits, lengths, clock, prompts } = options;
    const { purpose, language, languages, order, brands, gentle, cards } = open;
    this.id = open.payment;
    this.#options = options;
    this.#language = language;
    this.#dialogue = createDialogue({
      purpose,
      language,
      languages,
      order,
      limits,
      lengths,
      brands,
      gentle,
      cards,
      speech: (spoken) => prompts.speech(spoken),
      utcNow: clock.now(),
    });
  }

  /** The ledger has the payment. */
  taken(): void {
    this.#taken = true;
    this.#speak();
  }

  /** The SFU's valve is shut too. */
  begin(): void {
    this.#begin = true;
    this.#speak();
  }

  /** A press: 0 … 9, 10 `*`, 11 `#`. Before the dialogue has begun nothing was asked, so nothing is answered. */
  key(key: number): void {
    if (this.#phase === 'speaking') this.#input({ type: 'key', key });
  }

  played(): void {
    if (this.#phase === 'speaking') this.#input({ type: 'played' });
    else if (this.#phase === 'broken') this.#endBroken();
  }

  /** The customer has spoken for a while without a key. */
  speech(): void {
    if (this.#phase === 'speaking') this.#input({ type: 'speech' });
  }

  cancel(): void {
    this.#input({ type: 'cancel' });
  }

  /** The customer's keys can't come to this process. */
  noKeys(): void {
    this.#input({ type: 'no-keys' });
  }

  /** The agent helps. */
  help(input: HelpInput): void {
    if (this.#phase === 'opened' || this.#phase === 'speaking') this.#input(input);
    else this.#options.say({ type: 'refused', command: input.type, payment: this.id, why: 'too-late' });
  }

  /** What became of the one-time code that was wanted. */
  code(input: Extract<DialogueInput, { type: 'code-digest' | 'code-refused' }>): void {
    this.#input(input);
  }

  /** The server is gone: what it had not begun yet won't begin any more. */
  alone(): void {
    if (this.#phase === 'opened') this.cancel();
  }

  /** The leg is gone; the payment ends as soon as it can. */
  hungUp(): void {
    this.#hungUp = true;
    if (this.#phase === 'broken') this.#endBroken();
    else this.#input({ type: 'hung-up' });
  }

  authorized(result: PaymentResult): void {
    const { cards = 1 } = this.#options.open;
    if (result.outcome === 'declined') this.#declined++;
    // While another card may be tried the ledger holds the payment open: whoever ends it has to write how.
    this.#asked = !(result.outcome === 'declined' && this.#declined < cards);
    this.#answer = result;
    if (this.#phase === 'broken') this.#endBroken();
    else this.#input({ type: 'result', result });
  }

  /**
   * Whether it is durable that the customer is told. If not, an approval may be given back by recovery: then neither
   * customer nor agent hear of it, and what becomes of it comes as `settled`.
   */
  told(written: boolean): void {
    const approval = this.#held;
    if (!approval) return;
    this.#held = undefined;
    if (!written) this.#overruled = UNKNOWN;
    this.#play(written ? approval : this.#ending(UNKNOWN));
  }

  /** Zeroes every digit at once, without a word. */
  wipe(): void {
    this.#cancelTimer();
    wipe(this.#dialogue);
  }

  get #over(): boolean {
    return this.#phase === 'ended';
  }

  #speak(): void {
    if (this.#phase !== 'opened' || !this.#taken || !this.#begin) return;
    this.#phase = 'speaking';
    this.#input({ type: 'begin' });
  }

  #input(input: DialogueInput): void {
    if (this.#phase !== 'opened' && this.#phase !== 'speaking') return;
    const { clock } = this.#options;
    try {
      this.#cancelTimer();
      const outputs = step(this.#dialogue, input, clock.monotonic());
      outputs.forEach((output, at) => this.#output(output, outputs[at + 1]));
      if (this.#over) return;
      const wake = wakeAt(this.#dialogue);
      if (wake === undefined) return;
      this.#cancelTimer = clock.after(Math.max(0, wake - clock.monotonic()), () => this.#input({ type: 'time' }));
    } catch (error) {
      this.#break(error);
    }
  }

  #output(output: DialogueOutput, next: DialogueOutput | undefined): void {
    const { say, stop, post } = this.#options;
    switch (output.type) {
      case 'play':
        this.#held = undefined;
        this.#language = output.language;
        // Money that nobody was told of is given back; a person who was only verified costs nothing.
        if (this.#asked && next?.type === 'telling' && next.result.outcome === 'approved') this.#held = output;
        else this.#play(output);
        return;
      case 'stop-playing':
        this.#held = undefined;
        stop();
        return;
      case 'progress':
        say({ ...output, type: 'progress', payment: this.id });
        return;
      case 'authorize':
        this.#authorize(output.card);
        return;
      case 'charge-stored':
        post({ kind: 'charge-stored', payment: this.id });
        this.#asked = true;
        return;
      case 'code-wanted':
      case 'refused':
        say({ ...output, payment: this.id });
        return;
      case 'telling':
        post({ kind: 'telling', payment: this.id, result: output.result, asked: this.#asked });
        return;
      case 'end':
        this.#end(this.#overruled ?? output.result);
        return;
    }
  }

  /** Digits leave their thread here, once, and nothing of them stays. */
  #authorize(keyed: CardFields): void {
    try {
      const card: CardInTransit = {
        number: ownMemory(keyed.number),
        expiry: ownMemory(keyed.expiry),
        securityCode: ownMemory(keyed.securityCode),
        brand: keyed.brand,
      };
      this.#options.post({ kind: 'authorize', payment: this.id, card }, [card.number, card.expiry, card.securityCode]);
      this.#asked = true;
      this.#answer = undefined;
    } catch (error) {
      keyed.wipe();
      throw error;
    }
  }

  #play({ prompts: phrases, language, pace }: Spoken): void {
    const { codec, prompts, play } = this.#options;
    play(
      phrases.map((phrase) =>
        typeof phrase === 'string'
          ? prompts.get(phrase, language, codec, pace)
          : prompts.get(phrase.prompt, phrase.language, codec, pace),
      ),
    );
  }

  #ending(result: PaymentResult): Spoken {
    return { prompts: resultPrompts(result, this.#options.open.purpose), language: this.#language, pace: 'normal' };
  }

  /**
   * A bug ended the dialogue. The customer is told that it failed, so that no more keys come when the gate opens; what
   * the gateway was asked is waited for.
   */
  #break(error: unknown): void {
    this.wipe();
    this.#options.onFault(error);
    if (this.#over) return;
    this.#phase = 'broken';
    if (this.#hungUp) this.#endBroken();
    else this.#play(this.#ending(BROKEN));
  }

  #endBroken(): void {
    if (this.#asked && !this.#answer) return;
    this.#end(this.#answer ?? BROKEN);
  }

  #end(result: PaymentResult): void {
    if (this.#over) return;
    this.#phase = 'ended';
    this.#held = undefined;
    this.wipe();
    const { wiped } = this.#dialogue.digits;
    this.#options.post({ kind: 'ended', payment: this.id, result, asked: this.#asked, wiped });
  }
}

/** The buffer's memory, which has to be its alone: what is transferred takes along everything that shares it. */
function ownMemory(buffer: Buffer): ArrayBuffer {
  if (buffer.byteOffset !== 0 || buffer.byteLength !== buffer.buffer.byteLength) {
    throw new TypeError('a field of a card shares its memory');
  }
  return buffer.buffer as ArrayBuffer;
}
