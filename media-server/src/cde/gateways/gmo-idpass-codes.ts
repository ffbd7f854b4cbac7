import type { Answer } from './gateway.ts';

/**
 * Classes of the protocol type's error codes (`ErrInfo`): the codes are as published lists have them, the classes are
 * ours. What isn't here is `unknown`: a look-up settles it. Longest prefix first.
 */
const CLASSES: readonly (readonly [prefix: string, answer: Answer])[] = [
  // The card network: what it did isn't known.
  ['42C', { is: 'unknown' }],
  ['42G02', { is: 'declined', reason: 'funds' }],
  ['42G04', { is: 'declined', reason: 'funds' }],
  ['42G06', { is: 'declined', reason: 'funds' }],
  ['42G03', { is: 'declined', reason: 'limit' }],
  ['42G05', { is: 'declined', reason: 'limit' }],
  ['42G07', { is: 'declined', reason: 'limit' }],
  ['42G55', { is: 'declined', reason: 'limit' }],
  ['42G44', { is: 'declined', reason: 'security-code-wrong' }],
  ['42G45', { is: 'declined', reason: 'security-code-wrong' }],
  ['42G65', { is: 'declined', reason: 'card-number-wrong' }],
  ['42G83', { is: 'declined', reason: 'card-expired' }],
  // 67–81: what the shop sent or may do, not the card.
  ...['67', '68', '69', '70', '71', '72', '73', '74', '75', '76', '77', '78', '79', '80', '81'].map(
    (code) => [`42G${code}`, { is: 'failed', reason: 'gateway-settings' }] as const,
  ),
  ['42G', { is: 'declined', reason: 'card-refused' }],
  ['E41170002', { is: 'declined', reason: 'card-refused' }],
  ['E41170099', { is: 'declined', reason: 'card-number-wrong' }],
  ['E11010099', { is: 'declined', reason: 'card-refused' }],
  // Card number, expiry and security code as they were keyed.
  ['E01170', { is: 'declined', reason: 'card-number-wrong' }],
  ['E01180', { is: 'declined', reason: 'card-expired' }],
  ['E01460008', { is: 'declined', reason: 'security-code-wrong' }],
  ['E92000', { is: 'failed', reason: 'gateway-busy' }],
  // An order of this id is there already: ours, or nobody's.
  ['E01040010', { is: 'unknown' }],
  ['E01', { is: 'failed', reason: 'gateway-settings' }],
  // E61040001: the contract doesn't take raw card numbers; E61010001–3: nor this kind of payment or brand.
  ['E61', { is: 'failed', reason: 'gateway-settings' }],
];

const WEIGHT = { unknown: 3, failed: 2, declined: 1, approved: 0 } as const;

/** The class of a list of codes: the worst wins, for one of them may have been about money that moved. */
export function classOf(codes: readonly string[]): Answer {
  let worst: Answer | undefined;
  for (const code of codes) {
    const answer = CLASSES.find(([prefix]) => code.startsWith(prefix))?.[1] ?? { is: 'unknown' };
    if (!worst || WEIGHT[answer.is] > WEIGHT[worst.is]) worst = answer;
  }
  return worst ?? { is: 'unknown' };
}
