import type { Brand, CardRefusal, Field, Language, PaymentResult } from '../contract.ts';
import { DigitBuffers } from '../digit-buffers.ts';
import type { Asking, FieldContext, KeyTimes } from './ask.ts';
import { SANDBOX_LENGTHS } from './brands.ts';
import type { BrandLengths, DialogueOptions, DialogueOutput } from './exchange.ts';
import { checkCode, noCode, type OneTimeCode } from './one-time-code.ts';
import type { ScriptLine } from './script.ts';

/** `*` and this key alone: back to the agent. */
export const TO_AGENT = 0;
/** … another one-time code. */
export const OTHER_CODE = 7;
/** … gentle mode. */
export const GENTLE = 8;
/** … the question again. */
export const REPEAT = 9;

/** What gentle mode makes of the waits. */
const GENTLE_FIRST = 1.5;
const GENTLE_NEXT = 2;
const GENTLE_TOTAL = 1.5;
/** A right number that could be longer ends after this silence, ms. */
const ENOUGH_MS = 3000;

interface AskingPhase {
  readonly type: 'asking';
  readonly line: number;
  readonly asking: Asking;
  /** The agent was shown that no key comes. */
  waiting: boolean;
  /** … and that the customer speaks. */
  speaking: boolean;
  /** By how much the agent lengthened the running wait, ms. */
  longerMs: number;
  /** The count of keys that was read back last. */
  countSaid: number;
}

type Phase =
  | { readonly type: 'before' }
  | AskingPhase
  | { readonly type: 'processing'; againAt: number | undefined; hungUp: boolean }
  | {
      readonly type: 'telling';
      readonly result: PaymentResult;
      readonly since: number;
      /** A field was given up half-way: the sentence is heard to its end. */
      readonly uncut: boolean;
    }
  | { readonly type: 'ended' };

/** One dialogue's state. Opaque outside this folder: `step`, `wakeAt` and `wipe` are all there is. */
export interface Dialogue {
  readonly options: DialogueOptions;
  readonly script: readonly ScriptLine[];
  /** What merchant and gateway take together. */
  readonly lengths: BrandLengths;
  phase: Phase;
  language: Language;
  gentle: boolean;
  /** When `begin` came, or the last card was declined (ms). */
  begun: number;
  /** When the last input came, ms. */
  now: number;
  /** By how much the agent lengthened the whole, ms, and how often. */
  longerMs: number;
  longerTimes: number;
  playing: boolean;
  readonly mistakes: { [field in Field]?: { count: number; allSilent: boolean } };
  /** How often the customer was told not to speak. */
  spoken: number;
  /** Lines of the script that are behind. */
  readonly past: Set<number>;
  /** Fields that are done, until they are handed over. */
  readonly done: Map<Field, Buffer>;
  /** All that hold digits, those of `done` and of the field being asked. */
  readonly digits: DigitBuffers;
  brand: Brand | undefined;
  /** Why no card of the number that was keyed last can be used. */
  cardRefused: CardRefusal | undefined;
  readonly code: OneTimeCode;
  /** Cards that were declined, and how the last one was: the payment's result unless a further card changes it. */
  declined: number;
  decline: PaymentResult | undefined;
}

export function newDialogue(options: DialogueOptions, script: readonly ScriptLine[]): Dialogue {
  return {
    options,
    script,
    lengths: lengthsFor(options),
    phase: { type: 'before' },
    language: options.language,
    gentle: options.gentle ?? false,
    begun: 0,
    now: 0,
    longerMs: 0,
    longerTimes: 0,
    playing: false,
    mistakes: {},
    spoken: 0,
    past: new Set(),
    done: new Map(),
    digits: new DigitBuffers(),
    brand: undefined,
    cardRefused: undefined,
    code: noCode(),
    declined: 0,
    decline: undefined,
  };
}

/** One step under way: when it is, and what is to be done. */
export interface Moment {
  readonly dialogue: Dialogue;
  /** Monotonic, ms. */
  readonly now: number;
  readonly outputs: DialogueOutput[];
}

export function contextOf(dialogue: Dialogue): FieldContext {
  const { options, code, now } = dialogue;
  return {
    utcNow: options.utcNow,
    language: dialogue.language,
    speech: options.speech,
    lengths: dialogue.lengths,
    brand: dialogue.brand,
    checkCode: (digits, count) => checkCode(code, digits, count, now),
    awaitsCode: code.wantedAt !== undefined && code.sent === undefined,
    commands: options.purpose === 'verify' ? [TO_AGENT, OTHER_CODE, GENTLE, REPEAT] : [TO_AGENT, GENTLE, REPEAT],
  };
}

/** The waits of the field that is being asked. */
export function timesOf({ options: { limits }, gentle }: Dialogue, { asking, longerMs }: AskingPhase): KeyTimes {
  const firstKeyMs = asking.rules.firstKeyMs ?? limits.firstKeyMs;
  return {
    firstKeyMs: firstKeyMs * (gentle ? GENTLE_FIRST : 1) + longerMs,
    nextKeyMs: limits.nextKeyMs * (gentle ? GENTLE_NEXT : 1) + longerMs,
    enoughMs: ENOUGH_MS * (gentle ? GENTLE_NEXT : 1),
  };
}

/** When the whole is over (ms), unless a card is at the gateway by then. */
export function endsAt({ begun, gentle, longerMs, options }: Dialogue): number {
  return begun + options.limits.totalMs * (gentle ? GENTLE_TOTAL : 1) + longerMs;
}

function lengthsFor({ lengths = SANDBOX_LENGTHS, brands }: DialogueOptions): BrandLengths {
  return brands ? Object.fromEntries(brands.map((brand) => [brand, lengths[brand] ?? []])) : lengths;
}
