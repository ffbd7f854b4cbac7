/** Sentences of every language; each language's `prompts.json` has the words. */
export const SENTENCES = [
  // openings, one for each purpose
  'opening',
  'opening-authorize',
  'opening-card-update',
  'opening-stored-charge',
  'opening-verify',
  // the order
  'amount-is',
  'amount-held-is',
  'reference-is',
  'confirm',
  // fields
  'card-number',
  'press-hash',
  'expiry',
  'date-example',
  'security-code-back',
  'security-code-front',
  'sending-code',
  'one-time-code',
  'another-code',
  'code-sent-again',
  'no-other-code',
  'code-too-soon',
  // mistakes
  'cleared',
  'silence',
  'wrong-key',
  'too-short',
  'one-digit-missing',
  'too-long',
  'check-failed',
  'brand-refused',
  'expired',
  'expiry-wrong',
  'month-first',
  'code-wrong',
  'code-expired',
  // a declined card
  'another-card',
  'card-refused',
  'funds-missing',
  'limit-reached',
  'card-expired',
  'security-code-wrong',
  'card-number-wrong',
  'other-card',
  // commands, and what the agent can do
  'offer-agent',
  'star-nine',
  'star-eight',
  'gentle-on',
  'ask-again',
  // hints: the contract's names, and the four digits of American Express
  'number-on-front',
  'expiry-on-card',
  'code-on-back',
  'code-on-front',
  'use-keypad',
  'take-your-time',
  'star-clears',
  'code-by-message',
  // a test of the keys
  'key-test',
  'key-test-done',
  'key-test-wrong',
  'key-test-nothing',
  'no-keys',
  // how it ended
  'waiting',
  'approved',
  'held',
  'registered',
  'verified',
  'declined',
  'not-registered',
  'not-verified',
  'no-stored-card',
  'code-not-sent',
  'failed',
  'unknown',
  'too-many-mistakes',
  'time-over',
  'returning',
  // outside a payment
  'please-wait',
  'nobody-here',
  'agent-returns',
] as const;
export type Sentence = (typeof SENTENCES)[number];

/**
 * What sounds the same in every language. `pause` is the silence between two sentences: 700 ms, or 1200 when slow;
 * `breath` the one within a sentence, 200 ms.
 */
export const PLAIN_SOUNDS = ['pause', 'breath', 'hold-music', 'ringback', 'comfort'] as const;

/** A part of a number or of an amount: which there are, a language's rules say. Only `Speech` makes them. */
export type Fragment = string & { readonly fragment: true };

export type PromptName = Sentence | (typeof PLAIN_SOUNDS)[number] | Fragment;
