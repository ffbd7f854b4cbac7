import type { MerchantGateway } from '@tonegate/api-schema';
import { expect, test } from 'vitest';
import { emptyFields, firstValues, GATEWAY_FIELDS, GATEWAY_KINDS, gatewayRequest } from './gateway-form.ts';

const kept: MerchantGateway = {
  merchant: 'm',
  own: true,
  kind: 'gmo-openapi',
  settings: { url: 'https://x.example', shopId: 'shop', merchant: { name: 'Tanaka' } },
  state: 'usable',
  tested: null,
};

test('a form begins with what is kept of its kind, and never with a secret', () => {
  expect(firstValues('gmo-openapi', kept)).toMatchObject({
    url: 'https://x.example',
    shopId: 'shop',
    'merchant.name': 'Tanaka',
    shopPass: '',
  });
  expect(firstValues('stripe', kept)).toMatchObject({ url: 'https://api.stripe.com', key: '' });
  const http = { ...kept, kind: 'http', settings: { currencies: ['JPY', 'USD'] } };
  expect(firstValues('http', http)['currencies']).toBe('JPY USD');
});

test('what is needed and empty is named; a site has an ID and a password, or neither', () => {
  expect(emptyFields('stripe', { url: ' ', key: '' })).toEqual(['key', 'url']);
  const idpass = { url: 'u', shopId: 's', shopPass: 'p' };
  expect(emptyFields('gmo-idpass', idpass)).toEqual([]);
  expect(emptyFields('gmo-idpass', { ...idpass, siteId: 'x' })).toEqual(['sitePass']);
  expect(emptyFields('gmo-idpass', { ...idpass, sitePass: 'x' })).toEqual(['siteId']);
});

test('secrets go to the credentials, groups into groups, and what is empty stays away', () => {
  const values = {
    url: 'u',
    shopId: ' s ',
    shopPass: 'p',
    'merchant.name': 'n',
    'merchant.nameKana': 'ナ',
    ca: '',
    proxy: 'http://p',
  };
  expect(gatewayRequest('gmo-openapi', values, true)).toEqual({
    gateway: { kind: 'gmo-openapi', url: 'u', shopId: 's', merchant: { name: 'n', nameKana: 'ナ' } },
    credentials: { shopPass: 'p', proxy: 'http://p' },
    force: true,
  });
  expect(gatewayRequest('http', { url: 'u', key: 'k', actions: 'void refund' }, false).gateway['actions']).toEqual([
    'void',
    'refund',
  ]);
  expect(gatewayRequest('sandbox', { url: 'u', key: 'k', ca: 'c', twoSteps: 'true' }, false).gateway).toEqual({
    kind: 'sandbox',
    url: 'u',
    ca: 'c',
    twoSteps: true,
  });
});

test('no field stands twice in a kind', () => {
  for (const kind of GATEWAY_KINDS) {
    const names = GATEWAY_FIELDS[kind].map(({ name }) => name);
    expect(new Set(names).size, kind).toBe(names.length);
  }
});
