import type { StartPayment } from '@tonegate/api-schema';
import { expect, test } from 'vitest';
import type { MerchantRules } from './call-parts.ts';
import { firstStep, paymentOpen, paymentTerms, spoken } from './payment-terms.ts';
import { testMerchant } from './test-merchant.ts';

const CALL = 'c'.repeat(26);
const guide = { speaks: ['en', 'ja'], wanted: ['ja'] };
const order = { reference: 'A-1', amountMinor: 500, currency: 'JPY' } as const;

function terms(change: Partial<StartPayment> = {}, rules: Partial<MerchantRules> = {}) {
  const request: StartPayment = { call: CALL, purpose: 'charge', order, ...change };
  return paymentTerms(request, { ...testMerchant.rules, ...rules }, guide);
}

function problem(change: Partial<StartPayment>, rules: Partial<MerchantRules> = {}): string {
  const found = terms(change, rules);
  return found.ok ? 'fit' : found.error.code;
}

test('each purpose takes what it needs and nothing else', () => {
  const free = { ...order, amountMinor: 0 };
  const member = 'M-1';
  expect(problem({})).toBe('fit');
  expect(problem({ order: free })).toBe('amount-unfit');
  expect(problem({ purpose: 'authorize' })).toBe('fit');
  expect(problem({ purpose: 'card-update', order: free })).toBe('member-missing');
  expect(problem({ purpose: 'card-update', order, member })).toBe('amount-unfit');
  expect(problem({ purpose: 'card-update', order: free, member })).toBe('fit');
  expect(problem({ purpose: 'stored-charge' })).toBe('member-missing');
  expect(problem({ purpose: 'stored-charge', member })).toBe('fit');
  expect(problem({ purpose: 'verify', order: free })).toBe('fit');
  expect(problem({ purpose: 'verify', order })).toBe('amount-unfit');
});

test('an amount above the merchant’s limit is refused, and one that its limit can’t be compared with', () => {
  expect(problem({}, { amountLimitMinor: 500 })).toBe('fit');
  expect(problem({}, { amountLimitMinor: 499 })).toBe('amount-above-limit');
  expect(problem({ order: { ...order, currency: 'USD' } }, { amountLimitMinor: 1000 })).toBe('currency-refused');
  expect(problem({ order: { ...order, currency: 'USD' } })).toBe('fit');
  expect(problem({ order: { ...order, currency: 'XYZ' as 'JPY' } })).toBe('currency-refused');
});

test('what may be a card number is in no text that goes into the card process', () => {
  expect(problem({ order: { ...order, reference: '4242 4242 4242 4242' } })).toBe('bad-request');
  expect(problem({ order: { ...order, description: '4111111111111111' } })).toBe('bad-request');
  expect(problem({ purpose: 'stored-charge', member: '5555555555554444' })).toBe('bad-request');
});

test('the language is the asked one, else the call’s, else one that the guide speaks', () => {
  expect(terms()).toMatchObject({ value: { language: 'ja', languages: undefined } });
  expect(terms({ language: 'en' })).toMatchObject({ value: { language: 'en' } });
  expect(problem({ language: 'fr' })).toBe('no-such-language');
  expect(spoken(['en', 'ja'], 'fr', 'ja')).toBe('ja');
  expect(spoken(['en', 'ja'], 'fr', null)).toBe('en');
  expect(spoken([], undefined, 'ja')).toBe('ja');
});

test('what is known of a member says how they are guided, unless the request does', () => {
  const request: StartPayment = { call: CALL, purpose: 'stored-charge', order, member: 'M-1' };
  const known = { speaks: ['en', 'ja'], wanted: ['en', 'ja'], gentle: true };
  expect(paymentTerms(request, testMerchant.rules, known)).toMatchObject({ value: { language: 'en', gentle: true } });
  const said = { ...request, language: 'ja', gentle: false };
  expect(paymentTerms(said, testMerchant.rules, known)).toMatchObject({ value: { language: 'ja', gentle: false } });
});

test('a customer who chooses hears the call’s language first; with one language there is no choice', () => {
  const chosen = terms({ chooseLanguage: true });
  expect(chosen).toMatchObject({ value: { language: 'ja', languages: ['ja', 'en'] } });
  expect(chosen.ok && firstStep(chosen.value)).toBe('language');
  const request: StartPayment = { call: CALL, purpose: 'charge', order, chooseLanguage: true };
  const alone = paymentTerms(request, testMerchant.rules, { speaks: ['ja'], wanted: ['ja'] });
  expect(alone).toMatchObject({ value: { languages: undefined } });
});

test('the merchant’s rules go into the card process with the payment; a phone never does', () => {
  const rules = { gentle: true, cards: 3, brands: ['visa', 'jcb'] as const };
  const found = terms({ order: { ...order, description: 'Tea', phone: '+819012345678' } }, rules);
  if (!found.ok) throw new Error(found.error.message);
  expect(found.value.phone).toBe('+819012345678');
  const ids = { payment: 'p'.repeat(26), leg: CALL, merchant: 'm'.repeat(26) };
  expect(paymentOpen(found.value, ids)).toEqual({
    type: 'payment-open',
    ...ids,
    purpose: 'charge',
    order: { ...order, description: 'Tea' },
    language: 'ja',
    gentle: true,
    cards: 3,
    brands: ['visa', 'jcb'],
  });
  expect(terms({ gentle: false }, rules)).toMatchObject({ value: { gentle: false } });
  // Where no card is keyed, none is chosen by brand and none can be another one.
  const stored = terms({ purpose: 'stored-charge', member: 'M-1' }, rules);
  expect(stored).toMatchObject({ value: { cards: 1, brands: undefined } });
  expect(problem({}, { brands: [] })).toBe('not-possible');
});
