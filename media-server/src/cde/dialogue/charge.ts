import { amountFragments } from '../prompts/amount.ts';
import { cardNumber, expiry, securityCode } from './card-questions.ts';
import { confirm } from './confirm.ts';
import type { DialogueOptions } from './exchange.ts';
import { ask, process, say, type ScriptLine } from './say.ts';

/** Pays an order now. */
export function charge({ order, language }: DialogueOptions): readonly ScriptLine[] {
  return [
    say('opening', 'pause'),
    ask(confirm(['amount-is', ...amountFragments(order, language), 'pause', 'confirm'])),
    ask(cardNumber),
    ask(expiry),
    ask(securityCode),
    process,
  ];
}
