import { cardNumber, expiry, securityCode } from './card-questions.ts';
import { confirmAmount } from './confirm-amount.ts';
import type { DialogueOptions } from './exchange.ts';
import { ask, processCard, say, type ScriptLine } from './script.ts';

/** Holds an order's amount on a card; it is captured later, or given free. */
export function authorize(options: DialogueOptions): readonly ScriptLine[] {
  return [
    say('opening-authorize', 'pause'),
    ask(confirmAmount(options, 'amount-held-is')),
    ask(cardNumber),
    ask(expiry),
    ask(securityCode),
    processCard,
  ];
}
