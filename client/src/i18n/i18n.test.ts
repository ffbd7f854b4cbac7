import { Hint, MoneyAction, Outcome, PaymentStep, ProblemBody, Purpose, Reason, TrunkKeys } from '@tonegate/api-schema';
import { expect, test } from 'vitest';
import { en } from './en.ts';
import { exampleAmount, formatDuration, formatMoney, formatNumber } from './format.ts';
import { ja } from './ja.ts';
import { translator } from './translate.ts';

const names = (text: string): string[] => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? '').sort();

test('both languages have every message, with the same names in it', () => {
  expect(Object.keys(ja).sort()).toEqual(Object.keys(en).sort());
  for (const key of Object.keys(en) as (keyof typeof en)[]) {
    expect(names(ja[key]), key).toEqual(names(en[key]));
    if (key !== 'reason.none') expect([en[key], ja[key]], key).not.toContain('');
  }
});

test('every code that the server can answer has what happened, what it means and what to do', () => {
  for (const code of [...ProblemBody.shape.code.options, 'unreachable']) {
    for (const part of ['what', 'effect', 'do']) expect(en).toHaveProperty([`problem.${code}.${part}`]);
  }
});

test('every purpose, outcome, reason, step and hint has words', () => {
  for (const purpose of [...Purpose.options, ...MoneyAction.options]) {
    for (const key of [
      `purpose.${purpose}`,
      `approved.${purpose}`,
      `approved.${purpose}.text`,
      `unchanged.${purpose}`,
    ]) {
      expect(en).toHaveProperty([key]);
    }
  }
  for (const outcome of Outcome.options.filter((one) => one !== 'approved')) {
    expect(en).toHaveProperty([`outcome.${outcome}`]);
  }
  for (const hint of Hint.options) expect(en).toHaveProperty([`hint.${hint}`]);
  for (const verdict of TrunkKeys.shape.verdict.options) expect(en).toHaveProperty([`trunk.${verdict}.text`]);
  for (const reason of Reason.options) expect(en).toHaveProperty([`reason.${reason}`]);
  for (const step of PaymentStep.options) expect(en).toHaveProperty([`pay.step.${step}`]);
});

test('values take the place of their names', () => {
  expect(translator('en')('pay.dots', { keys: 10, of: 16 })).toBe('10 of 16 keys');
  expect(translator('ja')('pay.dots', { keys: 10, of: 16 })).toBe('16けたのうち10けた');
});

test('money has its currency’s decimals and a narrow sign in both languages', () => {
  expect(formatMoney(12_800, 'JPY', 'ja')).toBe('¥12,800');
  expect(formatMoney(12_800, 'JPY', 'en')).toBe('¥12,800');
  expect(formatMoney(1_280, 'USD', 'en')).toBe('$12.80');
  expect(formatMoney(1_280, 'USD', 'ja')).toBe('$12.80');
  expect([exampleAmount('JPY'), exampleAmount('EUR')]).toEqual(['12,800', '128.00']);
});

test('a timer counts minutes, then hours, and never below zero', () => {
  expect(formatDuration(161_000)).toBe('02:41');
  expect(formatDuration(3_761_999)).toBe('1:02:41');
  expect(formatDuration(-5)).toBe('00:00');
});

test('numbers get dashes only where they are certain', () => {
  expect(formatNumber('0312345678')).toBe('03-1234-5678');
  expect(formatNumber('09012345678')).toBe('090-1234-5678');
  expect(formatNumber('0120123456')).toBe('0120-123-456');
  expect(formatNumber('0451234567')).toBe('0451234567');
  expect(formatNumber('+81312345678')).toBe('+81312345678');
});
