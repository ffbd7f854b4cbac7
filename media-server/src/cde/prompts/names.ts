/** Sentences of every language; each language's `prompts.json` has the words. */
export const SENTENCES = [
  'opening',
  'amount-is',
  'confirm',
  'card-number',
  'press-hash',
  'expiry',
  'date-example',
  'security-code-back',
  'security-code-front',
  'cleared',
  'silence',
  'wrong-key',
  'too-short',
  'check-failed',
  'brand-refused',
  'expired',
  'expiry-wrong',
  'month-first',
  'offer-agent',
  'waiting',
  'approved',
  'declined',
  'failed',
  'unknown',
  'too-many-mistakes',
  'time-over',
  'returning',
  'please-wait',
  'nobody-here',
  'agent-returns',
] as const;

/** What sounds the same in every language. `pause` is the silence of 700 ms between two sentences. */
export const PLAIN_SOUNDS = ['pause', 'hold-music', 'ringback', 'comfort'] as const;

/** Words of an amount besides its numbers and units. */
type Joiner = 'hundred' | 'thousand' | 'million' | 'and';

/** Units of money; each may be said in the middle of an amount, or as its end (`dollars-end`). */
export type Unit =
  | 'yen'
  | 'dollar'
  | 'dollars'
  | 'euro'
  | 'euros'
  | 'pound'
  | 'pounds'
  | 'cent'
  | 'cents'
  | 'penny'
  | 'pence';

/** A number as it is said within an amount, or as its end together with its unit (`n-800-yen`: はっぴゃくえんです). */
export type NumberName = `n-${number}` | `n-${number}-yen`;
export type UnitName = Unit | `${Unit}-end`;
export type PromptName = (typeof SENTENCES)[number] | (typeof PLAIN_SOUNDS)[number] | Joiner | UnitName | NumberName;
