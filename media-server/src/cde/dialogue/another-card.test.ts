import { expect, test } from 'vitest';
import type { PaymentResult } from '../contract.ts';
import { endOf, lastSaid, type Line, lineOf, progressOf, VISA } from './line.testing.ts';

const FUNDS: PaymentResult = { outcome: 'declined', reason: 'funds' };
const REFUSED: PaymentResult = { outcome: 'declined', reason: 'card-refused' };
const APPROVED: PaymentResult = { outcome: 'approved', reason: 'none' };

function declined(cards = 3, result = FUNDS): Line {
  const phone = lineOf({ cards });
  phone.begin();
  phone.keys(`1${VISA}1227123`, 5);
  phone.wait(3000);
  phone.input({ type: 'result', result });
  return phone;
}

test('a declined card is told, and another one is asked for without the agent', () => {
  const phone = declined();
  expect(lastSaid(phone)).toEqual(['funds-missing', 'pause', 'other-card', 'pause', 'offer-agent']);
  expect(progressOf(phone)).toMatchObject({ step: 'card-number', keys: 0, declined: 1, mistakes: 0 });
  phone.keys('5555555555554444', 3);
  phone.keys('0128', 3);
  phone.keys('456', 3);
  expect([...(phone.card?.number ?? [])].join('')).toBe('5555555555554444');
  expect([...(phone.card?.expiry ?? [])].join('')).toBe('0128');
  phone.input({ type: 'result', result: APPROVED });
  phone.listen();
  expect(endOf(phone)).toEqual(APPROVED);
});

test('what is only known as refused is said in one sentence', () => {
  expect(lastSaid(declined(2, REFUSED))).toEqual(['another-card', 'pause', 'offer-agent']);
});

test('after so many cards the payment ends as declined', () => {
  const phone = declined(2);
  phone.keys('55555555555544440128456', 3);
  phone.input({ type: 'result', result: REFUSED });
  expect(phone.outputs.at(-1)).toEqual({ type: 'telling', result: REFUSED });
  expect(phone.outputs.filter(({ type }) => type === 'authorize').length).toBe(2);
});

test('one card is all that is tried unless more are allowed', () => {
  const phone = declined(1);
  expect(phone.outputs.at(-1)).toEqual({ type: 'telling', result: FUNDS });
});

test('only a decline leads to another card: what failed or isn’t known ends', () => {
  for (const result of [
    { outcome: 'unknown', reason: 'no-answer' },
    { outcome: 'failed', reason: 'gateway-unreachable' },
  ] as const) {
    expect(declined(3, result).outputs.at(-1)).toEqual({ type: 'telling', result });
  }
});

test('whoever has no other card ends with the decline, however they end', () => {
  const ends: readonly ((phone: Line) => void)[] = [
    (phone) => phone.input({ type: 'cancel' }),
    (phone) => phone.input({ type: 'hung-up' }),
    (phone) => phone.keys('*0', 2),
    () => {},
    (phone) => {
      for (let i = 0; i < 3; i++) phone.keys('4#', 3);
    },
  ];
  for (const give of ends) {
    const phone = declined();
    give(phone);
    phone.wait(120_000);
    expect(endOf(phone)).toEqual(FUNDS);
  }
});

test('mistakes with one card are not held against the next, which has its own time', () => {
  const phone = lineOf({ cards: 2 });
  phone.begin();
  phone.keys('1', 3);
  phone.keys('4242#4242#', 3);
  // Each card takes four minutes of the five.
  for (let i = 0; i < 30; i++) phone.keys('9*', 0.25);
  phone.keys(`${VISA}1227123`, 5);
  phone.wait(20_000);
  phone.input({ type: 'result', result: FUNDS });
  expect(progressOf(phone)).toMatchObject({ step: 'card-number', mistakes: 0 });
  for (let i = 0; i < 30; i++) phone.keys('9*', 0.25);
  phone.keys(`${VISA}1227123`, 5);
  expect(phone.outputs.filter(({ type }) => type === 'authorize').length).toBe(2);
});

test('of a declined card nothing stays while the next one is keyed', () => {
  const phone = declined();
  expect(phone.bytes().every((byte) => byte === 0)).toBe(true);
});
