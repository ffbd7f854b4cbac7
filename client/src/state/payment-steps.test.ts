import type { Payment, PaymentStep } from '@tonegate/api-schema';
import { expect, test } from 'vitest';
import { aPayment } from '../../test-server/scenes.ts';
import { askable, isDone, shownSteps, type Way, withStep } from './payment-steps.ts';

const states = (...args: Parameters<typeof shownSteps>) => shownSteps(...args).map(({ state }) => state);
const names = (...args: Parameters<typeof shownSteps>) => shownSteps(...args).map(({ step }) => step);
const payment = (step: PaymentStep, purpose: Payment['purpose'] = 'charge') => aPayment({ step, purpose });
const walk = (...steps: PaymentStep[]): Way | null =>
  steps.reduce<Way | null>((way, step) => withStep(way, payment(step)), null);

test('the steps before the one under way are done, those after it are to come', () => {
  expect(states(payment('card-number'), null)).toEqual(['done', 'now', 'next', 'next', 'next']);
  expect(states(payment('processing'), null)).toEqual(['done', 'done', 'done', 'done', 'now']);
});

test('each purpose shows its own steps from the start', () => {
  expect(names(payment('card-number', 'card-update'), null)).toEqual([
    'card-number',
    'expiry',
    'security-code',
    'result',
  ]);
  expect(names(payment('confirmation', 'stored-charge'), null)).toEqual(['confirmation', 'result']);
  expect(names(payment('one-time-code', 'verify'), null)).toEqual(['sending-code', 'one-time-code', 'result']);
});

test('a step that is asked besides stands in its place, and stays there once it is done', () => {
  expect(names(payment('language'), null)[0]).toBe('language');
  const later = shownSteps(payment('card-number'), walk('language', 'confirmation', 'card-number'));
  expect(later[0]).toEqual({ step: 'language', state: 'done' });
});

test('a payment that ends before its card was keyed shows no step as done that wasn’t', () => {
  expect(states(payment('result'), walk('card-number', 'result'))).toEqual(['done', 'left', 'left', 'left', 'now']);
});

test('a payment that the payment service answered shows every step as done', () => {
  expect(states(payment('result'), walk('processing', 'result'))).toEqual(['done', 'done', 'done', 'done', 'now']);
});

test('another payment’s way says nothing of this one', () => {
  const way = withStep(null, aPayment({ id: 'x'.repeat(26), step: 'card-number' }));
  expect(states(payment('result'), way)).toEqual(['done', 'done', 'done', 'done', 'now']);
});

test('a step is done when a later one is asked, not when the payment ends or goes back', () => {
  expect(isDone('confirmation', 'card-number')).toBe(true);
  expect(isDone('security-code', 'processing')).toBe(true);
  expect(isDone('sending-code', 'one-time-code')).toBe(true);
  expect(isDone('card-number', 'result')).toBe(false);
  expect(isDone('expiry', 'card-number')).toBe(false);
});

test('a field can be asked again once the customer has come to it', () => {
  expect(askable(payment('expiry'), null)).toEqual([
    { field: 'card-number', reached: true },
    { field: 'expiry', reached: true },
    { field: 'security-code', reached: false },
  ]);
  expect(askable(payment('confirmation', 'stored-charge'), null)).toEqual([]);
});
