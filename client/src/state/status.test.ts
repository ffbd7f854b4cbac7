import { expect, test } from 'vitest';
import { aCall } from '../../test-server/scenes.ts';
import { NO_CALLS } from './calls.ts';
import { statusOf } from './status.ts';

const phone = { registration: 'connecting', legs: {}, quality: null } as const;
const ready = { ...NO_CALLS, agent: 'ready' } as const;

test('a window that has lost its server never says that it waits for the next call', () => {
  expect(statusOf(ready, phone, false, false)).toBe('ready');
  expect(statusOf(ready, phone, false, true)).toBe('offline');
});

test('a running call is said before a lost connection: it goes on', () => {
  const held = { ...ready, live: [aCall({ state: 'held' })] };
  expect(statusOf(held, phone, false, true)).toBe('held');
});
