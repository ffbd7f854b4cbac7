import type { Brand, Field } from '../contract.ts';
import type { PromptName } from '../prompts/names.ts';
import { LONGEST_NUMBER } from './brands.ts';
import { type BrandLengths, HASH, STAR } from './exchange.ts';

/** What a field needs to know to ask for and judge its keys. */
export interface FieldContext {
  /** UTC, ms. */
  readonly utcNow: number;
  readonly lengths: BrandLengths;
  /** Once the card number is keyed. */
  readonly brand?: Brand;
}

/** What can be wrong with a field; each has a sentence that says so. */
export type Mistake =
  | 'silence'
  | 'wrong-key'
  | 'too-short'
  | 'check-failed'
  | 'brand-refused'
  | 'expired'
  | 'expiry-wrong'
  | 'month-first';

type Verdict =
  /** Needs more keys; were it ended now, this would be wrong. */
  | { readonly is: 'unfinished'; readonly mistake: Mistake }
  /** Right, but more keys may be meant: `#` or a silence ends it. */
  | { readonly is: 'enough' }
  /** Right: ends at once. */
  | { readonly is: 'complete' }
  /** Wrong whatever follows. */
  | { readonly is: 'wrong'; readonly mistake: Mistake };

/** One field's rules. The digits are looked at where they are; `count` of them count. */
export interface FieldRules {
  readonly name: Field;
  /** The question. */
  ask(context: FieldContext): readonly PromptName[];
  /** The most keys it takes, given those that it has. */
  limit(context: FieldContext, digits: Buffer, count: number): number;
  /** How many it will have, once that is certain. */
  of(context: FieldContext, digits: Buffer, count: number): number | undefined;
  judge(context: FieldContext, digits: Buffer, count: number): Verdict;
  /**
   * How long the keys must have rested before the customer is told that the field is wrong, ms. Who keys ahead would
   * else cut that sentence short unheard, and the keys meant for later fields would fill this one again.
   */
  readonly restMs: number;
  /** What is wrong where keys followed a full field that is wrong; else it is what `judge` says. */
  readonly tooLong?: Mistake;
}

/** A `0` right after `*` is a command if no key follows it for so long, ms. */
const COMMAND_MS = 1500;
/** A right number that could be longer ends after this silence, ms. */
const ENOUGH_MS = 3000;

/** A field being keyed. */
export interface Asking {
  readonly rules: FieldRules;
  readonly digits: Buffer;
  count: number;
  /** More was keyed than the field takes. */
  over: boolean;
  /** A `*` was the last key, or the last but one before a `0` that is still held back. */
  star: 'none' | 'last' | 'zero-held';
  /** When the last key came, or the question ended (ms); undefined while a prompt plays. */
  quietSince: number | undefined;
}

/** What came of a key or of a silence. */
export type Turn =
  | { readonly type: 'nothing' }
  | { readonly type: 'keyed' }
  | { readonly type: 'cleared' }
  | { readonly type: 'done' }
  | { readonly type: 'back-to-agent' }
  | { readonly type: 'mistake'; readonly mistake: Mistake };

interface KeyTimes {
  readonly firstKeyMs: number;
  readonly nextKeyMs: number;
}

export function startAsking(rules: FieldRules): Asking {
  // Buffer.alloc never takes from the shared pool, so the bytes lie nowhere else.
  return { rules, digits: Buffer.alloc(LONGEST_NUMBER), count: 0, over: false, star: 'none', quietSince: undefined };
}

/** Keys that the customer sees as keyed: a zero that is held back is one. */
export function keysOf(asking: Asking): number {
  return asking.count + (asking.star === 'zero-held' ? 1 : 0);
}

/** Forgets what was keyed, and the bytes with it. */
export function clear(asking: Asking): void {
  asking.digits.fill(0);
  asking.count = 0;
  asking.over = false;
  asking.star = 'none';
}

/** Takes one key (0–9, `STAR`, `HASH`). */
export function takeKey(asking: Asking, context: FieldContext, key: number, now: number): Turn {
  asking.quietSince = now;
  const zeroHeld = asking.star === 'zero-held';
  const afterStar = asking.star === 'last';
  asking.star = 'none';
  if (zeroHeld) takeDigit(asking, context, 0);

  if (key === STAR) {
    const had = asking.count > 0;
    clear(asking);
    asking.star = 'last';
    return { type: had ? 'cleared' : 'nothing' };
  }
  if (key === HASH) return asking.count === 0 ? { type: 'nothing' } : endedHere(asking, context);
  if (key === 0 && afterStar) {
    asking.star = 'zero-held';
    return { type: 'keyed' };
  }
  takeDigit(asking, context, key);
  const verdict = judge(asking, context);
  return { type: verdict.is === 'complete' ? 'done' : 'keyed' };
}

/** What the silence until `now` means. */
export function takeSilence(asking: Asking, context: FieldContext, times: KeyTimes, now: number): Turn {
  const due = silenceDue(asking, context, times);
  if (due === undefined || now < due) return { type: 'nothing' };
  if (asking.star === 'zero-held') return { type: 'back-to-agent' };
  if (asking.count === 0) return { type: 'mistake', mistake: 'silence' };
  return endedHere(asking, context);
}

/** When the silence will mean something (ms), if no key comes. */
export function silenceDue(asking: Asking, context: FieldContext, times: KeyTimes): number | undefined {
  if (asking.quietSince === undefined) return undefined;
  return asking.quietSince + silenceMs(asking, context, times);
}

/** From when on the agent is shown that the customer keys nothing (ms): half-way to the time-out. */
export function waitingDue(asking: Asking, context: FieldContext, times: KeyTimes): number | undefined {
  if (asking.quietSince === undefined || asking.star === 'zero-held') return undefined;
  if (asking.count > 0 && judge(asking, context).is !== 'unfinished') return undefined;
  return asking.quietSince + silenceMs(asking, context, times) / 2;
}

function silenceMs(asking: Asking, context: FieldContext, times: KeyTimes): number {
  if (asking.star === 'zero-held') return COMMAND_MS;
  if (asking.count === 0) return times.firstKeyMs;
  const verdict = judge(asking, context);
  if (verdict.is === 'unfinished') return times.nextKeyMs;
  return Math.min(verdict.is === 'wrong' ? asking.rules.restMs : ENOUGH_MS, times.nextKeyMs);
}

function takeDigit(asking: Asking, context: FieldContext, digit: number): void {
  // A field that is full and not done is wrong: what follows belongs to the mistake and is dropped with it.
  asking.over = asking.count >= asking.rules.limit(context, asking.digits, asking.count);
  if (!asking.over) asking.digits[asking.count++] = digit;
}

function endedHere(asking: Asking, context: FieldContext): Turn {
  const verdict = judge(asking, context);
  if (verdict.is === 'enough' || verdict.is === 'complete') return { type: 'done' };
  const mistake = asking.over ? (asking.rules.tooLong ?? verdict.mistake) : verdict.mistake;
  return { type: 'mistake', mistake };
}

function judge(asking: Asking, context: FieldContext): Verdict {
  return asking.rules.judge(context, asking.digits, asking.count);
}
