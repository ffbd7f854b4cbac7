import { expect, test } from 'vitest';
import { EMPTY_FORM, fieldsOf, type PaymentForm, requestOf } from './payment-form.ts';

const TOKYO = { currency: 'JPY', timeZone: 'Asia/Tokyo' } as const;
const TYPED_PHONES = { ...TOKYO, agentsTypePhones: true } as const;
const form = (over: Partial<PaymentForm>): PaymentForm => ({ ...EMPTY_FORM, ...over });

test('a filled form is a charge, without what nobody typed or chose', () => {
  expect(requestOf(form({ reference: ' A-1042 ', amount: '12,800' }), 'charge', TOKYO)).toEqual({
    ok: true,
    value: { purpose: 'charge', order: { reference: 'A-1042', amountMinor: 12_800, currency: 'JPY' } },
  });
});

test('every field that is wrong is named at once', () => {
  expect(requestOf(form({ amount: '1.5', description: 'x'.repeat(65) }), 'charge', TOKYO)).toEqual({
    ok: false,
    error: { reference: 'empty', amount: 'decimals', description: 'too-long' },
  });
});

test('a card number typed into a text field never becomes a request', () => {
  for (const text of [
    '4242424242424242',
    '4242 4242 4242 4242',
    'card 4242-4242-4242-4242!',
    '４２４２４２４２４２４２４２４２',
  ]) {
    const order = { reference: text, amount: '1' };
    expect(requestOf(form(order), 'charge', TOKYO), text).toEqual({ ok: false, error: { reference: 'card-number' } });
    expect(requestOf(form({ reference: 'A-1', member: text }), 'card-update', TOKYO), text).toEqual({
      ok: false,
      error: { member: 'card-number' },
    });
  }
  expect(requestOf(form({ reference: 'A-20270501-0001', amount: '1' }), 'charge', TOKYO).ok).toBe(true);
});

test('a purpose without money asks for no amount and sends none, whatever was typed for another', () => {
  const typed = form({ reference: 'A-1', amount: '12800', member: ' C-77 ', description: 'tea' });
  expect(requestOf(typed, 'card-update', TOKYO)).toEqual({
    ok: true,
    value: { purpose: 'card-update', order: { reference: 'A-1', amountMinor: 0, currency: 'JPY' }, member: 'C-77' },
  });
  expect(requestOf(typed, 'charge', TOKYO)).toMatchObject({ ok: true, value: { order: { amountMinor: 12_800 } } });
  expect(requestOf(typed, 'charge', TOKYO)).not.toHaveProperty('value.member');
});

test('a stored card is charged for a named customer only', () => {
  expect(requestOf(form({ reference: 'A-1', amount: '1' }), 'stored-charge', TOKYO)).toEqual({
    ok: false,
    error: { member: 'empty' },
  });
  expect(requestOf(form({ reference: 'A-1', amount: '1', member: '山田' }), 'stored-charge', TOKYO)).toEqual({
    ok: false,
    error: { member: 'not-a-member' },
  });
});

test('the phone for a code is asked only where the merchant lets agents type it', () => {
  expect(fieldsOf('verify', TOKYO)).toEqual(['reference', 'member']);
  expect(fieldsOf('verify', TYPED_PHONES)).toEqual(['reference', 'member', 'phone']);
  const typed = form({ reference: 'A-1', phone: '090-1234-5678' });
  expect(requestOf(typed, 'verify', TOKYO)).toEqual({ ok: false, error: { member: 'empty' } });
  expect(requestOf(typed, 'verify', TYPED_PHONES)).toMatchObject({
    ok: true,
    value: { order: { phone: '+819012345678' } },
  });
  expect(requestOf(form({ reference: 'A-1' }), 'verify', TYPED_PHONES)).toEqual({
    ok: false,
    error: { phone: 'empty' },
  });
  expect(requestOf({ ...typed, phone: 'mine' }, 'verify', TYPED_PHONES)).toEqual({
    ok: false,
    error: { phone: 'not-a-phone' },
  });
});

test('a language that was chosen is sent, the customer’s choice as a choice, and the merchant’s own as nothing', () => {
  const order = { reference: 'A-1', amount: '1' };
  expect(requestOf(form({ ...order, guide: 'en' }), 'charge', TOKYO)).toMatchObject({ value: { language: 'en' } });
  expect(requestOf(form({ ...order, guide: 'customer', gentle: true }), 'charge', TOKYO)).toMatchObject({
    value: { chooseLanguage: true, gentle: true },
  });
  expect(requestOf(form(order), 'charge', TOKYO)).not.toHaveProperty('value.language');
});
