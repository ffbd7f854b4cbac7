import { expect, test } from 'vitest';
import { AMOUNT_LIMIT_MINOR, type Currency } from '../../shared/money.ts';
import { allAmountFragments, amountFragments } from './amount.ts';

const ja = (amountMinor: number, currency: Currency = 'JPY'): string =>
  amountFragments({ amountMinor, currency }, 'ja').join(' ');
const en = (amountMinor: number, currency: Currency = 'JPY'): string =>
  amountFragments({ amountMinor, currency }, 'en').join(' ');

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
    const fragments = amountFragments({ amountMinor, currency: 'JPY' }, 'ja');
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

test('no amount asks for a fragment that the list does not have, and the list has none that no amount asks for', () => {
  for (const language of ['ja', 'en'] as const) {
    const asked = new Set<string>();
    for (const currency of ['JPY', 'USD', 'EUR', 'GBP'] as const) {
      for (let amountMinor = 1; amountMinor < 12_000; amountMinor++) {
        for (const fragment of amountFragments({ amountMinor, currency }, language)) asked.add(fragment);
      }
      for (let amountMinor = 10_000; amountMinor <= AMOUNT_LIMIT_MINOR; amountMinor += 5000) {
        for (const fragment of amountFragments({ amountMinor, currency }, language)) asked.add(fragment);
      }
    }
    expect([...asked].sort()).toEqual([...new Set(allAmountFragments(language))].sort());
  }
});
