import type { FieldRules } from './ask.ts';
import type { Phrase } from './exchange.ts';

/** One line of a dialogue's script. */
export type ScriptLine =
  | { readonly type: 'say'; readonly prompts: readonly Phrase[] }
  | { readonly type: 'ask'; readonly rules: FieldRules }
  | { readonly type: 'send-code' }
  | { readonly type: 'process'; readonly what: 'card' | 'stored-card' }
  | { readonly type: 'verified' };

export const say = (...prompts: Phrase[]): ScriptLine => ({ type: 'say', prompts });
export const ask = (rules: FieldRules): ScriptLine => ({ type: 'ask', rules });
/** Wants a one-time code to be sent; the next field waits for it. */
export const sendCode: ScriptLine = { type: 'send-code' };
/** Hands the card over and waits for the result. */
export const processCard: ScriptLine = { type: 'process', what: 'card' };
/** Has the stored card charged and waits for the result. */
export const processStoredCard: ScriptLine = { type: 'process', what: 'stored-card' };
/** The person is who they are said to be. */
export const verified: ScriptLine = { type: 'verified' };
