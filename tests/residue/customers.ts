// The audit's customers: what they key, by which way, and how it ends. Published test numbers only; most have enough
// different digits to be told from other bytes.
import type { Agent } from '../agent/agent.ts';
import { atStep, hasNoOtherCard, type Talk } from '../faults/trouble.ts';
import { CARDS as BY_ANSWER, CODE, EXPIRY } from '../house/house.ts';

export const CARDS = {
  amex: '378282246310005',
  jcb: '3530111333300000',
  diners: '36006666333344',
  mastercard: '5555555555554444',
  visa: BY_ANSWER.approved,
  // These are declined.
  'amex, declined': '378734493671000',
  'jcb, declined': '3566002020360505',
  'diners, declined': '30569309025904',
  'mastercard, declined': '5425233430109903',
  'visa, declined': '4012888888881881',
  funds: BY_ANSWER.funds,
  slow: BY_ANSWER.slow,
  'late approval': BY_ANSWER.lateApproval,
  nothing: BY_ANSWER.nothing,
  reset: '4000000000000119',
  /** A brand that isn't taken. */
  discover: '6011000990139424',
  /** Its check digit is wrong; no other begins like it. */
  mistaken: '38520000023238',
} as const;
export type Card = keyof typeof CARDS;

export const TRANSPORTS = ['event', 'tone', 'both'] as const;
export type Transport = (typeof TRANSPORTS)[number];

type Doing =
  | 'pays'
  /** Has no other card after the decline. */
  | 'declined'
  /** Has another one. */
  | 'another'
  /** Keys a wrong number first. */
  | 'corrects'
  /** … and nothing else. */
  | 'gives-up'
  | 'by-agent'
  | 'by-customer'
  /** Keys the card before anybody asked, and then again. */
  | 'early';

export interface Story {
  readonly does: Doing;
  /** In the order of keying. */
  readonly cards: readonly [Card, ...Card[]];
}

/** What customers do, one after the other. */
export const STORIES: readonly Story[] = [
  { does: 'pays', cards: ['amex'] },
  { does: 'declined', cards: ['jcb, declined'] },
  { does: 'corrects', cards: ['discover', 'jcb'] },
  { does: 'by-customer', cards: ['diners, declined'] },
  { does: 'pays', cards: ['late approval'] },
  { does: 'another', cards: ['mastercard, declined', 'diners'] },
  { does: 'gives-up', cards: ['mistaken'] },
  { does: 'by-agent', cards: ['amex, declined'] },
  { does: 'pays', cards: ['nothing'] },
  { does: 'early', cards: ['amex'] },
  { does: 'corrects', cards: ['mistaken', 'jcb'] },
  { does: 'declined', cards: ['visa, declined'] },
  { does: 'pays', cards: ['slow'] },
  { does: 'pays', cards: ['mastercard'] },
  { does: 'declined', cards: ['diners, declined'] },
  { does: 'pays', cards: ['reset'] },
  { does: 'pays', cards: ['diners'] },
  { does: 'declined', cards: ['funds'] },
  { does: 'pays', cards: ['jcb'] },
  { does: 'declined', cards: ['amex, declined'] },
  { does: 'pays', cards: ['visa'] },
];

/** Has a customer do it; resolves with the outcome, at its moment. */
export async function act(talk: Talk, { does, cards }: Story, how: Transport): Promise<string> {
  const { agent, phone, house } = talk;
  const key = (keys: string) => phone.keys(keys, { how });
  const [first, second] = cards;
  // Outside of a payment tones are sound, which passes, as on any phone.
  if (does === 'early') await phone.keys(CARDS[first], { how: 'event' });
  const { id } = await agent.startPayment(house.order());
  await atStep(talk, 'confirmation');
  await key('1');
  await atStep(talk, 'card-number');
  let card: Card = first;
  if (does === 'corrects' || does === 'gives-up') {
    await key(`${CARDS[first]}#`);
    await mistakes(agent, 1);
    if (does === 'gives-up') {
      await key(`${CARDS[first]}#`);
      await mistakes(agent, 2);
      await key(`${CARDS[first]}#`);
      return outcome(agent);
    }
    card = second ?? first;
  }
  await keysCard(talk, does === 'corrects' ? card : first, key, does);
  if (does === 'by-agent') await agent.post(`/v1/payments/${id}/cancel`, {});
  else if (does === 'by-customer') await key('*0');
  else if (does === 'declined') await hasNoOtherCard(talk);
  else if (does === 'another') {
    await agent.until(({ call }) => call?.payment?.declined === 1, 30_000, 'the decline');
    await keysCard(talk, second ?? first, key, 'pays');
  }
  return outcome(agent);
}

async function keysCard(talk: Talk, card: Card, key: (keys: string) => Promise<unknown>, does: Doing): Promise<void> {
  await atStep(talk, 'card-number');
  await key(CARDS[card].length === 16 && CARDS[card].startsWith('4') ? `${CARDS[card]}#` : CARDS[card]);
  await atStep(talk, 'expiry');
  if (does === 'by-agent' || does === 'by-customer') return;
  await key(EXPIRY);
  await atStep(talk, 'security-code');
  await key(codeOf(card));
}

export function codeOf(card: Card): string {
  return card.startsWith('amex') ? `${CODE}4` : CODE;
}

async function mistakes(agent: Agent, count: number): Promise<void> {
  await agent.until(({ call }) => (call?.payment?.mistakes ?? 0) >= count, 20_000, `mistake ${count} to be seen`);
}

async function outcome(agent: Agent): Promise<string> {
  await agent.until(({ call }) => call?.payment?.state === 'ended', 40_000, 'the outcome');
  return String(agent.call?.payment?.outcome);
}
