import { type Hint, type Payment, Hint as Hints } from '@tonegate/api-schema';

/** What helps at a step goes first. */
const AT_STEP: Partial<Record<Payment['step'], readonly Hint[]>> = {
  'card-number': ['number-on-front', 'star-clears', 'press-hash'],
  expiry: ['expiry-on-card', 'star-clears'],
  'security-code': ['code-on-back', 'star-clears'],
  'one-time-code': ['code-by-message', 'star-clears'],
};

/** What helps nobody who is asked for something else. */
const OF_CARD: readonly Hint[] = ['number-on-front', 'expiry-on-card', 'code-on-back'];
const OF_FIELD: readonly Hint[] = ['press-hash', 'star-clears'];

/** Ready sentences that fit a payment, those for its step first. */
export function hintsFor({ purpose, step }: Pick<Payment, 'purpose' | 'step'>): readonly Hint[] {
  const card = purpose !== 'verify' && purpose !== 'stored-charge';
  const first = AT_STEP[step] ?? [];
  const fit = Hints.options.filter((hint) => {
    if (first.includes(hint)) return false;
    if (hint === 'code-by-message') return purpose === 'verify';
    if (OF_CARD.includes(hint)) return card;
    return !OF_FIELD.includes(hint) || purpose !== 'stored-charge';
  });
  return [...first, ...fit];
}
