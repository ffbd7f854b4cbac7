import { expect, test } from 'vitest';
import { parseAmount } from './amount.ts';

test('yen are read as they are typed, with commas, signs and full-width digits', () => {
  for (const text of ['12800', '12,800', ' ¥12,800 ', '１２８００', '￥１２，８００', '12800円']) {
    expect(parseAmount(text, 'JPY'), text).toEqual({ ok: true, value: 12_800 });
  }
});

test('yen have no decimals, and nobody guesses what was meant', () => {
  expect(parseAmount('12800.00', 'JPY')).toEqual({ ok: false, error: 'decimals' });
  expect(parseAmount('12.345', 'USD')).toEqual({ ok: false, error: 'decimals' });
});

test('dollars are read in cents', () => {
  expect(parseAmount('12.80', 'USD')).toEqual({ ok: true, value: 1_280 });
  expect(parseAmount('12.8', 'USD')).toEqual({ ok: true, value: 1_280 });
  expect(parseAmount('$1,234', 'USD')).toEqual({ ok: true, value: 123_400 });
});

test('nothing, zero, words, broken commas and too much are each told apart', () => {
  expect(parseAmount('  ', 'JPY')).toEqual({ ok: false, error: 'empty' });
  expect(parseAmount('0', 'JPY')).toEqual({ ok: false, error: 'zero' });
  expect(parseAmount('-5', 'JPY')).toEqual({ ok: false, error: 'not-a-number' });
  expect(parseAmount('1,28,00', 'JPY')).toEqual({ ok: false, error: 'not-a-number' });
  expect(parseAmount('10000000', 'JPY')).toEqual({ ok: false, error: 'too-much' });
  expect(parseAmount('9999999', 'JPY')).toEqual({ ok: true, value: 9_999_999 });
});
