import creditCardType from 'credit-card-type';
import { expect, test } from 'vitest';
import {
  brandOf,
  knownLength,
  numberLimit,
  numberState,
  passesLuhn,
  SANDBOX_LENGTHS,
  securityCodeLength,
} from './brands.ts';

/** Published test numbers only. */
const CARDS = {
  '4242424242424242': 'visa',
  '4111111111111111': 'visa',
  '4000000000000002': 'visa',
  '4000000000000341': 'visa',
  '4999000000000005': 'visa',
  '5555555555554444': 'mastercard',
  '2223003122003222': 'mastercard',
  '2720990000000007': 'mastercard',
  '378282246310005': 'amex',
  '3530111333300000': 'jcb',
  '36006666333344': 'diners',
} as const;

const digits = (text: string): Buffer => Buffer.from([...text].map(Number));

test('published test cards have their brand and their check digit, and are complete at the one length that is taken', () => {
  for (const [card, brand] of Object.entries(CARDS)) {
    const buffer = digits(card);
    expect(brandOf(buffer, buffer.length), card).toBe(brand);
    expect(passesLuhn(buffer, buffer.length), card).toBe(true);
    expect(numberState(buffer, buffer.length, SANDBOX_LENGTHS), card).toBe('complete');
    expect(numberState(buffer, buffer.length - 1, SANDBOX_LENGTHS), card).toBe('short');
  }
});

test('any one wrong digit is noticed', () => {
  for (const card of Object.keys(CARDS)) {
    for (let at = 1; at < card.length; at++) {
      const buffer = digits(card);
      buffer[at] = ((buffer[at] ?? 0) + 1) % 10;
      expect(passesLuhn(buffer, buffer.length)).toBe(false);
    }
  }
  expect(passesLuhn(Buffer.alloc(16), 16)).toBe(false);
});

test('a brand is named as soon as its digits leave no other, and agrees with the library for every prefix of four', () => {
  const brands = { 'american-express': 'amex', 'diners-club': 'diners' } as Record<string, string>;
  const known = ['visa', 'mastercard', 'american-express', 'jcb', 'diners-club', 'discover'];
  for (let prefix = 1000; prefix < 10_000; prefix++) {
    const types = creditCardType(String(prefix)).map(({ type }) => type);
    const [type] = types;
    if (types.length !== 1 || type === undefined || !known.includes(type)) continue;
    expect(brandOf(digits(String(prefix)), 4), String(prefix)).toBe(brands[type] ?? type);
  }
  expect(brandOf(digits('3'), 1)).toBeUndefined();
  expect(brandOf(digits('4'), 1)).toBe('visa');
  expect(brandOf(digits('9'), 1)).toBe('other');
});

test('the gateway narrows the lengths, never widens them', () => {
  const card = digits('4242424242424242');
  expect(knownLength(card, 4, SANDBOX_LENGTHS)).toBe(16);
  expect(knownLength(card, 4, { visa: [16, 19] })).toBeUndefined();
  expect(knownLength(card, 4, { visa: [13, 16] })).toBe(16);
  expect(numberLimit(card, 4, { visa: [16, 18] })).toBe(18);
  expect(numberState(card, 16, { visa: [16, 18] })).toBe('enough');
  expect(numberState(card, 16, {})).toBe('refused');
});

test('UnionPay has no check digit to be held to', () => {
  const card = digits('6221261111117761');
  expect(numberState(card, 16, { unionpay: [16] })).toBe('complete');
});

test('only American Express has a code of four digits', () => {
  expect(securityCodeLength('amex')).toBe(4);
  expect(securityCodeLength('visa')).toBe(3);
  expect(securityCodeLength('other')).toBe(3);
});
