import { expect, test } from 'vitest';
import { addMerchant, addOrganisation } from '../storage/merchants.ts';
import { addNumber } from '../storage/numbers.ts';
import { memoryStorage } from '../storage/test-storage.ts';
import { StoredDirectory } from './directory.ts';

test('a merchant’s rules and the language of each of its numbers are known without asking the storage', async () => {
  const storage = await memoryStorage();
  const { id: organisation } = await addOrganisation(storage, 'House', 0);
  const facts = { organisation, timeZone: 'Asia/Tokyo', currency: 'JPY', language: 'ja' } as const;
  const plain = await addMerchant(storage, { ...facts, name: 'Plain' }, 0);
  const strict = await addMerchant(
    storage,
    { ...facts, name: 'Strict', gentle: 1, cards: 1, brands: '["visa","jcb","nonsense"]', amountLimitMinor: 50_000 },
    0,
  );
  await addNumber(storage, { merchant: plain.id, number: '+81300000001', trunk: null }, 0);
  await addNumber(storage, { merchant: strict.id, number: '+81300000002', trunk: 'north', language: 'en' }, 0);
  const directory = new StoredDirectory(storage, undefined);
  await directory.load();

  expect(directory.merchantOfNumber('81300000001')?.rules).toEqual({
    currency: 'JPY',
    gentle: false,
    cards: 2,
    brands: undefined,
    amountLimitMinor: undefined,
  });
  expect(directory.merchant(strict.id)?.rules).toEqual({
    currency: 'JPY',
    gentle: true,
    cards: 1,
    brands: ['visa', 'jcb'],
    amountLimitMinor: 50_000,
  });
  expect(directory.languageOfNumber('+81300000001')).toBeUndefined();
  expect(directory.languageOfNumber('81300000002')).toBe('en');
  expect(directory.merchantOfNumber('110')).toBeUndefined();
  await storage.destroy();
});
