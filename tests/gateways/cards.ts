import type { CardDigits } from '../../media-server/src/cde/gateways/gateway.ts';

/**
 * Published test cards, in parts: no string of this process holds a whole number unless somebody made one of what an
 * adapter sent.
 */
export const CARDS = {
  visa: ['4242', '4242', '4242', '4242'],
  mastercard: ['5555', '5555', '5555', '4444'],
  amex: ['3782', '822463', '10005'],
  /** Declined by everybody. */
  refused: ['4000', '0000', '0000', '0002'],
  /** Declined for its limit. */
  limited: ['4999', '0000', '0000', '0005'],
} as const;
export type CardName = keyof typeof CARDS;

/** A card as a dialogue hands it over; valid until January 2040. */
export function keyed(name: CardName): CardDigits {
  return {
    number: digits(CARDS[name]),
    expiry: digits(['0140']),
    securityCode: digits([name === 'amex' ? '1234' : '123']),
  };
}

/** The name of a card by its digits. */
export function nameOf(number: string): CardName | undefined {
  return (Object.keys(CARDS) as CardName[]).find((name) => CARDS[name].join('') === number);
}

export function lastFourOf(name: CardName): string {
  return CARDS[name].join('').slice(-4);
}

function digits(parts: readonly string[]): Buffer {
  return Buffer.from(parts.flatMap((part) => Array.from(part, Number)));
}
