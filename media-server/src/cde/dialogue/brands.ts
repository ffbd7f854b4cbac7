import creditCardType from 'credit-card-type';
import type { Brand } from '../contract.ts';
import type { BrandLengths } from './exchange.ts';

/**
 * Brands by the published ranges of `credit-card-type`. Its own entry takes the number as a string, which can't be
 * zeroed; so its table is read once and compared with the digits where they are.
 */
interface Range {
  readonly brand: Brand;
  /** First and last prefix, each one digit per byte and of equal length. */
  readonly first: Buffer;
  readonly last: Buffer;
}

const TYPE_OF_BRAND = {
  visa: 'visa',
  mastercard: 'mastercard',
  amex: 'american-express',
  jcb: 'jcb',
  diners: 'diners-club',
  discover: 'discover',
  unionpay: 'unionpay',
} as const satisfies Partial<Record<Brand, string>>;

type KnownBrand = keyof typeof TYPE_OF_BRAND;
const KNOWN_BRANDS = Object.keys(TYPE_OF_BRAND) as KnownBrand[];

const digitsOf = (prefix: number): Buffer => Buffer.from([...String(prefix)].map(Number));

// The longest prefix first: a longer one says more about the card.
const RANGES: readonly Range[] = KNOWN_BRANDS.flatMap((brand) =>
  creditCardType.getTypeInfo(TYPE_OF_BRAND[brand]).patterns.map((pattern): Range => {
    const [first, last] = typeof pattern === 'number' ? [pattern, pattern] : pattern;
    if (first === undefined || last === undefined) throw new Error(`No range of ${brand}: ${String(pattern)}`);
    return { brand, first: digitsOf(first), last: digitsOf(last) };
  }),
).sort((a, b) => b.first.length - a.first.length);

/** No card number is longer (ISO/IEC 7812-1). */
export const LONGEST_NUMBER = 19;
/** … and none that is in use is shorter. */
const SHORTEST_NUMBER = 12;

/** What the sandbox takes: one length for each brand, so that every field ends by itself. */
export const SANDBOX_LENGTHS: BrandLengths = { visa: [16], mastercard: [16], amex: [15], jcb: [16], diners: [14] };

/** The brand of the first `count` digits; undefined while they may still become several, `other` for none we know. */
export function brandOf(digits: Buffer, count: number): Brand | undefined {
  let open = false;
  for (const range of RANGES) {
    const compared = Math.min(count, range.first.length);
    const fits =
      digits.compare(range.first, 0, compared, 0, compared) >= 0 &&
      digits.compare(range.last, 0, compared, 0, compared) <= 0;
    if (fits && compared === range.first.length) return open ? undefined : range.brand;
    if (fits) open = true;
  }
  return open ? undefined : 'other';
}

/** The lengths of a brand's numbers that both its issuer and the gateway know, ascending; none: it is refused. */
export function lengthsOf(brand: Brand, accepted: BrandLengths): readonly number[] {
  if (!isKnown(brand)) return [];
  const published = creditCardType.getTypeInfo(TYPE_OF_BRAND[brand]).lengths;
  return published.filter((length) => accepted[brand]?.includes(length)).sort((a, b) => a - b);
}

/** How many digits the brand's security code has: 3 or 4. */
export function securityCodeLength(brand: Brand): number {
  return isKnown(brand) ? creditCardType.getTypeInfo(TYPE_OF_BRAND[brand]).code.size : 3;
}

function isKnown(brand: Brand): brand is KnownBrand {
  return Object.hasOwn(TYPE_OF_BRAND, brand);
}

/** Whether the first `count` digits carry a fitting check digit (ISO/IEC 7812-1, annex B). */
export function passesLuhn(digits: Buffer, count: number): boolean {
  let sum = 0;
  for (let i = 0; i < count; i++) {
    let digit = digits[count - 1 - i] ?? 0;
    if (i % 2 === 1) {
      digit *= 2;
      if (digit > 9) digit -= 9;
    }
    sum += digit;
  }
  return sum > 0 && sum % 10 === 0;
}

/** How far a card number has come. */
type NumberState =
  /** Needs more digits. */
  | 'short'
  /** Has a length of its brand, but not the right check digit; a longer number may still come. */
  | 'unchecked'
  /** Right; a longer number may still be meant. */
  | 'enough'
  /** Right, and there is no longer one. */
  | 'complete'
  /** As long as it can get, and wrong. */
  | 'wrong'
  /** A whole number of a brand that isn't taken. */
  | 'refused';

export function numberState(digits: Buffer, count: number, accepted: BrandLengths): NumberState {
  const brand = brandOf(digits, count);
  const lengths = brand === undefined ? [] : lengthsOf(brand, accepted);
  const longest = lengths.at(-1);
  if (longest === undefined) {
    if (count >= LONGEST_NUMBER) return 'refused';
    return brand !== undefined && count >= SHORTEST_NUMBER ? 'refused' : 'short';
  }
  const fits = passesLuhn(digits, count) || brand === 'unionpay';
  if (count >= longest) return fits ? 'complete' : 'wrong';
  if (!lengths.includes(count)) return 'short';
  return fits ? 'enough' : 'unchecked';
}

/** The most digits that the number begun by these can have. */
export function numberLimit(digits: Buffer, count: number, accepted: BrandLengths): number {
  const brand = brandOf(digits, count);
  return (brand === undefined ? undefined : lengthsOf(brand, accepted).at(-1)) ?? LONGEST_NUMBER;
}

/** Whether it is a whole number as its brand's issuers have them, whatever the gateway takes. */
export function isPublishedNumber(digits: Buffer, count: number): boolean {
  const brand = brandOf(digits, Math.min(count, digits.length));
  if (brand === undefined || !isKnown(brand) || count > digits.length) return false;
  return creditCardType.getTypeInfo(TYPE_OF_BRAND[brand]).lengths.includes(count) && passesLuhn(digits, count);
}

/** The one length that the number begun by these digits can have, where there is only one. */
export function knownLength(digits: Buffer, count: number, accepted: BrandLengths): number | undefined {
  const brand = count === 0 ? undefined : brandOf(digits, count);
  const lengths = brand === undefined ? [] : lengthsOf(brand, accepted);
  return lengths.length === 1 ? lengths[0] : undefined;
}
