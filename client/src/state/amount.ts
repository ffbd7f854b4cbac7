import { type Currency, MINOR_DIGITS } from '@tonegate/api-schema';
import { err, ok, type Result } from '../api/result.ts';

/** The greatest amount of one payment, in minor units; the same bound as in the API's `Order`. */
export const LIMIT_MINOR = 9_999_999;

export type AmountProblem = 'empty' | 'not-a-number' | 'decimals' | 'zero' | 'too-much';

/**
 * Reads an amount as a person types it ("12,800", "１２８００", "¥12,800円", "12.80") into minor units. Decimals that the
 * currency doesn't have are refused rather than rounded: nobody guesses at money.
 */
export function parseAmount(text: string, currency: Currency): Result<number, AmountProblem> {
  // NFKC makes ASCII of the full-width digits and signs of a Japanese keyboard.
  const plain = text
    .normalize('NFKC')
    .trim()
    .replace(/^[¥$€£]\s*/, '')
    .replace(/\s*円$/, '');
  if (plain === '') return err('empty');
  const match = /^(\d{1,3}(?:,\d{3})+|\d+)(?:\.(\d+))?$/.exec(plain);
  if (!match?.[1]) return err('not-a-number');
  const digits = MINOR_DIGITS[currency];
  const decimals = match[2] ?? '';
  if (decimals.length > digits) return err('decimals');
  const minor = Number(match[1].replaceAll(',', '')) * 10 ** digits + Number(decimals.padEnd(digits, '0') || 0);
  if (minor === 0) return err('zero');
  return minor > LIMIT_MINOR ? err('too-much') : ok(minor);
}
