import { expect, test } from 'vitest';
import { RestartDelay } from './restart-delay.ts';

test('the first restart is at once, a row of crashes slows down, a steady minute ends the row', () => {
  const delay = new RestartDelay();
  expect([0, 0, 0, 0, 0].map((lived) => delay.next(lived))).toEqual([0, 200, 1000, 5000, 5000]);
  expect(delay.next(59_999)).toBe(5000);
  expect(delay.next(60_000)).toBe(0);
  expect(delay.next(10)).toBe(200);
});
