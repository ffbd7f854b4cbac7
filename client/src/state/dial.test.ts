import { expect, test } from 'vitest';
import { dialableNumber } from './dial.ts';

test('a number is read however it was written', () => {
  expect(dialableNumber('03-1234-5678')).toBe('0312345678');
  expect(dialableNumber('０３ー１２３４ー５６７８')).toBe('0312345678');
  expect(dialableNumber('+81 (3) 1234.5678')).toBe('+81312345678');
  expect(dialableNumber('tel:+81-3-1234-5678')).toBe('+81312345678');
});

test('what is no number is refused', () => {
  for (const text of ['', 'abc', '12+3', '1234567890123456']) expect(dialableNumber(text), text).toBeNull();
});
