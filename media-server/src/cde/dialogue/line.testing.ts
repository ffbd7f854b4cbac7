import type { PaymentResult } from '../contract.ts';
import type { PromptName } from '../prompts/names.ts';
import { loadPrompts, type Pace } from '../prompts/prompts.ts';
import type { CardFields } from './card-fields.ts';
import {
  createDialogue,
  type Dialogue,
  type DialogueInput,
  type DialogueOptions,
  type DialogueOutput,
  type Phrase,
  step,
  wakeAt,
} from './dialogue.ts';

const KEYS = '0123456789*#';

/** How long a sentence takes, ms. */
type Length = (name: PromptName, language: string, pace: Pace) => number;

/** A sentence's name, whatever its language. */
export const nameOf = (phrase: Phrase): PromptName => (typeof phrase === 'string' ? phrase : phrase.prompt);

/** The leg that a dialogue talks through, for tests: time moves only here, and prompts end when they are over. */
export class Line {
  readonly dialogue: Dialogue;
  readonly outputs: DialogueOutput[] = [];
  now = 0;
  /** When what plays is over, ms. */
  playingUntil: number | undefined;
  /** Called with every output as it comes. */
  watch: (output: DialogueOutput) => void = () => {};
  readonly #buffers = new Set<Uint8Array>();
  readonly #lengthMs: Length;

  constructor(dialogue: Dialogue, lengthMs: Length = () => 1000) {
    this.dialogue = dialogue;
    this.#lengthMs = lengthMs;
  }

  /** Every byte that the dialogue holds or ever held, but for the card that it gave away. */
  bytes(): number[] {
    return [...this.#buffers].flatMap((buffer) => [...buffer]);
  }

  /** The card that was handed over last. */
  get card(): CardFields | undefined {
    return this.outputs.findLast((output) => output.type === 'authorize')?.card;
  }

  begin(): void {
    this.input({ type: 'begin' });
  }

  input(input: DialogueInput): void {
    const outputs = step(this.dialogue, input, this.now);
    for (const buffer of buffersOf(this.dialogue)) this.#buffers.add(buffer);
    for (const output of outputs) {
      if (this.outputs.at(-1)?.type === 'end') throw new Error(`${output.type} after the end`);
      if (output.type === 'play') {
        const { language, pace } = output;
        const lengths = output.prompts.map((phrase) =>
          this.#lengthMs(nameOf(phrase), typeof phrase === 'string' ? language : phrase.language, pace),
        );
        this.playingUntil = this.now + lengths.reduce((sum, length) => sum + length, 0);
      }
      if (output.type === 'stop-playing' || output.type === 'end') this.playingUntil = undefined;
      if (output.type === 'authorize') {
        for (const buffer of buffersOf(output.card)) this.#buffers.delete(buffer);
      }
      this.outputs.push(output);
      this.watch(output);
    }
  }

  /** Waits `ms`, with the timers that fall due and the prompts that end. */
  wait(ms: number): void {
    const end = this.now + ms;
    for (;;) {
      const due = Math.min(wakeAt(this.dialogue) ?? Infinity, this.playingUntil ?? Infinity);
      if (due > end) break;
      this.now = Math.max(this.now, due);
      const played = this.playingUntil !== undefined && this.playingUntil <= this.now;
      if (played) this.playingUntil = undefined;
      this.input({ type: played ? 'played' : 'time' });
    }
    this.now = end;
  }

  /** Hears what plays to its end. */
  listen(): void {
    if (this.playingUntil !== undefined) this.wait(this.playingUntil - this.now);
  }

  /** Presses keys, the time between two of them before each. */
  keys(keys: string, perSecond: number): void {
    for (const key of keys) {
      this.wait(1000 / perSecond);
      this.input({ type: 'key', key: KEYS.indexOf(key) });
    }
  }
}

/** Every buffer that can be reached from the dialogue. */
function buffersOf(value: unknown, seen = new Set<unknown>()): Uint8Array[] {
  if (value instanceof Uint8Array) return [value];
  if (typeof value !== 'object' || value === null || seen.has(value)) return [];
  seen.add(value);
  const inside: unknown[] = value instanceof Map ? [...value.values()] : Object.values(value);
  return inside.flatMap((item) => buffersOf(item, seen));
}

const book = loadPrompts();

/** A charge of ¥12,800 on 15 July 2026, in Japanese. */
export function optionsOf(over: Partial<DialogueOptions> = {}): DialogueOptions {
  return {
    purpose: 'charge',
    language: 'ja',
    order: { amountMinor: 12_800, currency: 'JPY', reference: 'A-1' },
    limits: {
      firstKeyMs: 10_000,
      nextKeyMs: 8000,
      totalMs: 300_000,
      mistakesPerField: 3,
      moreTimeMs: 60_000,
      moreTimes: 2,
    },
    utcNow: Date.UTC(2026, 6, 15),
    speech: (language) => book.speech(language),
    ...over,
  };
}

export const VISA = '4242424242424242';

export const lineOf = (over: Partial<DialogueOptions> = {}): Line => new Line(createDialogue(optionsOf(over)));

/** A line that has come as far as the question for `field`. */
export function asked(
  field: 'confirmation' | 'card-number' | 'expiry' | 'security-code',
  over: Partial<DialogueOptions> = {},
): Line {
  const phone = lineOf(over);
  phone.begin();
  const steps = [
    ['confirmation', '1'],
    ['card-number', VISA],
    ['expiry', '1227'],
  ] as const;
  for (const [name, keys] of steps) {
    if (name === field) break;
    phone.listen();
    phone.keys(keys, 3);
  }
  return phone;
}

export const said = (phone: Line): string[] =>
  phone.outputs.flatMap((output) => (output.type === 'play' ? output.prompts.map(nameOf) : []));
export const lastSaid = (phone: Line): readonly string[] =>
  phone.outputs.findLast((output) => output.type === 'play')?.prompts.map(nameOf) ?? [];
export const endOf = (phone: Line): PaymentResult | undefined =>
  phone.outputs.find((output) => output.type === 'end')?.result;
export const progressOf = (phone: Line): (DialogueOutput & { type: 'progress' }) | undefined =>
  phone.outputs.findLast((output) => output.type === 'progress');
