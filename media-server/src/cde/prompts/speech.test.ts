import { expect, test } from 'vitest';
import { AMOUNT_LIMIT_MINOR, type Currency } from '../../shared/money.ts';
import { PROMPTS_FOLDER, readLanguage } from './language.ts';
import { SENTENCES } from './names.ts';

const japanese = readLanguage(PROMPTS_FOLDER, 'ja').speech;
const english = readLanguage(PROMPTS_FOLDER, 'en').speech;
const ja = (amountMinor: number, currency: Currency = 'JPY'): string =>
  japanese.amount({ amountMinor, currency }).join(' ');
const en = (amountMinor: number, currency: Currency = 'JPY'): string =>
  english.amount({ amountMinor, currency }).join(' ');

test('yen are said in Japanese by ten thousands, the last number together with its unit', () => {
  expect({
    1: ja(1),
    4: ja(4),
    10: ja(10),
    14: ja(14),
    100: ja(100),
    360: ja(360),
    1000: ja(1000),
    1001: ja(1001),
    3680: ja(3680),
    8888: ja(8888),
    10_000: ja(10_000),
    11_000: ja(11_000),
    12_800: ja(12_800),
    100_000: ja(100_000),
    105_000: ja(105_000),
    120_000: ja(120_000),
    1_000_000: ja(1_000_000),
    1_230_000: ja(1_230_000),
    2_000_001: ja(2_000_001),
    9_999_999: ja(9_999_999),
  }).toEqual({
    1: 'n-1-yen',
    4: 'n-4-yen',
    10: 'n-10-yen',
    14: 'n-10 n-4-yen',
    100: 'n-100-yen',
    360: 'n-300 n-60-yen',
    1000: 'n-1000-yen',
    1001: 'n-1000 n-1-yen',
    3680: 'n-3000 n-600 n-80-yen',
    8888: 'n-8000 n-800 n-80 n-8-yen',
    10_000: 'n-10000-yen',
    11_000: 'n-10000 n-1000-yen',
    12_800: 'n-10000 n-2000 n-800-yen',
    100_000: 'n-100000-yen',
    105_000: 'n-100000 n-5000-yen',
    120_000: 'n-10 n-20000-yen',
    1_000_000: 'n-1000000-yen',
    1_230_000: 'n-100 n-20 n-30000-yen',
    2_000_001: 'n-2000000 n-1-yen',
    9_999_999: 'n-900 n-90 n-90000 n-9000 n-900 n-90 n-9-yen',
  });
});

test('other currencies are said in Japanese with their units', () => {
  expect(ja(128_050, 'USD')).toBe('n-1000 n-200 n-80 dollars n-50 cents-end');
  expect(ja(128_000, 'USD')).toBe('n-1000 n-200 n-80 dollars-end');
  expect(ja(4, 'EUR')).toBe('n-4 cents-end');
  expect(ja(1_000_001, 'GBP')).toBe('n-10000 pounds n-1 pence-end');
});

test('amounts are said in English as Americans do', () => {
  expect(en(12_800)).toBe('n-12 thousand n-8 hundred yen-end');
  expect(en(1)).toBe('n-1 yen-end');
  expect(en(100)).toBe('n-1 hundred yen-end');
  expect(en(1_000_000)).toBe('n-1 million yen-end');
  expect(en(9_999_999)).toBe('n-9 million n-9 hundred n-99 thousand n-9 hundred n-99 yen-end');
  expect(en(120_015)).toBe('n-1 hundred n-20 thousand n-15 yen-end');
  expect(en(128_050, 'USD')).toBe('n-1 thousand n-2 hundred n-80 dollars and n-50 cents-end');
  expect(en(100, 'USD')).toBe('n-1 dollar-end');
  expect(en(101, 'USD')).toBe('n-1 dollar and n-1 cent-end');
  expect(en(99, 'USD')).toBe('n-99 cents-end');
  expect(en(201, 'GBP')).toBe('n-2 pounds and n-1 penny-end');
  expect(en(150, 'GBP')).toBe('n-1 pound and n-50 pence-end');
  expect(en(200_000, 'EUR')).toBe('n-2 thousand euros-end');
  expect(en(1, 'EUR')).toBe('n-1 cent-end');
});

test('what is said adds up to the amount, for amounts of every size', () => {
  for (let amountMinor = 1; amountMinor <= AMOUNT_LIMIT_MINOR; amountMinor += 1 + Math.floor(amountMinor / 97)) {
    const fragments = japanese.amount({ amountMinor, currency: 'JPY' });
    // Hundreds and tens before a ten thousand count as ten thousands.
    let sum = 0;
    for (const fragment of fragments) {
      const value = Number(fragment.split('-')[1]);
      if (value >= 10_000) sum = sum * 10_000 + value;
      else sum += value;
    }
    expect(sum).toBe(amountMinor);
  }
});

test('numbers are said from nought to 9,999,999', () => {
  expect([0, 7, 20, 808, 40_000, 9_999_999].map((value) => japanese.number(value).join(' '))).toEqual([
    'n-0',
    'n-7',
    'n-20',
    'n-800 n-8',
    'n-40000',
    'n-900 n-90 n-90000 n-9000 n-900 n-90 n-9',
  ]);
  expect([0, 7, 20, 808, 40_000, 1_000_001].map((value) => english.number(value).join(' '))).toEqual([
    'n-0',
    'n-7',
    'n-20',
    'n-8 hundred n-8',
    'n-40 thousand',
    'n-1 million n-1',
  ]);
  for (const value of [-1, 10_000_000, 1.5, Number.NaN]) expect(() => english.number(value)).toThrow(RangeError);
});

test('keys so far and the key of a language are said as the language does', () => {
  expect([japanese.keys(4), japanese.choice(1), english.keys(19), english.choice(2)]).toEqual([
    ['digits-4'],
    ['language-1'],
    ['digits-19'],
    ['language-2'],
  ]);
  expect(() => english.keys(20)).toThrow(RangeError);
  expect(() => english.choice(0)).toThrow(RangeError);
});

test('a reference is spelled sign by sign, wide letters too; what has no word is left out, and a long one is not said', () => {
  expect(english.spell('A-1042').join(' ')).toBe('c-a c-dash c-1 c-0 c-4 c-2');
  expect(japanese.spell('注文Ｂ７').join(' ')).toBe('c-b c-7');
  expect(japanese.spell('お茶')).toEqual([]);
  expect(english.spell('A'.repeat(20))).toHaveLength(20);
  expect(english.spell('A'.repeat(21))).toEqual([]);
});

test('every fragment of a language is one that is asked for', () => {
  for (const language of ['ja', 'en']) {
    const { speech, prompts } = readLanguage(PROMPTS_FOLDER, language);
    const asked = new Set<string>();
    const take = (fragments: readonly string[]) => fragments.forEach((fragment) => asked.add(fragment));
    for (let value = 0; value < 12_000; value++) take(speech.number(value));
    for (let value = 10_000; value <= 9_999_999; value += 5000) take(speech.number(value));
    for (const currency of ['JPY', 'USD', 'EUR', 'GBP'] as const) {
      for (let amountMinor = 1; amountMinor < 12_000; amountMinor++) take(speech.amount({ amountMinor, currency }));
      for (let amountMinor = 10_000; amountMinor <= AMOUNT_LIMIT_MINOR; amountMinor += 5000) {
        take(speech.amount({ amountMinor, currency }));
      }
    }
    for (let count = 1; count <= 19; count++) take(speech.keys(count));
    for (let key = 1; key <= 9; key++) take(speech.choice(key));
    take(speech.spell('0123456789-'));
    take(speech.spell('ABCDEFGHIJKLM'));
    take(speech.spell('NOPQRSTUVWXYZ'));
    const fragments = [...prompts.keys()].filter((name) => !(SENTENCES as readonly string[]).includes(name));
    expect(fragments.sort()).toEqual([...asked].sort());
  }
});
