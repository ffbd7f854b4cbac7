import type { Brand, Language, PaymentResult, Step } from '../contract.ts';
import type { Money } from '../../shared/money.ts';
import type { PromptName } from '../prompts/names.ts';
import type { CardFields } from './card-fields.ts';

/** What a dialogue is made for. Other purposes come as further files beside `charge.ts`. */
export interface DialogueOptions {
  readonly purpose: 'charge';
  readonly language: Language;
  readonly order: Money & { readonly reference: string; readonly description?: string | undefined };
  readonly limits: DialogueLimits;
  /** UTC, milliseconds: what an expiry is compared with. A dialogue is short, so once is enough. */
  readonly utcNow: number;
  /**
   * Numbers of digits that the gateway takes, by brand; a brand that isn't here is refused. Default: `SANDBOX_LENGTHS`.
   */
  readonly lengths?: BrandLengths;
}

export type BrandLengths = { readonly [brand in Brand]?: readonly number[] };

export interface DialogueLimits {
  /** First key after a question, ms. */
  readonly firstKeyMs: number;
  /** Between keys of an unfinished field, ms. */
  readonly nextKeyMs: number;
  /** From `begin` to `authorize`, ms. */
  readonly totalMs: number;
  /** The mistake with this number ends the dialogue; before the last try the person is offered. */
  readonly mistakesPerField: number;
}

/** The codes of the two keys that aren't digits (RFC 4733 §3.2). */
export const STAR = 10;
export const HASH = 11;

export type DialogueInput =
  /** The wall is shut on both sides: speak. */
  | { readonly type: 'begin' }
  /** A key's code: 0–9, `STAR`, `HASH`; others are ignored. */
  | { readonly type: 'key'; readonly key: number }
  /** What the last `play` named has been played to its end (not after `stop-playing` or a later `play`). */
  | { readonly type: 'played' }
  /** `wakeAt` has come. Harmless at any other time. */
  | { readonly type: 'time' }
  /** The agent stops the payment; without effect after `authorize`. Before its end the customer is told, once anything was asked. */
  | { readonly type: 'cancel' }
  | { readonly type: 'hung-up' }
  /** The payment's result, durably written. */
  | { readonly type: 'result'; readonly result: PaymentResult };

export type DialogueOutput =
  /** Replaces what plays. */
  | { readonly type: 'play'; readonly prompts: readonly PromptName[] }
  | { readonly type: 'stop-playing' }
  /** For the agent's screen: counts only. */
  | {
      readonly type: 'progress';
      readonly step: Step;
      readonly keys: number;
      readonly of?: number;
      readonly mistakes: number;
      readonly waiting: boolean;
    }
  /** The card is complete. Its buffers now belong to the receiver, who wipes them. At most once. */
  | { readonly type: 'authorize'; readonly card: CardFields }
  /** The prompt that tells this result begins to play now (stands right after its `play`). */
  | { readonly type: 'telling'; readonly result: PaymentResult }
  /** Last output; every buffer of the dialogue is zeroed. */
  | { readonly type: 'end'; readonly result: PaymentResult };
