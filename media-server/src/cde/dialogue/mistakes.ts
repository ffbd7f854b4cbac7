import type { PromptName } from '../prompts/names.ts';
import type { Mistake } from './ask.ts';
import type { Phrase } from './exchange.ts';

/** How a mistake is told: what was wrong comes first, the question again only where the sentence doesn't imply it. */
const MISTAKES: {
  readonly [mistake in Mistake]: { readonly says: readonly PromptName[]; readonly asksAgain: boolean };
} = {
  silence: { says: ['silence'], asksAgain: true },
  'wrong-key': { says: ['wrong-key'], asksAgain: true },
  'too-short': { says: ['too-short'], asksAgain: false },
  'one-digit-missing': { says: ['one-digit-missing'], asksAgain: false },
  'too-long': { says: ['too-long'], asksAgain: false },
  'check-failed': { says: ['check-failed'], asksAgain: false },
  'brand-refused': { says: ['brand-refused'], asksAgain: false },
  'number-too-long': { says: ['brand-refused'], asksAgain: false },
  expired: { says: ['expired'], asksAgain: false },
  'expiry-wrong': { says: ['expiry-wrong'], asksAgain: true },
  'month-first': { says: ['month-first', 'pause', 'date-example'], asksAgain: false },
  'code-wrong': { says: ['code-wrong'], asksAgain: false },
  'code-expired': { says: ['code-expired'], asksAgain: false },
};

/** What a mistake's sentence depends on besides it. */
export interface MistakeContext {
  readonly question: readonly Phrase[];
  /** One more mistake ends the dialogue. */
  readonly lastTry: boolean;
  readonly gentle: boolean;
  /** Another one-time code can be had. */
  readonly otherCode: boolean;
}

/** What is said after a mistake, with the one command that helps now: before the last try the person is offered. */
export function afterMistake(mistake: Mistake, context: MistakeContext): Phrase[] {
  const { says, asksAgain } = MISTAKES[mistake];
  const help = helpAfter(mistake, context);
  return [
    ...says,
    ...(asksAgain ? (['pause', ...context.question] as const) : []),
    ...(help === undefined ? [] : (['pause', help] as const)),
  ];
}

function helpAfter(mistake: Mistake, { lastTry, gentle, otherCode }: MistakeContext): PromptName | undefined {
  if (otherCode && (mistake === 'silence' || mistake === 'code-expired')) return 'another-code';
  if (lastTry) return 'offer-agent';
  if (mistake === 'silence') return 'star-nine';
  const tooSlow = mistake === 'too-short' || mistake === 'one-digit-missing';
  return tooSlow && !gentle ? 'star-eight' : undefined;
}
