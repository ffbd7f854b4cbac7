import type { FieldRules } from './ask.ts';
import { isPublishedNumber, knownLength, lengthsOf, numberLimit, numberState, securityCodeLength } from './brands.ts';
import { BRANDS } from '../contract.ts';
import { judgeExpiry } from './expiry.ts';

const EXPIRY_LENGTH = 4;

/** The card number: ends by itself where its brand and the gateway leave only one length, else by `#` or silence. */
export const cardNumber: FieldRules = {
  name: 'card-number',
  ask(context) {
    const endsByItself = BRANDS.every((brand) => lengthsOf(brand, context.lengths).length <= 1);
    return endsByItself ? ['card-number'] : ['card-number', 'pause', 'press-hash'];
  },
  limit: (context, digits, count) => numberLimit(digits, count, context.lengths),
  of: (context, digits, count) => knownLength(digits, count, context.lengths),
  judge(context, digits, count) {
    switch (numberState(digits, count, context.lengths)) {
      case 'short':
        return { is: 'unfinished', mistake: 'too-short' };
      case 'unchecked':
        return { is: 'unfinished', mistake: 'check-failed' };
      case 'enough':
        return { is: 'enough' };
      case 'complete':
        return { is: 'complete' };
      case 'wrong':
        return { is: 'wrong', mistake: 'check-failed' };
      case 'refused':
        return { is: 'wrong', mistake: 'brand-refused' };
    }
  },
  restMs: 3000,
  // One or two too many is a key that was pressed twice; more is a longer card, or the next fields, keyed ahead of a wrong number.
  tooLong(over, digits, count) {
    if (over <= 2) return 'too-long';
    return isPublishedNumber(digits, count + over) ? 'number-too-long' : undefined;
  },
};

/** MMYY. */
export const expiry: FieldRules = {
  name: 'expiry',
  ask: () => ['expiry', 'pause', 'date-example'],
  limit: () => EXPIRY_LENGTH,
  of: () => EXPIRY_LENGTH,
  judge(context, digits, count) {
    if (count < EXPIRY_LENGTH) return { is: 'unfinished', mistake: 'too-short' };
    const state = judgeExpiry(digits, context.utcNow);
    if (state === 'fits') return { is: 'complete' };
    return { is: 'wrong', mistake: state === 'wrong' ? 'expiry-wrong' : state };
  },
  restMs: 1500,
  // 052027 is May 2027 keyed with its whole year, and no card that expired in 2020.
  tooLong: () => 'expiry-wrong',
};

/** Three digits from the back, or American Express's four from the front. */
export const securityCode: FieldRules = {
  name: 'security-code',
  ask: (context) => [securityCodeLength(context.brand ?? 'other') === 4 ? 'security-code-front' : 'security-code-back'],
  limit: (context) => securityCodeLength(context.brand ?? 'other'),
  of: (context) => securityCodeLength(context.brand ?? 'other'),
  judge: (context, _digits, count) =>
    count < securityCodeLength(context.brand ?? 'other')
      ? { is: 'unfinished', mistake: 'too-short' }
      : { is: 'complete' },
  restMs: 1500,
};
