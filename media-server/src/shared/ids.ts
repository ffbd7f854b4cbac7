import { randomBytes } from 'node:crypto';

const LETTERS = 'abcdefghijklmnopqrstuvwxyz';
const TIME_LETTERS = 9;
const RANDOM_LETTERS = 17;

/**
 * 26 lower-case letters, no digits, so that no scanner takes an id for a card number. The first 9 letters are the
 * time in milliseconds (ids sort by age until the year 2141), the other 17 are random (80 bits).
 */
export type Id = string;

export const ID_PATTERN = /^[a-z]{26}$/;

export function newId(now: number = Date.now()): Id {
  let time = '';
  for (let rest = now, i = 0; i < TIME_LETTERS; i++, rest = Math.floor(rest / 26)) time = LETTERS[rest % 26] + time;
  return time + randomLetters(RANDOM_LETTERS);
}

/** `count` random letters of equal likelihood: 4.7 bits each. */
export function randomLetters(count: number): string {
  let letters = '';
  while (letters.length < count) {
    // Bytes from 234 on are thrown away: 234 is the greatest multiple of 26 below 256.
    for (const byte of randomBytes(count + 8)) {
      if (byte < 234 && letters.length < count) letters += LETTERS[byte % 26];
    }
  }
  return letters;
}
