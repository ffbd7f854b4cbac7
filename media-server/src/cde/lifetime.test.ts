import { expect, test } from 'vitest';
import { ALONE_LIMIT_MS, endsAt, type Life, QUIET_LIMIT_MS } from './lifetime.ts';

const quiet: Life = {
  attached: true,
  stays: false,
  draining: false,
  legs: 0,
  running: 0,
  unsettled: false,
  aloneSince: 0,
  lastEnded: 0,
};

test('it never ends while a payment runs, whoever asks', () => {
  for (const attached of [true, false]) {
    for (const draining of [true, false]) {
      expect(endsAt({ ...quiet, attached, draining, running: 1, legs: 1 }, 1e9)).toBeUndefined();
    }
  }
});

test('it lives as long as its server, unless told to drain', () => {
  expect(endsAt({ ...quiet }, 1e9)).toBeUndefined();
  expect(endsAt({ ...quiet, draining: true, legs: 1 }, 5)).toBeUndefined();
  expect(endsAt({ ...quiet, draining: true }, 5)).toBe(5);
  expect(endsAt({ ...quiet, draining: true, legs: 1, attached: false }, 5)).toBe(5);
});

test('without a server it waits for one: shortly when all is settled, ten minutes when somebody has to be told', () => {
  const alone = { ...quiet, attached: false, aloneSince: 1000, lastEnded: 4000 };
  expect(endsAt(alone, 4000)).toBe(4000 + QUIET_LIMIT_MS);
  expect(endsAt({ ...alone, unsettled: true }, 4000)).toBe(4000 + ALONE_LIMIT_MS);
  expect(endsAt({ ...alone, lastEnded: 0 }, 4000)).toBe(1000 + QUIET_LIMIT_MS);
});

test('one that a supervisor of its own host starts ends by a signal alone', () => {
  const alone = { ...quiet, stays: true, attached: false };
  expect(endsAt(alone, 1e12)).toBeUndefined();
  expect(endsAt({ ...alone, unsettled: true }, 1e12)).toBeUndefined();
  expect(endsAt({ ...alone, draining: true }, 5)).toBe(5);
});
