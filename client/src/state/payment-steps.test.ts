import type { PaymentStep } from '@tonegate/api-schema';
import { expect, test } from 'vitest';
import { aPayment } from '../../test-server/scenes.ts';
import { isDone, reached, shownSteps } from './payment-steps.ts';

const states = (...args: Parameters<typeof shownSteps>) => shownSteps(...args).map(({ state }) => state);
const payment = (step: PaymentStep) => aPayment({ step });

test('the steps before the one under way are done, those after it are to come', () => {
  expect(states(payment('card-number'), null)).toEqual(['done', 'now', 'next', 'next', 'next']);
  expect(states(payment('processing'), null)).toEqual(['done', 'done', 'done', 'done', 'now']);
});

test('a payment that ends before its card was keyed shows no step as done that wasn’t', () => {
  const way = reached(reached(null, payment('card-number')), payment('result'));
  expect(states(payment('result'), way)).toEqual(['done', 'left', 'left', 'left', 'now']);
});

test('a payment that the payment service answered shows every step as done', () => {
  const way = reached(reached(null, payment('processing')), payment('result'));
  expect(states(payment('result'), way)).toEqual(['done', 'done', 'done', 'done', 'now']);
});

test('another payment’s way says nothing of this one', () => {
  const way = reached(null, aPayment({ id: 'x'.repeat(26), step: 'card-number' }));
  expect(states(payment('result'), way)).toEqual(['done', 'done', 'done', 'done', 'now']);
});

test('a step is done when a later one is asked, not when the payment ends or goes back', () => {
  expect(isDone('confirmation', 'card-number')).toBe(true);
  expect(isDone('security-code', 'processing')).toBe(true);
  expect(isDone('card-number', 'result')).toBe(false);
  expect(isDone('expiry', 'card-number')).toBe(false);
});
