import type { FieldRules } from './ask.ts';
import type { Language } from '../contract.ts';

/** Each language says in its own words which key is its own. Who keys nothing hears the payment's own language. */
export function chooseLanguage(languages: readonly Language[]): FieldRules {
  return {
    name: 'language',
    ask: ({ speech }) =>
      languages.flatMap((language, at) => [
        ...(at === 0 ? [] : (['pause'] as const)),
        ...speech(language)
          .choice(at + 1)
          .map((prompt) => ({ prompt, language })),
      ]),
    limit: () => 1,
    of: () => 1,
    judge(_context, digits, count) {
      if (count === 0) return { is: 'unfinished', mistake: 'silence' };
      return languages[(digits[0] ?? 0) - 1] === undefined ? { is: 'wrong', mistake: 'wrong-key' } : { is: 'complete' };
    },
    restMs: 1500,
    firstKeyMs: 5000,
  };
}
