import { createHash } from 'node:crypto';

/** What the sandbox answers to a card. */
export type CardOutcome =
  | { readonly is: 'approved' }
  | { readonly is: 'declined'; readonly reason: DeclineReason }
  /** Approved after `slowMs`. */
  | { readonly is: 'slow' }
  /** The money moves, the answer never comes. */
  | { readonly is: 'late' }
  /** The money moves, the connection breaks in the middle of the answer. */
  | { readonly is: 'reset' }
  /** The money moves, the answer says that it was asked before (409). */
  | { readonly is: 'duplicate' }
  /** Approved; what it brought can't be given back afterwards. */
  | { readonly is: 'no-refund' }
  /** Nothing is carried out and no answer ever comes. */
  | { readonly is: 'lost' };

/** How an attempt is answered, and whatever is done with its money later. */
export type Behaviour = Exclude<CardOutcome['is'], 'declined' | 'lost'>;

export const DECLINE_REASONS = ['card-refused', 'funds', 'limit', 'card-expired', 'security-code-wrong'] as const;
export type DeclineReason = (typeof DECLINE_REASONS)[number];

const approved: CardOutcome = { is: 'approved' };
const declined = (reason: DeclineReason): CardOutcome => ({ is: 'declined', reason });

/**
 * Card numbers that card brands and payment services publish for testing, by the SHA-256 of their digits: the sandbox
 * knows them without holding one. Any other number is declined as `card-refused`.
 */
const OUTCOMES: ReadonlyMap<string, CardOutcome> = new Map([
  // Visa …4242
  ['477bba133c182267fe5f086924abdc5db71f77bfc27f01f2843f2cdc69d89f05', approved],
  // Visa …1111
  ['9bbef19476623ca56c17da75fd57734dbf82530686043a6e491c6d71befe8f6e', approved],
  // Mastercard …4444
  ['2f725bbd1f405a1ed0336abaf85ddfeb6902a9984a76fd877c3b5cc3b5085a82', approved],
  // American Express …0005
  ['3a134ef77d4e2e4cdad2d2945ff1f76c1a23296c93c851f6244220a8cedea130', approved],
  // JCB …0000
  ['1c9d38ed26cd808fa3b02b9b3b988a7caf474e2e42d95789c0fe07e267c80d8f', approved],
  // Diners Club …3344
  ['e3294d7ab45a41b571afe82b95423385ff62afd0cee212a5c9a3d193e637b001', approved],
  // Visa …0002
  ['acd08f29a41f2e55ab0c4f774b1562b03ff01a905ed5b100f4facd43af572b1b', declined('card-refused')],
  // Visa …9995
  ['e5de3c3d9fcb43b15abddceb57a9f70055fdfb4b504765336054c926abeb88de', declined('funds')],
  // Visa …0005
  ['f382995f193a5b73e1ffb49934400a05961b55bebc76a9b6a15f864597344b21', declined('limit')],
  // Visa …0069
  ['9830b424b7a69ba9909021c80d56005f9f03cfc1d0cfcbec20fbb906bd8d19c4', declined('card-expired')],
  // Visa …0127
  ['5a65d383fa6b08bc756ab9ea45fe9406d63b820fcd34c708d0ef54a35df2fb24', declined('security-code-wrong')],
  // Visa …0077
  ['1789612b7ca1f7d829a85f8996d6c12baac260ab87ae1d77ec33439a928eedfe', { is: 'slow' }],
  // Visa …0341
  ['975136130120262dd3a5716447bbcab6dbdf7fd7d1a228b73a018952c50642f6', { is: 'late' }],
  // Visa …0119
  ['62ac087033ba812fa52dd39984ff222bd3d97d024f258345a891be2142f253ec', { is: 'reset' }],
  // Visa …0101
  ['5cc14dbd1b49a8f5ef93d813d8d68512d9cbaf681f15fcdbad3a7246b4004677', { is: 'duplicate' }],
  // Visa …5126
  ['af4a894e7140ab6c3ae6c641af39f007eff77525fb5e3cad968b634663e88d04', { is: 'no-refund' }],
  // Visa …0259
  ['4e606641b79221a20f7ec26a5283143b9da8bfcee264c89ce9c01929fd012a2c', { is: 'lost' }],
]);

/**
 * @param number the card's digits
 * @param expiry MMYY; a card is valid until its month is over everywhere (the next month's first, 12:00 UTC)
 * @param now UTC ms
 */
export function outcomeOf(number: string, expiry: string, now: number): CardOutcome {
  const outcome = OUTCOMES.get(createHash('sha256').update(number).digest('hex')) ?? declined('card-refused');
  const endsAt = Date.UTC(2000 + Number(expiry.slice(2)), Number(expiry.slice(0, 2)), 1, 12);
  return endsAt <= now ? declined('card-expired') : outcome;
}

const BRANDS = [
  ['visa', /^4/],
  ['mastercard', /^(5[1-5]|2[2-7])/],
  ['amex', /^3[47]/],
  ['diners', /^3[068]/],
  ['jcb', /^(35|2131|1800)/],
] as const;

/** Coarse, as a practice service needs it. */
export function brandOf(number: string): string {
  return BRANDS.find(([, prefix]) => prefix.test(number))?.[0] ?? 'other';
}
