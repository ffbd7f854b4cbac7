/** What is to be said of four keyed digits that should be a card's month and year. */
type ExpiryState =
  | 'fits'
  | 'expired'
  /** The year was keyed before the month. */
  | 'month-first'
  /** No such month, or more than twenty years ahead. */
  | 'wrong';

const YEARS_AHEAD = 20;

/**
 * Judges MMYY (one digit per byte) at `utcNow` (ms, UTC). A card is valid until its month is over everywhere on earth:
 * until 12:00 UTC of the next month's first day (UTC−12). Two digits of a year mean the one nearest to now.
 */
export function judgeExpiry(digits: Buffer, utcNow: number): ExpiryState {
  const first = (digits[0] ?? 0) * 10 + (digits[1] ?? 0);
  const second = (digits[2] ?? 0) * 10 + (digits[3] ?? 0);
  const asKeyed = judgeMonth(first, second, utcNow);
  // Never swapped for the customer: a date that fits both ways would be guessed.
  if (asKeyed !== 'fits' && judgeMonth(second, first, utcNow) === 'fits') return 'month-first';
  return asKeyed;
}

function judgeMonth(month: number, yearDigits: number, utcNow: number): 'fits' | 'expired' | 'wrong' {
  if (month < 1 || month > 12) return 'wrong';
  const thisYear = new Date(utcNow).getUTCFullYear();
  let year = thisYear - (thisYear % 100) + yearDigits;
  if (year < thisYear - 50) year += 100;
  if (year > thisYear + 50) year -= 100;
  // Months count from 0, so this is the month after.
  if (utcNow >= Date.UTC(year, month, 1, 12)) return 'expired';
  const thisMonth = new Date(utcNow).getUTCMonth() + 1;
  return (year - thisYear) * 12 + month - thisMonth > YEARS_AHEAD * 12 ? 'wrong' : 'fits';
}
