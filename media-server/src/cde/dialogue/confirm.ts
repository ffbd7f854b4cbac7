import type { FieldContext, FieldRules } from './ask.ts';
import type { Phrase } from './exchange.ts';

/** Says something and takes only `1` for a yes. Any other digit is a mistake; `*0` returns to the agent as everywhere. */
export function confirm(question: (context: FieldContext) => readonly Phrase[]): FieldRules {
  return {
    name: 'confirmation',
    ask: question,
    limit: () => 1,
    of: () => 1,
    judge(_context, digits, count) {
      if (count === 0) return { is: 'unfinished', mistake: 'silence' };
      return digits[0] === 1 ? { is: 'complete' } : { is: 'wrong', mistake: 'wrong-key' };
    },
    restMs: 1500,
  };
}
