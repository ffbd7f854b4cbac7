import { type Clock } from '../shared/clock.ts';
import { type Id } from '../shared/ids.ts';
import { type Codec, type FromCard, type PaymentOpen, type PaymentResult } from './contract.ts';
import {
  type CardFields,
  createDialogue,
  type Dialogue,
  type DialogueInput,
  type DialogueOutput,
  step,
  wakeAt,
  wipe,
} from './dialogue/dialogue.ts';
import { resultPrompts } from './dialogue/say.ts';
import { type PromptName } from './prompts/names.ts';
import { type PromptBook } from './prompts/prompts.ts';
import { type CardSettings } from './settings.ts';
import { type CardInTransit, type FromThread } from './threads.ts';

/** What becomes of an approval of which nobody may hear. */
const UNKNOWN: PaymentResult = { outcome: 'unknown', reason: 'no-answer' };
/** What a bug makes of a payment for which the gateway wasn't asked. */
const BROKEN: PaymentResult = { outcome: 'failed', reason: 'card-process-ended' };

export interface LegPaymentOptions {
  readonly open: PaymentOpen;
  readonly codec: Codec;
  readonly limits: CardSettings['dialogue'];
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
  #held: readonly PromptName[] | undefined;
  /** What the payment's result turned into after the dialogue had it. */
  #overruled: PaymentResult | undefined;
  #hungUp = false;
  #cancelTimer = () => {};

  constructor(options: LegPaymentOptions) {
    const { open, limits, clock } = options;
    this.id = open.payment;
    this.#options = options;
    this.#dialogue = createDialogue({
      purpose: 'charge',
      language: open.language,
      order: open.order,
      limits,
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

  cancel(): void {
    this.#input({ type: 'cancel' });
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
    this.#play(written ? approval : resultPrompts(UNKNOWN));
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
        if (next?.type === 'telling' && next.result.outcome === 'approved') this.#held = output.prompts;
        else this.#play(output.prompts);
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
    } catch (error) {
      keyed.wipe();
      throw error;
    }
  }

  #play(names: readonly PromptName[]): void {
    const { open, codec, prompts, play } = this.#options;
    play(names.map((name) => prompts.get(name, open.language, codec)));
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
    else this.#play(resultPrompts(BROKEN));
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
    this.#options.post({ kind: 'ended', payment: this.id, result, asked: this.#asked });
  }
}

/** The buffer's memory, which has to be its alone: what is transferred takes along everything that shares it. */
function ownMemory(buffer: Buffer): ArrayBuffer {
  if (buffer.byteOffset !== 0 || buffer.byteLength !== buffer.buffer.byteLength) {
    throw new TypeError('a field of a card shares its memory');
  }
  return buffer.buffer as ArrayBuffer;
}
