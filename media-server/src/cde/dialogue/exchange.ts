import type { Money } from '../../shared/money.ts';
import type {
  Brand,
  CardRefusal,
  FieldAgain,
  Hint,
  Language,
  PaymentResult,
  Purpose,
  Refusal,
  Step,
  ToCard,
} from '../contract.ts';
import type { PromptName } from '../prompts/names.ts';
import type { Pace } from '../prompts/prompts.ts';
import type { Speech } from '../prompts/speech.ts';
import type { CardFields } from './card-fields.ts';

/** What a dialogue is made for. */
export interface DialogueOptions {
  readonly purpose: Purpose;
  /** Spoken from the start, or where the customer doesn't choose one of `languages`. */
  readonly language: Language;
  /** What the customer may choose from at the start, the first by `1`; none: there is no choice. */
  readonly languages?: readonly Language[] | undefined;
  readonly order: Money & { readonly reference: string; readonly description?: string | undefined };
  readonly limits: DialogueLimits;
  /** UTC, milliseconds: what an expiry is compared with. A dialogue is short, so once is enough. */
  readonly utcNow: number;
  /**
   * Numbers of digits that the gateway takes, by brand; a brand that isn't here is refused. Default: `SANDBOX_LENGTHS`.
   */
  readonly lengths?: BrandLengths | undefined;
  /** Brands that the merchant takes; default: all of the gateway's. */
  readonly brands?: readonly Brand[] | undefined;
  /** Gentle from the start. */
  readonly gentle?: boolean | undefined;
  /** Cards that the customer may try, 1 … 5; default 1. */
  readonly cards?: number | undefined;
  /** How a language says numbers. */
  readonly speech: (language: Language) => Speech;
}

export type BrandLengths = { readonly [brand in Brand]?: readonly number[] };

export interface DialogueLimits {
  /** First key after a question, ms. */
  readonly firstKeyMs: number;
  /** Between keys of an unfinished field, ms. */
  readonly nextKeyMs: number;
  /** From `begin` to `authorize`, and anew for each further card, ms. */
  readonly totalMs: number;
  /** The mistake with this number ends the dialogue; before the last try the person is offered. */
  readonly mistakesPerField: number;
  /** By how much the agent's `more-time` lengthens the wait and the whole, ms. */
  readonly moreTimeMs: number;
  /** How often it may. */
  readonly moreTimes: number;
}

/** The codes of the two keys that aren't digits (RFC 4733 §3.2). */
export const STAR = 10;
export const HASH = 11;

/** What the agent does for the customer. Refused (`too-late`) once the card is with the gateway. */
export type HelpInput =
  /** Forgets the field and asks it anew; then the dialogue goes on where it was. */
  | { readonly type: 'ask-again'; readonly field: FieldAgain }
  /** A ready sentence, instead of what plays. What was keyed stays. */
  | { readonly type: 'hint'; readonly hint: Hint }
  /** The running wait and the whole take longer. */
  | { readonly type: 'more-time' }
  | { readonly type: 'gentle'; readonly on: boolean };

export type DialogueInput =
  | HelpInput
  /** The wall is shut on both sides: speak. */
  | { readonly type: 'begin' }
  /** A key's code: 0–9, `STAR`, `HASH`; others are ignored. */
  | { readonly type: 'key'; readonly key: number }
  /** The customer has spoken for a while without a key. */
  | { readonly type: 'speech' }
  /** What the last `play` named has been played to its end (not after `stop-playing` or a later `play`). */
  | { readonly type: 'played' }
  /** `wakeAt` has come. Harmless at any other time. */
  | { readonly type: 'time' }
  /** The agent stops the payment; without effect after `authorize`. Before its end the customer is told, once anything was asked. */
  | { readonly type: 'cancel' }
  /** The customer's keys come by a way on which they can't be taken. */
  | { readonly type: 'no-keys' }
  | { readonly type: 'hung-up' }
  /** A one-time code was sent; hex, and how long it is good (ms from now). */
  | { readonly type: 'code-digest'; readonly salt: string; readonly digest: string; readonly validMs: number }
  | { readonly type: 'code-refused'; readonly why: 'not-sent' | 'limit' | 'too-soon' }
  /** The payment's result, durably written. */
  | { readonly type: 'result'; readonly result: PaymentResult };

/** A sentence in the language that is spoken now, or in another one. */
export type Phrase = PromptName | { readonly prompt: PromptName; readonly language: Language };

export type DialogueOutput =
  /** Replaces what plays. */
  | {
      readonly type: 'play';
      readonly prompts: readonly Phrase[];
      readonly language: Language;
      readonly pace: Pace;
    }
  | { readonly type: 'stop-playing' }
  /** For the agent's screen: counts and words only. */
  | {
      readonly type: 'progress';
      readonly step: Step;
      readonly keys: number;
      readonly of?: number;
      readonly mistakes: number;
      readonly cardRefused?: CardRefusal;
      readonly waiting: boolean;
      readonly speaking: boolean;
      readonly declined: number;
      readonly gentle: boolean;
      readonly language: Language;
    }
  /** The card is complete. Its buffers now belong to the receiver, who wipes them. Again only after a decline. */
  | { readonly type: 'authorize'; readonly card: CardFields }
  /** The customer agreed that their stored card is charged. At most once. */
  | { readonly type: 'charge-stored' }
  /** A one-time code is to be sent: answered by `code-digest` or `code-refused`. */
  | { readonly type: 'code-wanted'; readonly again: boolean }
  /** The agent's help can't be given. */
  | { readonly type: 'refused'; readonly command: ToCard['type']; readonly why: Refusal }
  /** The prompt that tells this result begins to play now (stands right after its `play`). */
  | { readonly type: 'telling'; readonly result: PaymentResult }
  /** Last output; every buffer of the dialogue is zeroed. */
  | { readonly type: 'end'; readonly result: PaymentResult };
