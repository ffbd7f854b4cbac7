import { expect, test } from 'vitest';
import { dialledNumber } from './dialled-number.ts';

test('a number as dialled loses its separators only', () => {
  expect(dialledNumber('03-1234 5678', 'as-dialled', undefined)).toBe('0312345678');
  expect(dialledNumber('+81 3 1234 5678', 'as-dialled', '81')).toBe('+81312345678');
});

test('e164 gives 00 and a national 0 their country code', () => {
  expect(dialledNumber('0312345678', 'e164', '81')).toBe('+81312345678');
  expect(dialledNumber('0044 20 7946 0000', 'e164', '81')).toBe('+442079460000');
  expect(dialledNumber('+442079460000', 'e164', '81')).toBe('+442079460000');
  expect(dialledNumber('0312345678', 'e164', undefined)).toBe('0312345678');
});

test('what could end the user part of a URI does not get through', () => {
  expect(dialledNumber('1>;x@evil\r\n', 'as-dialled', undefined)).toBe('1xevil');
});
