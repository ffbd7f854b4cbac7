import { expect, test } from 'vitest';
import { EMPTY_FORM, orderOf } from './payment-form.ts';

test('a filled form is an order, without the description that nobody typed', () => {
  const form = { ...EMPTY_FORM, reference: ' A-1042 ', amount: '12,800' };
  expect(orderOf(form, 'JPY')).toEqual({
    ok: true,
    value: { reference: 'A-1042', amountMinor: 12_800, currency: 'JPY' },
  });
});

test('every field that is wrong is named at once', () => {
  const form = { ...EMPTY_FORM, amount: '1.5', description: 'x'.repeat(65) };
  expect(orderOf(form, 'JPY')).toEqual({
    ok: false,
    error: { reference: 'empty', amount: 'decimals', description: 'too-long' },
  });
});

test('a card number typed into a text field never becomes an order', () => {
  for (const reference of [
    '4242424242424242',
    '4242 4242 4242 4242',
    'card 4242-4242-4242-4242!',
    '４２４２４２４２４２４２４２４２',
  ]) {
    expect(orderOf({ ...EMPTY_FORM, reference, amount: '1' }, 'JPY'), reference).toEqual({
      ok: false,
      error: { reference: 'card-number' },
    });
  }
  expect(orderOf({ ...EMPTY_FORM, reference: 'A-20270501-0001', amount: '1' }, 'JPY').ok).toBe(true);
});
