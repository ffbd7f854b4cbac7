import { expect, test } from 'vitest';
import { holdsCardNumber, withoutCardNumbers } from './card-digits.ts';

const VISA = '4242424242424242';
const fours = (between: string) => VISA.replaceAll(/(.{4})(?=.)/g, `$1${between}`);
const inDigitsFrom = (zero: number) => [...VISA].map((digit) => String.fromCodePoint(zero + Number(digit))).join('');

test.each([
  ['as it is', VISA],
  ['in fours', fours(' ')],
  ['with dashes', fours('-')],
  ['with spaces around dashes', fours('- ')],
  ['with dots', fours('.')],
  ['digit by digit', [...VISA].join(' ')],
  ['in full-width digits', inDigitsFrom(0xff10)],
  ['in full-width digits and dashes', inDigitsFrom(0xff10).replaceAll(/(.{4})(?=.)/g, '$1\uFF0D')],
  ['with ideographic spaces', fours('\u3000')],
  ['with no-break hyphens', fours('\u2011')],
  ['with spaces that are not seen', fours('\u200B')],
  ['with soft hyphens', fours('\u00AD')],
  ['in Arabic digits', inDigitsFrom(0x660)],
  ['in mathematical digits', inDigitsFrom(0x1d7ce)],
  ['in a longer text', `注文は${fours(' ')}です`],
])('a card number is noticed %s, and taken out', (_how, text) => {
  expect(holdsCardNumber(text)).toBe(true);
  const clean = withoutCardNumbers(`order ${text}, please`);
  expect(clean).toMatch(/^order .*\[card number\?\].*, please$/);
  expect(holdsCardNumber(clean)).toBe(false);
});

test.each([
  'ORDER-1',
  '2026-11-24',
  '12,800円',
  '+819012345678'.slice(0, 12),
  '０１２３４５６７８９',
  '000000000000000',
])('what is none stays: %s', (text) => {
  expect(holdsCardNumber(text)).toBe(false);
  expect(withoutCardNumbers(text)).toBe(text);
});

test('of several the others’ places stay what they were', () => {
  const text = `a ${VISA} 𝟘 b ${inDigitsFrom(0xff10)} c`;
  expect(withoutCardNumbers(text)).toMatch(/^a \[card number\?\].* b \[card number\?\] c$/);
});

test('a long hostile text costs no more than its length', () => {
  const before = performance.now();
  holdsCardNumber('1'.repeat(500_000));
  holdsCardNumber('１ー'.repeat(100_000));
  expect(performance.now() - before).toBeLessThan(2000);
});
