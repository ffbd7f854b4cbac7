import { cardNumber, expiry, securityCode } from './card-questions.ts';
import { confirmAmount } from './confirm-amount.ts';
import type { DialogueOptions } from './exchange.ts';
import { ask, processCard, say, type ScriptLine } from './script.ts';

/** Pays an order now. */
export function charge(options: DialogueOptions): readonly ScriptLine[] {
  return [
    say('opening', 'pause'),
    ask(confirmAmount(options)),
    ask(cardNumber),
    ask(expiry),
    ask(securityCode),
    processCard,
  ];
}
