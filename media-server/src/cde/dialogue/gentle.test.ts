import { expect, test } from 'vitest';
import { asked, lastSaid, lineOf, progressOf, said } from './line.testing.ts';

test('gentle mode speaks slowly and waits longer', () => {
  const phone = asked('card-number', { gentle: true });
  expect(phone.outputs.findLast((output) => output.type === 'play')?.pace).toBe('slow');
  phone.listen();
  phone.wait(14_999);
  expect(progressOf(phone)).toMatchObject({ mistakes: 0, gentle: true });
  phone.wait(1);
  expect(progressOf(phone)?.mistakes).toBe(1);
  phone.listen();
  phone.keys('42', 1);
  phone.wait(15_999);
  expect(progressOf(phone)?.mistakes).toBe(1);
  phone.wait(1);
  expect(progressOf(phone)?.mistakes).toBe(2);
});

test('it reads back how many keys there are when they rest in a long field, each count once, and never which', () => {
  const phone = asked('card-number', { gentle: true });
  phone.keys('4242', 2);
  phone.wait(2500);
  expect(lastSaid(phone)).toEqual(['digits-4']);
  phone.listen();
  phone.wait(10_000);
  phone.keys('4242', 2);
  phone.wait(2500);
  expect(lastSaid(phone)).toEqual(['digits-8']);
  expect(said(phone).filter((name) => name.startsWith('digits-'))).toEqual(['digits-4', 'digits-8']);
  phone.keys('42424242', 2);
  expect(progressOf(phone)?.step).toBe('expiry');
});

test('a short field’s keys are not counted aloud', () => {
  const phone = asked('expiry', { gentle: true });
  phone.keys('122', 2);
  phone.wait(10_000);
  expect(said(phone).some((name) => name.startsWith('digits-'))).toBe(false);
});

test('the agent turns it on and off, also before the first word', () => {
  const phone = lineOf();
  phone.input({ type: 'gentle', on: true });
  phone.begin();
  expect(progressOf(phone)?.gentle).toBe(true);
  phone.input({ type: 'gentle', on: false });
  expect(progressOf(phone)?.gentle).toBe(false);
});
