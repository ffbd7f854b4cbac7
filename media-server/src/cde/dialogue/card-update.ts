import { cardNumber, expiry, securityCode } from './card-questions.ts';
import { ask, processCard, say, type ScriptLine } from './script.ts';

/** Checks a card and stores it with the gateway, in place of the member's earlier one. */
export function cardUpdate(): readonly ScriptLine[] {
  return [say('opening-card-update', 'pause'), ask(cardNumber), ask(expiry), ask(securityCode), processCard];
}
