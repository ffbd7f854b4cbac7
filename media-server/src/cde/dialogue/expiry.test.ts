import { expect, test } from 'vitest';
import { judgeExpiry } from './expiry.ts';

const judge = (keys: string, ...utc: [number, number, number, number?]): string =>
  judgeExpiry(Buffer.from([...keys].map(Number)), Date.UTC(utc[0], utc[1] - 1, utc[2], utc[3] ?? 0) - 1);

test('a card is valid until its month is over in the last place on earth', () => {
  expect(judge('0626', 2026, 6, 30)).toBe('fits');
  expect(judge('0626', 2026, 7, 1, 12)).toBe('fits');
  expect(judge('0626', 2026, 7, 1, 13)).toBe('expired');
  expect(judge('1226', 2027, 1, 1, 12)).toBe('fits');
  expect(judge('1226', 2027, 1, 1, 13)).toBe('expired');
});

test('more than twenty years ahead is no expiry', () => {
  expect(judge('0746', 2026, 7, 15)).toBe('fits');
  expect(judge('0846', 2026, 7, 15)).toBe('wrong');
});

test('there is no month 00 or 13', () => {
  expect(judge('0000', 2026, 7, 15)).toBe('wrong');
  expect(judge('1313', 2026, 7, 15)).toBe('wrong');
});

test('a year before the month is noticed only where nothing else fits', () => {
  expect(judge('2911', 2026, 7, 15)).toBe('month-first');
  expect(judge('1127', 2026, 7, 15)).toBe('fits');
  expect(judge('0312', 2026, 7, 15)).toBe('expired');
});

test('two digits of a year mean the nearest one, also at the turn of a century', () => {
  expect(judge('0103', 2098, 7, 15)).toBe('fits');
  expect(judge('0198', 2101, 7, 15)).toBe('expired');
});
