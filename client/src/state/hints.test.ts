import { expect, test } from 'vitest';
import { hintsFor } from './hints.ts';

test('what helps at the step under way goes first, and nothing stands there twice', () => {
  const hints = hintsFor({ purpose: 'charge', step: 'security-code' });
  expect(hints[0]).toBe('code-on-back');
  expect(new Set(hints).size).toBe(hints.length);
});

test('nobody is told of a card who keys a code, nor of a code who keys a card', () => {
  expect(hintsFor({ purpose: 'verify', step: 'one-time-code' })).not.toContain('number-on-front');
  expect(hintsFor({ purpose: 'charge', step: 'card-number' })).not.toContain('code-by-message');
  expect(hintsFor({ purpose: 'stored-charge', step: 'confirmation' })).toEqual(['use-keypad', 'take-your-time']);
});
