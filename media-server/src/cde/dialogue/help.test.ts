import { expect, test } from 'vitest';
import { asked, endOf, lastSaid, type Line, lineOf, progressOf, said, VISA } from './line.testing.ts';

const refusals = (phone: Line): string[] =>
  phone.outputs.flatMap((output) => (output.type === 'refused' ? [`${output.command} ${output.why}`] : []));

test('one field is asked again, and the dialogue goes on where it was', () => {
  const phone = asked('security-code');
  phone.keys('9', 3);
  phone.input({ type: 'ask-again', field: 'card-number' });
  expect(lastSaid(phone)).toEqual(['ask-again', 'pause', 'card-number']);
  expect(progressOf(phone)).toMatchObject({ step: 'card-number', keys: 0, mistakes: 0 });
  phone.keys('5555555555554444', 3);
  // The expiry is done; the half-keyed security code is asked from its start.
  expect(progressOf(phone)).toMatchObject({ step: 'security-code', keys: 0 });
  phone.keys('123', 3);
  expect([...(phone.card?.number ?? [])].join('')).toBe('5555555555554444');
  expect([...(phone.card?.expiry ?? [])].join('')).toBe('1227');
  expect([...(phone.card?.securityCode ?? [])].join('')).toBe('123');
});

test('a new number of a brand whose code has another length: that many are asked for', () => {
  const phone = asked('security-code');
  phone.keys('12', 3);
  phone.input({ type: 'ask-again', field: 'card-number' });
  phone.keys('378282246310005', 3);
  expect(lastSaid(phone)).toEqual(['security-code-front']);
  phone.keys('123', 3);
  expect(phone.card).toBeUndefined();
  phone.keys('4', 3);
  expect([...(phone.card?.securityCode ?? [])].join('')).toBe('1234');
});

test('the field that is being keyed is asked again from its start, its mistakes forgiven', () => {
  const phone = asked('expiry');
  phone.keys('12#', 3);
  phone.keys('12#', 3);
  expect(progressOf(phone)?.mistakes).toBe(2);
  phone.keys('99', 3);
  phone.input({ type: 'ask-again', field: 'expiry' });
  expect(progressOf(phone)).toMatchObject({ step: 'expiry', keys: 0, mistakes: 0 });
  expect(phone.bytes()).not.toContain(9);
  phone.keys('12#', 3);
  expect(endOf(phone)).toBeUndefined();
  expect(progressOf(phone)?.mistakes).toBe(1);
});

test('a field that was not asked yet, or is not of this payment, can’t be asked again', () => {
  const phone = asked('card-number');
  phone.input({ type: 'ask-again', field: 'security-code' });
  phone.input({ type: 'ask-again', field: 'one-time-code' });
  expect(refusals(phone)).toEqual(['ask-again not-possible', 'ask-again not-possible']);
  expect(progressOf(phone)?.step).toBe('card-number');
});

test('a hint is heard instead of what plays, and takes nothing of what was keyed', () => {
  const phone = asked('card-number');
  phone.input({ type: 'hint', hint: 'number-on-front' });
  // The question was not heard yet.
  expect(lastSaid(phone)).toEqual(['number-on-front', 'pause', 'card-number']);
  phone.keys('4242', 3);
  phone.input({ type: 'hint', hint: 'take-your-time' });
  expect(lastSaid(phone)).toEqual(['take-your-time']);
  expect(progressOf(phone)?.keys).toBe(4);
  phone.keys('424242424242', 3);
  expect(progressOf(phone)?.step).toBe('expiry');
});

test('where the code is depends on the card', () => {
  const phone = asked('card-number');
  phone.keys('3782822463100051227', 3);
  phone.input({ type: 'hint', hint: 'code-on-back' });
  expect(lastSaid(phone)[0]).toBe('code-on-front');
});

test('more time lengthens the running wait and the whole, as often as the setting allows', () => {
  const phone = asked('card-number');
  phone.listen();
  phone.wait(9000);
  expect(progressOf(phone)?.waiting).toBe(true);
  phone.input({ type: 'more-time' });
  expect(progressOf(phone)?.waiting).toBe(false);
  phone.wait(60_000);
  expect(progressOf(phone)).toMatchObject({ mistakes: 0, waiting: true });
  phone.wait(1000);
  expect(progressOf(phone)?.mistakes).toBe(1);
  phone.input({ type: 'more-time' });
  phone.input({ type: 'more-time' });
  expect(refusals(phone)).toEqual(['more-time limit-reached']);
});

test('a busy customer ends at the whole time, plus what the agent gave', () => {
  const phone = asked('expiry');
  phone.input({ type: 'more-time' });
  while (endOf(phone) === undefined && phone.now < 500_000) phone.keys('9*', 1);
  expect(phone.now).toBeGreaterThan(360_000);
  expect(phone.now).toBeLessThan(380_000);
});

test('once the card is with the gateway no help is possible any more', () => {
  const phone = lineOf();
  phone.begin();
  phone.keys(`1${VISA}1227123`, 5);
  phone.input({ type: 'ask-again', field: 'card-number' });
  phone.input({ type: 'hint', hint: 'use-keypad' });
  phone.input({ type: 'more-time' });
  phone.input({ type: 'gentle', on: true });
  phone.input({ type: 'result', result: { outcome: 'declined', reason: 'funds' } });
  phone.input({ type: 'ask-again', field: 'card-number' });
  expect(refusals(phone)).toEqual([
    ...['ask-again too-late', 'hint too-late', 'more-time too-late', 'gentle too-late', 'ask-again too-late'],
  ]);
});

test('a customer who speaks is told to use the keys, three times at most, and the agent sees it', () => {
  const phone = asked('card-number');
  phone.input({ type: 'speech' });
  expect(progressOf(phone)?.speaking).toBe(true);
  expect(lastSaid(phone)).toEqual(['card-number']);
  for (let times = 0; times < 5; times++) {
    phone.listen();
    phone.wait(1000);
    phone.input({ type: 'speech' });
  }
  expect(said(phone).filter((name) => name === 'use-keypad').length).toBe(3);
  phone.keys('4', 3);
  expect(progressOf(phone)?.speaking).toBe(false);
});

test('keys that can’t come end it in words', () => {
  const phone = asked('confirmation');
  phone.input({ type: 'no-keys' });
  expect(lastSaid(phone)).toEqual(['no-keys', 'pause', 'returning']);
  phone.listen();
  expect(endOf(phone)).toEqual({ outcome: 'failed', reason: 'no-keys-possible' });
});
