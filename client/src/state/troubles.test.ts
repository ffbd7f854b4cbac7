import { expect, test } from 'vitest';
import { type Condition, troublesOf } from './troubles.ts';

const FINE: Condition = {
  serverLostAt: null,
  phoneLostAt: null,
  microphone: null,
  soundBlocked: false,
  notifications: 'granted',
  draining: false,
};

test('where all is well, nothing is said', () => {
  expect(troublesOf(FINE, 10_000)).toEqual([]);
});

test('a connection that comes back within three seconds is not worth a word', () => {
  expect(troublesOf({ ...FINE, serverLostAt: 8_000 }, 10_000)).toEqual([]);
  expect(troublesOf({ ...FINE, serverLostAt: 7_000 }, 10_000)).toEqual(['server-gone']);
});

test('a server that is gone explains the phone that is gone', () => {
  expect(troublesOf({ ...FINE, serverLostAt: 0, phoneLostAt: 0 }, 10_000)).toEqual(['server-gone']);
  expect(troublesOf({ ...FINE, phoneLostAt: 0 }, 10_000)).toEqual(['phone-gone']);
});

test('everything that is wrong is named', () => {
  const all: Condition = {
    ...FINE,
    microphone: 'denied',
    soundBlocked: true,
    notifications: 'denied',
    draining: true,
  };
  expect(troublesOf(all, 0)).toEqual(['microphone-denied', 'sound-blocked', 'notifications-blocked', 'draining']);
});
