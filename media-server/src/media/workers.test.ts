import process from 'node:process';
import { expect, test } from 'vitest';
import { keepingSignals } from './workers.ts';

test('a worker that is started installs no signal handlers of its own: a drain keeps it', () => {
  const ours = () => {};
  process.on('SIGTERM', ours);
  const before = [process.listeners('SIGTERM'), process.listeners('SIGINT')];
  expect(
    keepingSignals(() => {
      process.once('SIGTERM', () => {});
      process.once('SIGINT', () => {});
      return 'started';
    }),
  ).toBe('started');
  expect([process.listeners('SIGTERM'), process.listeners('SIGINT')]).toEqual(before);
  process.removeListener('SIGTERM', ours);
});
