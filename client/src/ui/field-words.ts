import type { Currency } from '@tonegate/api-schema';
import { exampleAmount, formatMoney } from '../i18n/format.ts';
import type { Translate, WindowLanguage } from '../i18n/translate.ts';
import { LIMIT_MINOR } from '../state/amount.ts';
import type { FieldProblem, FormField } from '../state/payment-form.ts';

/** What is wrong with a field of the payment's form, in words; null: nothing. */
export function fieldWords(
  field: FormField,
  problem: FieldProblem | undefined,
  currency: Currency,
  t: Translate,
  language: WindowLanguage,
): string | null {
  const example = exampleAmount(currency);
  switch (problem) {
    case undefined:
      return null;
    case 'decimals':
      return t('pay.amount.decimals', { currency, example });
    case 'not-a-number':
      return t('pay.amount.not-a-number', { example });
    case 'too-much':
      return t('pay.amount.too-much', { limit: formatMoney(LIMIT_MINOR, currency, language) });
    case 'zero':
      return t('pay.amount.zero');
    case 'empty':
      return t(field === 'amount' ? 'pay.amount.empty' : 'pay.field.empty');
    default:
      return t(`pay.field.${problem}`);
  }
}
