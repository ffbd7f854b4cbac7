import { type Currency, type Language, MINOR_DIGITS } from '@tonegate/api-schema';

/** Money as people of the language write it, e.g. ¥12,800 or $12.80. */
export function formatMoney(amountMinor: number, currency: Currency, language: Language): string {
  const format = new Intl.NumberFormat(language, { style: 'currency', currency, currencyDisplay: 'narrowSymbol' });
  // Japanese locale data has the full-width sign, which stands apart from the digits.
  return format.format(amountMinor / 10 ** MINOR_DIGITS[currency]).replace('￥', '¥');
}

/** An amount as it may be typed into the amount field, e.g. 12,800 or 128.00. */
export function exampleAmount(currency: Currency): string {
  return new Intl.NumberFormat('en', {
    minimumFractionDigits: MINOR_DIGITS[currency],
    maximumFractionDigits: MINOR_DIGITS[currency],
  }).format(12_800 / 10 ** MINOR_DIGITS[currency]);
}

/** A length of time as a timer shows it: 02:41, from one hour 1:02:41. Negative (clocks disagree) counts as none. */
export function formatDuration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  const two = (value: number): string => String(value).padStart(2, '0');
  const hours = Math.floor(seconds / 3_600);
  const rest = `${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  return hours > 0 ? `${hours}:${rest}` : rest;
}

/** Time of day of a moment (UTC ms) where the agent sits. */
export function formatTimeOfDay(at: number, language: Language): string {
  return new Intl.DateTimeFormat(language, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(at);
}

// Japan's commonest number shapes; how many digits an area code has can't be told from the number alone elsewhere.
const SHAPES: readonly [RegExp, string][] = [
  [/^(0[5-9]0)(\d{4})(\d{4})$/, '$1-$2-$3'],
  [/^(0[36])(\d{4})(\d{4})$/, '$1-$2-$3'],
  [/^(0120)(\d{3})(\d{3})$/, '$1-$2-$3'],
  [/^(0800)(\d{3})(\d{4})$/, '$1-$2-$3'],
];

/** A phone number with its usual dashes where they are certain, otherwise as it came. */
export function formatNumber(number: string): string {
  const shape = SHAPES.find(([pattern]) => pattern.test(number));
  return shape === undefined ? number : number.replace(shape[0], shape[1]);
}

/** An amount as it is typed into a field: no sign, no thousands. */
export function typedAmount(amountMinor: number, currency: Currency): string {
  return (amountMinor / 10 ** MINOR_DIGITS[currency]).toFixed(MINOR_DIGITS[currency]);
}

/** A share in per cent; below ten of them to one decimal, so that a small one isn't taken for none. */
export function formatShare(part: number, whole: number, language: Language): string {
  const share = whole === 0 ? 0 : part / whole;
  const maximumFractionDigits = share < 0.1 ? 1 : 0;
  return new Intl.NumberFormat(language, { style: 'percent', maximumFractionDigits }).format(share);
}

/** A count with its thousands. */
export function formatCount(count: number, language: Language): string {
  return new Intl.NumberFormat(language).format(count);
}

/** Seconds as people read a length of time in a table, e.g. 12.4 s. */
export function formatSeconds(ms: number, language: Language): string {
  return new Intl.NumberFormat(language, {
    style: 'unit',
    unit: 'second',
    unitDisplay: 'short',
    maximumFractionDigits: 1,
  }).format(ms / 1_000);
}

/** A day and time of day of a moment (UTC ms) where the agent sits. */
export function formatDay(at: number, language: Language): string {
  return new Intl.DateTimeFormat(language, { dateStyle: 'short', timeStyle: 'short' }).format(at);
}

/** A language's name in another, e.g. Portuguese (Brazil); the tag where it has none. */
export function languageName(tag: Language, language: Language): string {
  return new Intl.DisplayNames([language], { type: 'language' }).of(tag) ?? tag;
}

/** Sentences one after the other; Japanese puts no space between them. */
export function joinSentences(sentences: readonly string[], language: Language): string {
  return sentences.filter((sentence) => sentence !== '').join(language === 'ja' ? '' : ' ');
}
