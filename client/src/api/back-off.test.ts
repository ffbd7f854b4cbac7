import { expect, test } from 'vitest';
import { backOffMs, LONGEST_PAUSE_MS } from './back-off.ts';

test('the first attempt is quick, later ones are spread out and never too far apart', () => {
  expect(backOffMs(0, 0.5)).toBe(250);
  expect(backOffMs(3, 0.5)).toBe(2_000);
  for (let attempt = 0; attempt < 1_000; attempt += 1) {
    expect(backOffMs(attempt, 1)).toBeLessThanOrEqual(LONGEST_PAUSE_MS * 1.25);
  }
});
