import { createHmac } from 'node:crypto';
import { holdsCardNumber } from '../../shared/card-digits.ts';
import type { Secret } from '../../shared/secret.ts';

const E164 = /^\+[1-9][0-9]{5,14}$/;
/** A mobile's number has at most so many digits anywhere; what is longer and passes Luhn is rather a card's. */
const SURELY_A_PHONE = 13;

/** Whether this can be a customer's number: E.164, and no card number that somebody wrote in the wrong place. */
export function isPhone(text: string): boolean {
  return E164.test(text) && (text.length - 1 <= SURELY_A_PHONE || !holdsCardNumber(text));
}

/** What limits are counted by: a number can't be found from it without the key. Hex. */
export function phoneDigest(key: Secret<Buffer>, phone: string): string {
  return createHmac('sha256', key.reveal()).update(phone).digest('hex');
}
