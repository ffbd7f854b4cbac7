import { expect, test } from 'vitest';
import { rulesForm, rulesOf } from './rules-form.ts';

const rules = { gentle: true, cards: 3, brands: null, amountLimitMinor: 5_000, agentsTypePhones: false };

test('rules come out of the form as they went in', () => {
  for (const one of [rules, { ...rules, brands: ['visa', 'jcb'] as const, amountLimitMinor: null }]) {
    const given = { ...one, brands: one.brands === null ? null : [...one.brands] };
    expect(rulesOf(rulesForm(given, 'JPY'), 'JPY')).toEqual({ ok: true, value: given });
    expect(rulesOf(rulesForm(given, 'USD'), 'USD')).toEqual({ ok: true, value: given });
  }
  expect(rulesForm(rules, 'USD').limit).toBe('50.00');
});

test('no brand at all, and a limit that is no amount, are said', () => {
  const form = { ...rulesForm(rules, 'JPY'), allBrands: false, limit: 'much' };
  expect(rulesOf(form, 'JPY')).toEqual({ ok: false, error: { limit: 'not-a-number', brands: true } });
});
