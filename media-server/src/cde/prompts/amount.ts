import type { Language } from '../contract.ts';
import type { Money } from '../../shared/money.ts';
import { PROMPTS_FOLDER, readLanguage } from './language.ts';
import type { Fragment } from './names.ts';
import type { Speech } from './speech.ts';

const speeches = new Map<Language, Speech>();

/** The fragments that say an amount in one of the languages at hand. */
export function amountFragments(money: Money, language: Language): Fragment[] {
  const speech = speeches.get(language) ?? readLanguage(PROMPTS_FOLDER, language).speech;
  speeches.set(language, speech);
  return speech.amount(money);
}
