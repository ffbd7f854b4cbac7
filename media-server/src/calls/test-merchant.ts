import type { CallMerchant } from './call-parts.ts';
import type { PaymentTerms } from './payment-terms.ts';

/** A merchant for tests, which takes everything. */
export const testMerchant: CallMerchant = {
  id: 'm'.repeat(26),
  organisation: 'o'.repeat(26),
  name: 'Shop',
  language: 'en',
  rules: { currency: 'JPY', gentle: false, cards: 2, brands: undefined, amountLimitMinor: undefined },
};

/** A plain charge of 500 yen. */
export const testTerms: PaymentTerms = {
  purpose: 'charge',
  order: { reference: 'A-1', amountMinor: 500, currency: 'JPY' },
  phone: undefined,
  member: undefined,
  language: 'en',
  languages: undefined,
  gentle: false,
  cards: 2,
  brands: undefined,
};
