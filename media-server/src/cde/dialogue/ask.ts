import type { Brand, CardRefusal, Field, Language } from '../contract.ts';
import { type BrandLengths, HASH, type Phrase, STAR } from './exchange.ts';
import type { Speech } from '../prompts/speech.ts';

/** What a field needs to know to ask for and judge its keys. */
export interface FieldContext {
  /** UTC, ms. */
  readonly utcNow: number;
  readonly language: Language;
  readonly speech: (language: Language) => Speech;
  readonly lengths: BrandLengths;
  /** Once the card number is keyed. */
  readonly brand: Brand | undefined;
  /** How a keyed one-time code stands to the one that was sent. `awaited`: that one isn't here yet. */
  readonly checkCode: (digits: Buffer, count: number) => 'right' | 'wrong' | 'expired' | 'awaited';
  /** The code that was asked for hasn't been sent yet, and there is no other. */
  readonly awaitsCode: boolean;
  /** Keys that are commands when they stand alone after a `*`. */
  readonly commands: readonly number[];
}

/** What can be wrong with a field; each has a sentence that says so. */
export type Mistake =
  | 'silence'
  | 'wrong-key'
  | 'too-short'
  | 'one-digit-missing'
  | 'too-long'
  | 'check-failed'
  | CardRefusal
  | 'expired'
  | 'expiry-wrong'
  | 'month-first'
  | 'code-wrong'
  | 'code-expired';

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
  ask(context: FieldContext): readonly Phrase[];
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
  /** How long the first key is awaited, where that differs from other fields, ms. */
  readonly firstKeyMs?: number;
  /**
   * What is wrong where so many keys followed a full field that is wrong; else it is what `judge` says. They stand in
   * `digits` after the `count` that count, as far as there is room.
   */
  tooLong?(over: number, digits: Buffer, count: number): Mistake | undefined;
  /** True while the question can't be answered yet: no silence counts then. */
  awaits?(context: FieldContext): boolean;
}

/** A key right after `*` is a command if no key follows it for so long, ms. */
const COMMAND_MS = 1500;

/** A field being keyed. */
export interface Asking {
  readonly rules: FieldRules;
  readonly digits: Buffer;
  count: number;
  /** How many keys more were keyed than the field takes. */
  over: number;
  /** A `*` was the last key. */
  afterStar: boolean;
  /** The key right after a `*` that may be a command, until it is known. */
  held: number | undefined;
  /** When the last key came, or the question ended (ms); undefined while a prompt plays. */
  quietSince: number | undefined;
}

/** What came of a key or of a silence. */
export type Turn =
  | { readonly type: 'nothing' }
  | { readonly type: 'keyed' }
  | { readonly type: 'cleared' }
  | { readonly type: 'done' }
  | { readonly type: 'command'; readonly key: number }
  | { readonly type: 'mistake'; readonly mistake: Mistake };

export interface KeyTimes {
  readonly firstKeyMs: number;
  readonly nextKeyMs: number;
  /** A right number that could be longer ends after this silence. */
  readonly enoughMs: number;
}

/** @param digits where they are kept: as many as the longest field has */
export function startAsking(rules: FieldRules, digits: Buffer): Asking {
  return { rules, digits, count: 0, over: 0, afterStar: false, held: undefined, quietSince: undefined };
}

/** Keys that the customer sees as keyed: one that is held back is one. */
export function keysOf(asking: Asking): number {
  return asking.count + (asking.held === undefined ? 0 : 1);
}

/** Forgets what was keyed, and the bytes with it. */
export function clear(asking: Asking): void {
  asking.digits.fill(0);
  asking.count = 0;
  asking.over = 0;
  asking.afterStar = false;
  asking.held = undefined;
}

/** Takes one key (0–9, `STAR`, `HASH`). */
export function takeKey(asking: Asking, context: FieldContext, key: number, now: number): Turn {
  asking.quietSince = now;
  const { held, afterStar } = asking;
  asking.held = undefined;
  asking.afterStar = false;
  if (held !== undefined) takeDigit(asking, context, held);

  if (key === STAR) {
    const had = asking.count > 0;
    clear(asking);
    asking.afterStar = true;
    return { type: had ? 'cleared' : 'nothing' };
  }
  if (key === HASH) return asking.count === 0 ? { type: 'nothing' } : endedHere(asking, context);
  if (afterStar && context.commands.includes(key)) {
    asking.held = key;
    return { type: 'keyed' };
  }
  takeDigit(asking, context, key);
  return judged(asking, context);
}

/** What stands there, looked at again: what it is compared with has changed. */
export function judged(asking: Asking, context: FieldContext): Turn {
  return { type: judge(asking, context).is === 'complete' ? 'done' : 'keyed' };
}

/** What the silence until `now` means. */
export function takeSilence(asking: Asking, context: FieldContext, times: KeyTimes, now: number): Turn {
  const due = silenceDue(asking, context, times);
  if (due === undefined || now < due) return { type: 'nothing' };
  if (asking.held !== undefined) {
    const key = asking.held;
    clear(asking);
    return { type: 'command', key };
  }
  if (asking.count === 0) return { type: 'mistake', mistake: 'silence' };
  return endedHere(asking, context);
}

/** When the silence will mean something (ms), if no key comes. */
export function silenceDue(asking: Asking, context: FieldContext, times: KeyTimes): number | undefined {
  if (asking.quietSince === undefined) return undefined;
  if (asking.held === undefined && asking.rules.awaits?.(context)) return undefined;
  return asking.quietSince + silenceMs(asking, context, times);
}

/** From when on the agent is shown that the customer keys nothing (ms): half-way to the time-out. */
export function waitingDue(asking: Asking, context: FieldContext, times: KeyTimes): number | undefined {
  if (asking.quietSince === undefined || asking.held !== undefined || asking.rules.awaits?.(context)) return undefined;
  if (asking.count > 0 && !isUnfinished(asking, context)) return undefined;
  return asking.quietSince + silenceMs(asking, context, times) / 2;
}

/** Whether more keys have to come. */
export function isUnfinished(asking: Asking, context: FieldContext): boolean {
  return judge(asking, context).is === 'unfinished';
}

function silenceMs(asking: Asking, context: FieldContext, times: KeyTimes): number {
  if (asking.held !== undefined) return COMMAND_MS;
  if (asking.count === 0) return times.firstKeyMs;
  const verdict = judge(asking, context);
  if (verdict.is === 'unfinished') return times.nextKeyMs;
  return Math.min(verdict.is === 'wrong' ? asking.rules.restMs : times.enoughMs, times.nextKeyMs);
}

function takeDigit(asking: Asking, context: FieldContext, digit: number): void {
  // A field that is full and not done is wrong: what follows belongs to the mistake and is dropped with it.
  const { digits, count } = asking;
  if (count < asking.rules.limit(context, digits, count)) digits[asking.count++] = digit;
  else if (count + asking.over++ < digits.length) digits[count + asking.over - 1] = digit;
}

function endedHere(asking: Asking, context: FieldContext): Turn {
  const { rules, digits, count, over } = asking;
  const verdict = judge(asking, context);
  if (verdict.is === 'enough' || verdict.is === 'complete') return { type: 'done' };
  if (over > 0) return { type: 'mistake', mistake: rules.tooLong?.(over, digits, count) ?? verdict.mistake };
  const oneMissing = verdict.mistake === 'too-short' && rules.of(context, digits, count) === count + 1;
  return { type: 'mistake', mistake: oneMissing ? 'one-digit-missing' : verdict.mistake };
}

function judge(asking: Asking, context: FieldContext): Verdict {
  return asking.rules.judge(context, asking.digits, asking.count);
}
