import { expect, test } from 'vitest';
import type { PaymentResult } from '../contract.ts';
import { asked, endOf, lastSaid, lineOf, optionsOf, progressOf, said, VISA } from './line.testing.ts';

const APPROVED: PaymentResult = { outcome: 'approved', reason: 'none' };
const NO_MONEY = { amountMinor: 0, currency: 'JPY', reference: 'A-1' } as const;

test('a hold says that nothing is charged yet, and takes a card like a charge', () => {
  const phone = lineOf({ purpose: 'authorize' });
  phone.begin();
  expect(said(phone)).toEqual([
    ...['opening-authorize', 'pause', 'reference-is', 'c-a', 'c-1', 'breath', 'amount-held-is'],
    ...['n-10000', 'n-2000', 'n-800-yen', 'pause', 'confirm'],
  ]);
  phone.keys(`1${VISA}1227123`, 3);
  phone.input({ type: 'result', result: APPROVED });
  expect(lastSaid(phone)).toEqual(['held', 'pause', 'returning']);
});

test('a card update says so, speaks of no amount, and ends in words of its own', () => {
  for (const [result, sentence] of [
    [APPROVED, 'registered'],
    [{ outcome: 'declined', reason: 'card-refused' }, 'not-registered'],
    [{ outcome: 'failed', reason: 'gateway-unreachable' }, 'not-registered'],
  ] as const) {
    const phone = lineOf({ purpose: 'card-update', order: NO_MONEY });
    phone.begin();
    expect(lastSaid(phone)).toEqual(['opening-card-update', 'pause', 'card-number']);
    phone.keys(`${VISA}1227123`, 3);
    expect(phone.card).toBeDefined();
    phone.input({ type: 'result', result });
    expect(lastSaid(phone)[0]).toBe(sentence);
    phone.listen();
    expect(endOf(phone)).toEqual(result);
  }
});

test('a stored card is charged after a 1, without any card being keyed', () => {
  const phone = lineOf({ purpose: 'stored-charge' });
  phone.begin();
  expect(lastSaid(phone)[0]).toBe('opening-stored-charge');
  phone.keys('1', 3);
  expect(phone.outputs.filter(({ type }) => type === 'charge-stored').length).toBe(1);
  expect(phone.card).toBeUndefined();
  phone.input({ type: 'result', result: { outcome: 'failed', reason: 'no-such-card' } });
  expect(lastSaid(phone)).toEqual(['no-stored-card', 'pause', 'returning']);
});

test('a declined stored card asks for no other', () => {
  const phone = lineOf({ purpose: 'stored-charge', cards: 3 });
  phone.begin();
  phone.keys('1', 3);
  phone.input({ type: 'result', result: { outcome: 'declined', reason: 'funds' } });
  expect(lastSaid(phone)).toEqual(['funds-missing', 'pause', 'declined', 'pause', 'returning']);
});

test('a long order number, or one with signs that have no word, is not spelled', () => {
  for (const reference of ['2026-0001-7788', '注文12']) {
    const phone = lineOf({ order: { amountMinor: 500, currency: 'JPY', reference } });
    phone.begin();
    expect(said(phone)).not.toContain('reference-is');
  }
});

test('each language offers itself in its own words, and the chosen one is spoken from there on', () => {
  const phone = lineOf({ languages: ['ja', 'en'] });
  phone.begin();
  const offer = phone.outputs.find((output) => output.type === 'play');
  expect(offer?.prompts).toEqual([
    { prompt: 'language-1', language: 'ja' },
    'pause',
    { prompt: 'language-2', language: 'en' },
  ]);
  phone.keys('2', 3);
  const next = phone.outputs.findLast((output) => output.type === 'play');
  expect(next).toMatchObject({ language: 'en' });
  expect(next?.prompts).toContain('thousand');
  expect(progressOf(phone)).toMatchObject({ step: 'confirmation', language: 'en' });
});

test('whoever keys nothing, or nonsense, hears the payment’s own language', () => {
  for (const keys of ['', '9', '99']) {
    const phone = lineOf({ languages: ['en', 'ja'] });
    phone.begin();
    for (let turn = 0; turn < 5 && progressOf(phone)?.step === 'language'; turn++) {
      phone.listen();
      if (turn < 2) phone.keys(keys, 3);
      phone.wait(5000);
    }
    expect(progressOf(phone)).toMatchObject({ step: 'confirmation', language: 'ja' });
  }
});

test('everything may be keyed ahead of every prompt, the choice of language included', () => {
  for (const perSecond of [1, 3, 10]) {
    const phone = lineOf({ languages: ['ja', 'en'] });
    phone.begin();
    phone.keys(`21${VISA}1227123`, perSecond);
    expect([...(phone.card?.number ?? [])].join('')).toBe(VISA);
    expect([...(phone.card?.securityCode ?? [])].join('')).toBe('123');
  }
});

test('a merchant’s brands narrow those of its gateway', () => {
  const phone = lineOf({ brands: ['mastercard', 'amex'], lengths: { visa: [16], mastercard: [16] } });
  phone.begin();
  phone.keys(`1${VISA}`, 5);
  phone.wait(3000);
  expect(lastSaid(phone)).toEqual(['brand-refused']);
  phone.keys('378282246310005', 5);
  phone.wait(8000);
  expect(lastSaid(phone)[0]).toBe('brand-refused');
  phone.keys('5555555555554444', 5);
  expect(progressOf(phone)?.step).toBe('expiry');
});

test('a field ends by itself at the only length that its brand and the gateway allow', () => {
  for (const [number, length] of [
    ['378282246310005', 15],
    ['36006666333344', 14],
    ['3530111333300000', 16],
    ['4111111111111111', 16],
  ] as const) {
    const phone = asked('card-number');
    phone.keys(number.slice(0, -1), 5);
    expect(progressOf(phone)).toMatchObject({ step: 'card-number', of: length });
    phone.keys(number.slice(-1), 5);
    expect(progressOf(phone)?.step).toBe('expiry');
  }
});

test('what is wrong is said precisely: one digit missing, too many, or just too few', () => {
  for (const [keys, sentence] of [
    ['424242424242424#', 'one-digit-missing'],
    ['42424242424#', 'too-short'],
    ['42424242424242412', 'too-long'],
    ['42424242424242411227', 'check-failed'],
  ] as const) {
    const phone = asked('card-number');
    phone.keys(keys, 5);
    phone.wait(3000);
    expect(lastSaid(phone)[0], keys).toBe(sentence);
  }
  const date = asked('expiry');
  date.keys('122#', 3);
  expect(lastSaid(date)[0]).toBe('one-digit-missing');
});

/** 19 digits that no issuer gave away, of Visa's form; its first 16 are no number. */
const LONG_VISA = `4${'0'.repeat(17)}6`;

test('a brand that isn’t taken and a number longer than the gateway takes are told to the customer and, in their words, to the agent', () => {
  for (const [keys, cardRefused] of [
    ['378282246310005', 'brand-refused'],
    [LONG_VISA, 'number-too-long'],
  ] as const) {
    const phone = lineOf({
      lengths: { visa: [16], mastercard: [16] },
      limits: { ...optionsOf().limits, mistakesPerField: 2 },
    });
    phone.begin();
    phone.keys('1', 5);
    expect(progressOf(phone)).not.toHaveProperty('cardRefused');
    phone.keys(keys, 5);
    phone.wait(8000);
    expect(lastSaid(phone)[0]).toBe('brand-refused');
    expect(progressOf(phone)).toMatchObject({ step: 'card-number', mistakes: 1, cardRefused });
    phone.keys(keys, 5);
    phone.wait(8000);
    expect(endOf(phone)).toEqual({ outcome: 'failed', reason: cardRefused });
    expect(lastSaid(phone)[0]).toBe('card-refused');
    expect(phone.card).toBeUndefined();
  }
});

test('after a card that can’t be used another one is taken, and nothing is held against it', () => {
  const phone = lineOf({ lengths: { visa: [16] } });
  phone.begin();
  phone.keys(`1${LONG_VISA}`, 5);
  phone.wait(3000);
  expect(progressOf(phone)).toMatchObject({ cardRefused: 'number-too-long' });
  phone.keys(VISA, 5);
  expect(progressOf(phone)).toMatchObject({ step: 'expiry' });
  expect(progressOf(phone)).not.toHaveProperty('cardRefused');
  phone.keys('1227123', 5);
  expect([...(phone.card?.number ?? [])].join('')).toBe(VISA);
});
