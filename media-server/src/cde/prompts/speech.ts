import { type Language } from '../contract.ts';
import { MINOR_DIGITS, type Money } from '../../shared/money.ts';
import type { Fragment } from './names.ts';
import { type AmountRule, CHOICES, KEYS_SAID, NUMBER_LIMIT, ruleFor, type SpeechRules, type Word } from './rules.ts';

/** Signs that are spelled: nobody listens to more. */
const SPELLED_LIMIT = 20;

/**
 * How a language says what isn't known beforehand, as fragments to be played one after the other. Everything comes from
 * the rules in its `prompts.json`. Numbers outside the limits throw a RangeError: a bug.
 */
export interface Speech {
  /** An amount of 1 … `AMOUNT_LIMIT_MINOR`, as what follows `amount-is`. In Japanese it closes its sentence (です). */
  readonly amount: (money: Money) => Fragment[];
  /** 0 … 9,999,999. */
  readonly number: (value: number) => Fragment[];
  /** "4 digits so far", 1 … 19. */
  readonly keys: (count: number) => Fragment[];
  /** "For English, press 2", 1 … 9: for this language's own voice. */
  readonly choice: (key: number) => Fragment[];
  /**
   * Letters, digits and the signs that the language has words for, one by one; others are left out. Nothing where there
   * are more than 20.
   */
  readonly spell: (text: string) => Fragment[];
}

/** The speech of a language by its rules. */
export function createSpeech(language: Language, rules: SpeechRules): Speech {
  const plurals = new Intl.PluralRules(language);
  const unit = (forms: AmountRule['major'], value: number): string => {
    const category = plurals.select(value);
    return (category !== 'zero' && forms?.[category]) || forms?.other || '';
  };
  const number = (set: string, value: number, least: number, most: number): Fragment[] => {
    if (!Number.isInteger(value) || value < least || value > most) throw new RangeError(`${set} can't say ${value}`);
    return sayNumber(rules, set, value);
  };
  return {
    number: (value) => number('number', value, 0, NUMBER_LIMIT),
    keys: (count) => number('keys', count, 1, KEYS_SAID),
    choice: (key) => number('choice', key, 1, CHOICES),
    amount({ amountMinor, currency }) {
      const rule = rules.money.get(currency);
      if (!rule || amountMinor < 1 || amountMinor > NUMBER_LIMIT) throw new RangeError('There is no such amount');
      const scale = 10 ** MINOR_DIGITS[currency];
      const [major, minor] = [Math.floor(amountMinor / scale), amountMinor % scale];
      const words = minor === 0 ? rule.whole : major === 0 ? rule.part : rule.both;
      return words.flatMap((word) => {
        if (word.is === 'part') return sayNumber(rules, word.set ?? 'number', word.part === 'major' ? major : minor);
        if (word.slot === undefined) return [name(word, '')];
        return [name(word, word.slot === 'major-unit' ? unit(rule.major, major) : unit(rule.minor, minor))];
      });
    },
    spell(text) {
      const fragments = [...text.normalize('NFKC').toUpperCase()].flatMap((sign) => rules.signs.get(sign) ?? []);
      return fragments.length > SPELLED_LIMIT ? [] : (fragments as Fragment[]);
    },
  };
}

function sayNumber(rules: SpeechRules, set: string, value: number): Fragment[] {
  const rule = ruleFor(rules.numbers.get(set) ?? [], value);
  if (!rule) throw new Error(`The rules were checked and still say nothing of ${value} in ${set}`);
  const by = rule.by ?? value + 1;
  const rest = rule.by === undefined ? 0 : value % by;
  return (rest === 0 ? rule.exact : rule.say).flatMap((word) => {
    if (word.is === 'part')
      return sayNumber(rules, word.set ?? set, word.part === 'count' ? Math.floor(value / by) : rest);
    return [name(word, word.slot === undefined ? '' : `${word.slot === 'n' ? value : value - rest}`)];
  });
}

function name(word: Extract<Word, { is: 'fragment' }>, inside: string): Fragment {
  return `${word.before}${inside}${word.after}` as Fragment;
}
