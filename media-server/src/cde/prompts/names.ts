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

/** Words of an amount besides its numbers. */
export const JOINERS = ['hundred', 'thousand', 'million', 'and'] as const;

/** Units of money; each is there twice, as said in the middle of an amount and as its end (`dollars-end`). */
export const UNITS = [
  'yen',
  'dollar',
  'dollars',
  'euro',
  'euros',
  'pound',
  'pounds',
  'cent',
  'cents',
  'penny',
  'pence',
] as const;

/** A number as it is said within an amount, or as its end together with its unit (`n-800-yen`: はっぴゃくえんです). */
export type NumberName = `n-${number}` | `n-${number}-yen`;
export type SentenceName = (typeof SENTENCES)[number];
export type PlainSoundName = (typeof PLAIN_SOUNDS)[number];
export type Unit = (typeof UNITS)[number];
export type UnitName = Unit | `${Unit}-end` | (typeof JOINERS)[number];
export type PromptName = SentenceName | PlainSoundName | UnitName | NumberName;
