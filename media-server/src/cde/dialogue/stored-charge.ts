import { confirmAmount } from './confirm-amount.ts';
import type { DialogueOptions } from './exchange.ts';
import { ask, processStoredCard, say, type ScriptLine } from './script.ts';

/** Pays an order with the card that the gateway has stored for the member. */
export function storedCharge(options: DialogueOptions): readonly ScriptLine[] {
  return [say('opening-stored-charge', 'pause'), ask(confirmAmount(options)), processStoredCard];
}
