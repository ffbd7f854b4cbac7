import type { PaymentResult } from '../contract.ts';
import { anotherCardPrompts, isAboutTheCard } from './results.ts';
import type { Moment } from './state.ts';
import { forget, lineOf, startLine } from './walk.ts';

/**
 * Counts a declined card and asks for another one, if the customer may try one.
 * @returns whether it did
 */
export function tryAnotherCard(moment: Moment, result: PaymentResult): boolean {
  const { dialogue, now } = moment;
  const asked = lineOf(dialogue, 'card-number');
  if (!asked || !isAboutTheCard(result)) return false;
  dialogue.declined++;
  if (dialogue.declined >= (dialogue.options.cards ?? 1)) return false;
  dialogue.decline = result;
  // A further card has its own tries and its own time.
  dialogue.begun = now;
  for (const field of ['card-number', 'expiry', 'security-code'] as const) {
    forget(dialogue, field);
    delete dialogue.mistakes[field];
  }
  startLine(moment, asked.line, anotherCardPrompts(result));
  return true;
}
