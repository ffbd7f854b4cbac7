/** Money in integer minor units with its ISO 4217 currency: ¥12,800 is {12800, JPY}, $12.80 is {1280, USD}. */
export interface Money {
  readonly amountMinor: number;
  readonly currency: Currency;
}

/** How many digits the minor unit has (ISO 4217). A currency that isn't here is refused. */
export const MINOR_DIGITS = { JPY: 0, USD: 2, EUR: 2, GBP: 2 } as const;
export type Currency = keyof typeof MINOR_DIGITS;
export const CURRENCIES = Object.keys(MINOR_DIGITS) as [Currency, ...Currency[]];

/** The greatest amount of one payment, in minor units: what GMO-PG's protocol takes (9,999,999 yen). */
export const AMOUNT_LIMIT_MINOR = 9_999_999;
