import { confirm } from './confirm.ts';
import type { FieldRules } from './ask.ts';
import type { DialogueOptions, Phrase } from './exchange.ts';

/** Letters and digits of an order's number that a customer listens to; a longer one is not said. */
const SPELLED_LIMIT = 8;

/** Says the order's number, where it can be spelled, and the amount, and wants `1` for a yes. */
export function confirmAmount(
  { order }: DialogueOptions,
  amountIs: 'amount-is' | 'amount-held-is' = 'amount-is',
): FieldRules {
  return confirm(({ language, speech }): readonly Phrase[] => {
    // Dashes and the like cost time and tell nobody anything.
    const signs = [...order.reference.normalize('NFKC').replace(/[^\p{L}\p{N}]/gu, '')];
    const spelled = signs.length <= SPELLED_LIMIT ? speech(language).spell(signs.join('')) : [];
    // A number of which the language has no word for some sign would be another order's.
    const isSaid = spelled.length > 0 && spelled.length === signs.length;
    return [
      ...(isSaid ? (['reference-is', ...spelled, 'breath'] as const) : []),
      amountIs,
      ...speech(language).amount(order),
      'pause',
      'confirm',
    ];
  });
}
