import type { Language } from '../contract.ts';
import { MINOR_DIGITS, type Money } from '../../shared/money.ts';
import type { NumberName, PromptName, Unit, UnitName } from './names.ts';

/** The words of a currency: one and several of its unit, and of its hundredth where it has one. */
interface CurrencyWords {
  readonly one: Unit;
  readonly many: Unit;
  readonly minorOne?: Unit;
  readonly minorMany?: Unit;
}

const WORDS: { readonly [currency in Money['currency']]: CurrencyWords } = {
  JPY: { one: 'yen', many: 'yen' },
  USD: { one: 'dollar', many: 'dollars', minorOne: 'cent', minorMany: 'cents' },
  EUR: { one: 'euro', many: 'euros', minorOne: 'cent', minorMany: 'cents' },
  GBP: { one: 'pound', many: 'pounds', minorOne: 'penny', minorMany: 'pence' },
};

/** How a language says an amount. */
interface AmountReader {
  read(major: number, minor: number, money: Money): PromptName[];
  /** Every fragment that it can ever ask for. */
  readonly fragments: readonly PromptName[];
}

const READERS: { readonly [language: Language]: AmountReader } = {
  ja: { read: readJapanese, fragments: japaneseFragments() },
  en: { read: readEnglish, fragments: englishFragments() },
};

/**
 * The fragments that, played one after the other, say an amount (1 … `AMOUNT_LIMIT_MINOR`) as the language's speakers
 * do. Japanese ends with です, so that an amount closes its sentence.
 */
export function amountFragments(money: Money, language: Language): PromptName[] {
  const scale = 10 ** MINOR_DIGITS[money.currency];
  return readerOf(language).read(Math.floor(money.amountMinor / scale), money.amountMinor % scale, money);
}

/** Every fragment that an amount in this language may need. */
export function allAmountFragments(language: Language): readonly PromptName[] {
  return readerOf(language).fragments;
}

function readerOf(language: Language): AmountReader {
  const reader = READERS[language];
  if (!reader) throw new Error(`Nobody knows how amounts are said in ${language}`);
  return reader;
}

function readJapanese(major: number, minor: number, { currency }: Money): PromptName[] {
  const words = WORDS[currency];
  const numbers = japaneseNumber(major);
  if (words.many === 'yen') {
    // The unit belongs to the last number's own word: よえん, not よんえん.
    return numbers.map((value, i): NumberName => (i === numbers.length - 1 ? `n-${value}-yen` : `n-${value}`));
  }
  const said = (values: number[]): PromptName[] => values.map((value): NumberName => `n-${value}`);
  const ended = (unit: Unit | undefined): UnitName[] => (unit === undefined ? [] : [`${unit}-end`]);
  if (minor === 0) return [...said(numbers), ...ended(words.many)];
  const minorPart = [...said(japaneseNumber(minor)), ...ended(words.minorMany)];
  return major === 0 ? minorPart : [...said(numbers), words.many, ...minorPart];
}

/** 12,800 is 10,000 and 2,000 and 800; 1,230,000 is 100 and 20 and 30,000 (ひゃく にじゅう さんまん). */
function japaneseNumber(value: number): number[] {
  const tenThousands = places(Math.floor(value / 10_000));
  const last = tenThousands.pop();
  return [...tenThousands, ...(last === undefined ? [] : [last * 10_000]), ...places(value % 10_000)];
}

/** 280 is 200 and 80. */
function places(value: number): number[] {
  return [1000, 100, 10, 1].map((place) => (Math.floor(value / place) % 10) * place).filter((part) => part > 0);
}

function japaneseFragments(): PromptName[] {
  const values = [1, 10, 100, 1000, 10_000, 100_000, 1_000_000].flatMap((place) =>
    [1, 2, 3, 4, 5, 6, 7, 8, 9].map((digit) => digit * place),
  );
  return [
    ...values.flatMap((value): NumberName[] => [`n-${value}`, `n-${value}-yen`]),
    ...(['dollars', 'euros', 'pounds'] as const),
    ...(['dollars-end', 'euros-end', 'pounds-end', 'cents-end', 'pence-end'] as const),
  ];
}

function readEnglish(major: number, minor: number, { currency }: Money): PromptName[] {
  const { one, many, minorOne, minorMany } = WORDS[currency];
  const minorUnit = minor === 1 ? minorOne : minorMany;
  const minorPart: PromptName[] =
    minor === 0 || minorUnit === undefined ? [] : [...englishNumber(minor), `${minorUnit}-end`];
  if (major === 0) return minorPart;
  const unit = major === 1 ? one : many;
  if (minorPart.length === 0) return [...englishNumber(major), `${unit}-end`];
  return [...englishNumber(major), unit, 'and', ...minorPart];
}

function englishNumber(value: number): PromptName[] {
  const millions = Math.floor(value / 1_000_000);
  const thousands = Math.floor(value / 1000) % 1000;
  return [
    ...(millions > 0 ? [`n-${millions}` as const, 'million' as const] : []),
    ...(thousands > 0 ? [...belowThousand(thousands), 'thousand' as const] : []),
    ...belowThousand(value % 1000),
  ];
}

function belowThousand(value: number): PromptName[] {
  const hundreds = Math.floor(value / 100);
  const rest = value % 100;
  return [
    ...(hundreds > 0 ? [`n-${hundreds}` as const, 'hundred' as const] : []),
    ...(rest > 0 ? [`n-${rest}` as const] : []),
  ];
}

function englishFragments(): PromptName[] {
  return [
    ...Array.from({ length: 99 }, (_, i): NumberName => `n-${i + 1}`),
    ...(['hundred', 'thousand', 'million', 'and'] as const),
    ...(['dollar', 'dollars', 'euro', 'euros', 'pound', 'pounds'] as const),
    ...(['yen-end', 'dollar-end', 'dollars-end', 'euro-end', 'euros-end', 'pound-end', 'pounds-end'] as const),
    ...(['cent-end', 'cents-end', 'penny-end', 'pence-end'] as const),
  ];
}
