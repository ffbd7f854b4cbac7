import { expect, test } from 'vitest';
import { lastDays, timesOf } from './days.ts';

test('the last days end today and have as many as asked for', () => {
  const now = new Date(2026, 2, 1, 12).getTime();
  expect(lastDays(1, now)).toEqual({ from: '2026-03-01', to: '2026-03-01' });
  expect(lastDays(30, now)).toEqual({ from: '2026-01-31', to: '2026-03-01' });
});

test('a period is from the first day’s midnight to that after the last, where its person sits', () => {
  expect(timesOf({ from: '2026-02-27', to: '2026-02-28' })).toEqual({
    since: new Date(2026, 1, 27).getTime(),
    until: new Date(2026, 2, 1).getTime(),
  });
});

test('days that are missing or stand the wrong way round make no period', () => {
  expect(timesOf({ from: '2026-03-02', to: '2026-03-01' })).toBeNull();
  expect(timesOf({ from: '', to: '2026-03-01' })).toBeNull();
  expect(timesOf({ from: '2026-03-02', to: '' })).toBeNull();
});
