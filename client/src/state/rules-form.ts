import { type Currency, MerchantRules, MINOR_DIGITS } from '@tonegate/api-schema';
import { err, ok, type Result } from '../api/result.ts';
import { type AmountProblem, parseAmount } from './amount.ts';

export const BRANDS = MerchantRules.shape.brands.unwrap().element.options;
export type Brand = (typeof BRANDS)[number];
/** Cards that a customer may try in one payment. */
export const CARDS = [1, 2, 3, 4, 5] as const;

/** A merchant's rules as they are typed. */
export interface RulesForm {
  readonly gentle: boolean;
  readonly cards: number;
  /** Every brand that the payment service takes; else those of `brands`. */
  readonly allBrands: boolean;
  readonly brands: readonly Brand[];
  /** Empty: the server's limit. */
  readonly limit: string;
  readonly agentsTypePhones: boolean;
}

export interface RulesProblems {
  readonly limit: AmountProblem | null;
  /** None is chosen, and not all are meant. */
  readonly brands: boolean;
}

export function rulesForm(rules: MerchantRules, currency: Currency): RulesForm {
  const { gentle, cards, brands, amountLimitMinor, agentsTypePhones } = rules;
  const digits = MINOR_DIGITS[currency];
  return {
    gentle,
    cards,
    allBrands: brands === null,
    brands: brands ?? [],
    limit: amountLimitMinor === null ? '' : (amountLimitMinor / 10 ** digits).toFixed(digits),
    agentsTypePhones,
  };
}

/** The rules that a form stands for, or what is wrong with it. */
export function rulesOf(form: RulesForm, currency: Currency): Result<MerchantRules, RulesProblems> {
  const { gentle, cards, allBrands, brands, agentsTypePhones } = form;
  const limit = form.limit.trim() === '' ? ok(null) : parseAmount(form.limit, currency);
  const noBrands = !allBrands && brands.length === 0;
  if (!limit.ok || noBrands) return err({ limit: limit.ok ? null : limit.error, brands: noBrands });
  return ok({
    gentle,
    cards,
    brands: allBrands ? null : BRANDS.filter((brand) => brands.includes(brand)),
    amountLimitMinor: limit.value,
    agentsTypePhones,
  });
}
