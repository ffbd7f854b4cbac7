// @ts-check

/** @typedef {'approved' | 'declined' | 'funds' | 'slow' | 'late' | 'lost' | 'mistyped'} Outcome */

/**
 * Numbers that payment services publish for trying things out: no account stands behind any of them.
 *
 * @type {readonly { number: string, outcome: Outcome }[]}
 */
export const TEST_CARDS = [
  { number: '4242 4242 4242 4242', outcome: 'approved' },
  { number: '4000 0000 0000 0002', outcome: 'declined' },
  { number: '4000 0000 0000 9995', outcome: 'funds' },
  { number: '4000 0000 0000 0077', outcome: 'slow' },
  { number: '4000 0000 0000 0341', outcome: 'late' },
  { number: '4000 0000 0000 0259', outcome: 'lost' },
  { number: '4242 4242 4242 4241', outcome: 'mistyped' },
];

/** What every test card takes. */
export const EXPIRY = '1230';
export const SECURITY_CODE = '123';

/** The shape beside the word, so that colour alone says nothing. @type {Record<Outcome, string>} */
export const SHAPES = { approved: '✓', declined: '✕', funds: '✕', slow: '◷', late: '◷', lost: '?', mistyped: '≠' };
