import type { PaymentResult, Reason } from '../contract.ts';
import type { PromptName } from '../prompts/names.ts';
import type { FieldRules, Mistake } from './ask.ts';

/** How a mistake is told: what was wrong comes first, the question again only where the sentence doesn't imply it. */
const MISTAKES: {
  readonly [mistake in Mistake]: { readonly says: readonly PromptName[]; readonly asksAgain: boolean };
} = {
  silence: { says: ['silence'], asksAgain: true },
  'wrong-key': { says: ['wrong-key'], asksAgain: true },
  'too-short': { says: ['too-short'], asksAgain: false },
  'check-failed': { says: ['check-failed'], asksAgain: false },
  'brand-refused': { says: ['brand-refused'], asksAgain: false },
  expired: { says: ['expired'], asksAgain: false },
  'expiry-wrong': { says: ['expiry-wrong'], asksAgain: true },
  'month-first': { says: ['month-first', 'pause', 'date-example'], asksAgain: false },
};

/** What is said after a mistake; before the last try the person is offered. */
export function afterMistake(mistake: Mistake, question: readonly PromptName[], lastTry: boolean): PromptName[] {
  const { says, asksAgain } = MISTAKES[mistake];
  const prompts: PromptName[] = [...says];
  if (asksAgain) prompts.push('pause', ...question);
  if (lastTry) prompts.push('pause', 'offer-agent');
  return prompts;
}

/** How the customer is told how it ended. */
export function resultPrompts(result: PaymentResult): readonly PromptName[] {
  switch (result.outcome) {
    case 'approved':
    case 'declined':
      return [result.outcome, 'pause', 'returning'];
    case 'unknown':
      return ['unknown'];
    case 'cancelled':
      return ['returning'];
    case 'failed':
      return [failure(result.reason), 'pause', 'returning'];
  }
}

function failure(reason: Reason): PromptName {
  if (reason === 'too-many-mistakes') return 'too-many-mistakes';
  return reason === 'silence' || reason === 'time-limit' ? 'time-over' : 'failed';
}

/** One line of a dialogue's script. */
export type ScriptLine =
  | { readonly type: 'say'; readonly prompts: readonly PromptName[] }
  | { readonly type: 'ask'; readonly rules: FieldRules }
  | { readonly type: 'process' };

export const say = (...prompts: PromptName[]): ScriptLine => ({ type: 'say', prompts });
export const ask = (rules: FieldRules): ScriptLine => ({ type: 'ask', rules });
/** Hands the card over and waits for the result. */
export const process: ScriptLine = { type: 'process' };
