import { expect, test } from 'vitest';
import type { PaymentResult } from '../contract.ts';
import { createDialogue, step, wakeAt, wipe } from './dialogue.ts';
import { HASH, STAR } from './exchange.ts';
import {
  asked,
  endOf,
  lastSaid,
  type Line,
  lineOf as line,
  optionsOf as options,
  progressOf,
  said,
  VISA,
} from './line.testing.ts';

const APPROVED: PaymentResult = { outcome: 'approved', reason: 'none', brand: 'visa', lastFour: '4242' };

test('a customer who does what is asked hears the script and pays', () => {
  const phone = line();
  phone.begin();
  phone.listen();
  phone.keys('1', 3);
  phone.listen();
  phone.keys(VISA, 3);
  phone.listen();
  phone.keys('1227', 3);
  phone.listen();
  phone.keys('123', 3);
  const card = phone.card;
  expect(card?.brand).toBe('visa');
  expect([...(card?.number ?? [])].join('')).toBe(VISA);
  expect([...(card?.expiry ?? [])].join('')).toBe('1227');
  expect([...(card?.securityCode ?? [])].join('')).toBe('123');
  phone.input({ type: 'result', result: APPROVED });
  expect(phone.outputs.at(-1)).toEqual({ type: 'telling', result: APPROVED });
  phone.listen();
  expect(endOf(phone)).toEqual(APPROVED);
  expect(said(phone)).toEqual([
    'opening',
    'pause',
    'reference-is',
    'c-a',
    'c-1',
    'breath',
    'amount-is',
    'n-10000',
    'n-2000',
    'n-800-yen',
    'pause',
    'confirm',
    'card-number',
    'expiry',
    'pause',
    'date-example',
    'security-code-back',
    'pause',
    'waiting',
    'approved',
    'pause',
    'returning',
  ]);
});

test('American Express has fifteen digits and a code of four on the front', () => {
  const phone = asked('card-number');
  phone.keys('378282246310005', 3);
  phone.keys('1227', 3);
  expect(lastSaid(phone)).toEqual(['security-code-front']);
  phone.keys('123', 3);
  expect(phone.card).toBeUndefined();
  phone.keys('4', 3);
  expect(phone.card?.brand).toBe('amex');
});

test('every key may be keyed ahead, from the first word on', () => {
  for (const perSecond of [1, 3, 10]) {
    const phone = line();
    phone.begin();
    phone.keys(`1${VISA}1227123`, perSecond);
    expect([...(phone.card?.number ?? [])].join('')).toBe(VISA);
    expect([...(phone.card?.expiry ?? [])].join('')).toBe('1227');
    expect([...(phone.card?.securityCode ?? [])].join('')).toBe('123');
  }
});

test('a belated # after a field that ended by itself changes nothing and cuts nothing short', () => {
  const phone = asked('card-number');
  phone.keys(VISA, 3);
  const before = phone.outputs.length;
  phone.keys('#', 3);
  expect(phone.outputs.length).toBe(before);
  phone.keys('1227#123#', 3);
  expect(phone.card).toBeDefined();
  phone.input({ type: 'result', result: APPROVED });
  phone.keys('#', 3);
  expect(endOf(phone)).toBeUndefined();
});

test('any key stops what is being said', () => {
  const phone = asked('card-number');
  phone.keys('4', 3);
  expect(phone.outputs.at(-2)).toEqual({ type: 'stop-playing' });
});

test('* clears the field at once', () => {
  const phone = asked('expiry');
  phone.keys('99*', 3);
  expect(progressOf(phone)?.keys).toBe(0);
  expect(phone.bytes().filter((byte) => byte === 9)).toEqual([]);
  phone.keys('1227', 3);
  expect(progressOf(phone)?.step).toBe('security-code');
});

test('a field that is too short is said to be so, and is empty again', () => {
  const phone = asked('expiry');
  phone.keys('12#', 3);
  expect(lastSaid(phone)).toEqual(['too-short', 'pause', 'star-eight']);
  expect(progressOf(phone)).toMatchObject({ step: 'expiry', keys: 0, of: 4, mistakes: 1 });
});

test('a wrong number is told when the keys rest, and what was keyed on is dropped with it', () => {
  const phone = asked('card-number');
  phone.keys('4242424242424241', 5);
  phone.keys('1227123', 5);
  expect(progressOf(phone)).toMatchObject({ step: 'card-number', keys: 16, of: 16, mistakes: 0 });
  phone.wait(3000);
  expect(lastSaid(phone)).toEqual(['check-failed']);
  phone.keys(VISA, 5);
  expect(progressOf(phone)?.step).toBe('expiry');
});

test('a number that its brand allows to be longer ends by # or after three seconds', () => {
  const lengths = { visa: [16, 19] };
  for (const ending of ['hash', 'silence'] as const) {
    const phone = line({ lengths });
    phone.begin();
    phone.keys('1', 3);
    expect(lastSaid(phone)).toEqual(['card-number', 'pause', 'press-hash']);
    phone.keys(VISA, 3);
    expect(progressOf(phone)?.step).toBe('card-number');
    if (ending === 'hash') phone.keys('#', 3);
    else phone.wait(3000);
    expect(progressOf(phone)?.step).toBe('expiry');
  }
});

test('a brand that the gateway does not take is refused in words', () => {
  const phone = line({ lengths: { visa: [16] } });
  phone.begin();
  phone.keys('15555555555554444', 3);
  phone.wait(3000);
  expect(lastSaid(phone)).toEqual(['brand-refused']);
});

test('an expired card leads back to the card number, a year keyed first is explained', () => {
  const phone = asked('expiry');
  phone.keys('2712', 3);
  phone.wait(1500);
  expect(lastSaid(phone)).toEqual(['month-first', 'pause', 'date-example']);
  phone.keys('0626', 3);
  phone.wait(1500);
  expect(lastSaid(phone)).toEqual(['expired', 'pause', 'offer-agent']);
  expect(progressOf(phone)?.step).toBe('card-number');
  expect(phone.bytes().filter((byte) => byte !== 0)).toEqual([]);
  phone.keys('55555555555544441227123', 3);
  expect(phone.card?.brand).toBe('mastercard');
});

test('a year keyed with four digits is no expired card: the date is asked again', () => {
  const phone = asked('expiry');
  phone.keys('052027', 3);
  phone.wait(1500);
  expect(lastSaid(phone)).toEqual(['expiry-wrong', 'pause', 'expiry', 'pause', 'date-example']);
  expect(progressOf(phone)?.step).toBe('expiry');
});

test('anything but 1 is no consent, whatever follows it', () => {
  const phone = line();
  phone.begin();
  phone.keys('511', 3);
  expect(progressOf(phone)?.step).toBe('confirmation');
  phone.wait(1500);
  expect(lastSaid(phone)[0]).toBe('wrong-key');
  phone.keys('1', 3);
  expect(progressOf(phone)?.step).toBe('card-number');
});

test('silence is noticed by the agent at half of its time, asks again, and the third time ends it', () => {
  const phone = asked('card-number');
  phone.listen();
  phone.wait(5000);
  expect(progressOf(phone)).toMatchObject({ waiting: true, mistakes: 0 });
  phone.wait(5000);
  expect(lastSaid(phone)).toEqual(['silence', 'pause', 'card-number', 'pause', 'star-nine']);
  phone.listen();
  phone.wait(10_000);
  expect(lastSaid(phone)).toEqual(['silence', 'pause', 'card-number', 'pause', 'offer-agent']);
  phone.listen();
  phone.wait(10_000);
  expect(lastSaid(phone)).toEqual(['time-over', 'pause', 'returning']);
  phone.listen();
  expect(endOf(phone)).toEqual({ outcome: 'failed', reason: 'silence' });
});

test('the third mistake in a field ends it', () => {
  const phone = asked('security-code');
  for (let i = 0; i < 3; i++) phone.keys('1#', 3);
  expect(lastSaid(phone)).toEqual(['too-many-mistakes', 'pause', 'returning']);
  phone.listen();
  expect(endOf(phone)).toEqual({ outcome: 'failed', reason: 'too-many-mistakes' });
});

test('the whole time is limited, however busy the customer is', () => {
  const phone = asked('expiry');
  while (endOf(phone) === undefined && phone.now < 400_000) phone.keys('9*', 1);
  expect(said(phone)).toContain('time-over');
  expect(phone.now).toBeLessThan(320_000);
  expect(endOf(phone)).toEqual({ outcome: 'failed', reason: 'time-limit' });
});

test('before the card is handed over, the agent can end it: the customer is told first, so that no more keys come', () => {
  for (const field of ['confirmation', 'card-number', 'expiry', 'security-code'] as const) {
    const cancelled = asked(field);
    cancelled.keys('5', 3);
    cancelled.input({ type: 'cancel' });
    expect(lastSaid(cancelled)).toEqual(['returning']);
    expect(cancelled.bytes().every((byte) => byte === 0)).toBe(true);
    cancelled.keys('42', 3);
    expect(endOf(cancelled)).toBeUndefined();
    cancelled.listen();
    expect(endOf(cancelled)).toEqual({ outcome: 'cancelled', reason: 'by-agent' });
    expect(cancelled.bytes().every((byte) => byte === 0)).toBe(true);
  }
});

test('a customer who hangs up before the card is handed over ends it at once', () => {
  for (const field of ['confirmation', 'card-number', 'expiry', 'security-code'] as const) {
    const gone = asked(field);
    gone.keys('5', 3);
    gone.input({ type: 'hung-up' });
    expect(endOf(gone)).toEqual({ outcome: 'cancelled', reason: 'customer-hung-up' });
    expect(gone.bytes().every((byte) => byte === 0)).toBe(true);
  }
});

test('after that the outcome decides, told to whoever is still there', () => {
  const paid = (): Line => {
    const phone = line();
    phone.begin();
    phone.keys(`1${VISA}1227123`, 5);
    return phone;
  };
  const cancelled = paid();
  cancelled.input({ type: 'cancel' });
  cancelled.input({ type: 'result', result: APPROVED });
  expect(cancelled.outputs.at(-1)).toEqual({ type: 'telling', result: APPROVED });

  const gone = paid();
  gone.input({ type: 'hung-up' });
  gone.wait(60_000);
  gone.input({ type: 'result', result: APPROVED });
  expect(gone.outputs.at(-1)).toEqual({ type: 'end', result: APPROVED });
  expect(gone.outputs.some((o) => o.type === 'telling')).toBe(false);

  const goneLater = paid();
  goneLater.input({ type: 'result', result: APPROVED });
  goneLater.input({ type: 'hung-up' });
  expect(endOf(goneLater)).toEqual(APPROVED);
});

test('while the gateway is slow the customer hears again that we are checking', () => {
  const phone = line();
  phone.begin();
  phone.keys(`1${VISA}1227123`, 5);
  phone.listen();
  const before = said(phone).filter((name) => name === 'waiting').length;
  phone.wait(10_000);
  expect(said(phone).filter((name) => name === 'waiting').length).toBe(before + 1);
});

test('each result has its sentence', () => {
  const sentences = (
    [
      ['approved', 'none', 'approved'],
      ['declined', 'funds', 'declined'],
      ['failed', 'gateway-unreachable', 'failed'],
      ['unknown', 'no-answer', 'unknown'],
    ] as const
  ).map(([outcome, reason]) => {
    const phone = line();
    phone.begin();
    phone.keys(`1${VISA}1227123`, 5);
    phone.input({ type: 'result', result: { outcome, reason } });
    return lastSaid(phone)[0];
  });
  expect(sentences).toEqual(['approved', 'funds-missing', 'failed', 'unknown']);
});

test('a key too many after the last field does not cost the customer the result; later a key cuts it short', () => {
  const phone = line();
  phone.begin();
  phone.keys(`1${VISA}1227123`, 5);
  phone.input({ type: 'result', result: APPROVED });
  expect(phone.outputs.slice(-4).map((output) => output.type)).toEqual(['stop-playing', 'progress', 'play', 'telling']);
  phone.keys('4', 5);
  expect(endOf(phone)).toBeUndefined();
  phone.wait(1500);
  phone.keys('4', 5);
  expect(phone.outputs.slice(-2)).toEqual([{ type: 'stop-playing' }, { type: 'end', result: APPROVED }]);
});

test('a customer who keys on after the field was given up hears that to its end: the wall stays shut meanwhile', () => {
  const phone = asked('card-number');
  phone.keys('4242', 2);
  phone.input({ type: 'cancel' });
  expect(phone.outputs.at(-1)).toMatchObject({ type: 'telling', result: { reason: 'by-agent' } });
  const told = phone.outputs.length;
  for (let second = 0; second < 5; second++) phone.keys('4', 1);
  expect(phone.outputs.slice(told).filter((output) => output.type === 'stop-playing')).toEqual([]);
});

test('a result ends by itself when nobody reports that its sentence was played', () => {
  const phone = line();
  phone.begin();
  phone.keys(`1${VISA}1227123`, 5);
  phone.input({ type: 'result', result: APPROVED });
  const due = wakeAt(phone.dialogue);
  expect(step(phone.dialogue, { type: 'time' }, due ?? 0)).toEqual([{ type: 'end', result: APPROVED }]);
});

test('a timer that fires late changes nothing: what was due comes before the key', () => {
  const dialogue = createDialogue(options());
  step(dialogue, { type: 'begin' }, 0);
  step(dialogue, { type: 'key', key: STAR }, 1000);
  step(dialogue, { type: 'key', key: 0 }, 1200);
  const outputs = step(dialogue, { type: 'key', key: HASH }, 5000);
  expect(outputs.some((o) => o.type === 'telling' && o.result.reason === 'by-customer')).toBe(true);
});

test('wipe leaves no digit, from wherever it is called', () => {
  const phone = asked('security-code');
  phone.keys('12', 3);
  expect(phone.bytes().some((byte) => byte !== 0)).toBe(true);
  wipe(phone.dialogue);
  expect(phone.bytes().every((byte) => byte === 0)).toBe(true);
  expect(step(phone.dialogue, { type: 'key', key: 3 }, phone.now)).toEqual([]);
});
