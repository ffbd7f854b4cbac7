import { createHash } from 'node:crypto';
import { z } from 'zod';
import { holdsCardNumber } from '../../shared/card-digits.ts';
import type { Id } from '../../shared/ids.ts';
import type { Brand, Reason } from '../contract.ts';
import type { Answer, Found } from './gateway.ts';
import type { ExchangeResult } from './https-exchange.ts';

/** What people say to find a transaction again. A text that doesn't fit is left out: money doesn't hang on it. */
export const Receipt = z
  .string()
  .trim()
  .regex(/^[A-Za-z0-9-]{1,32}$/)
  .refine((text) => !holdsCardNumber(text))
  .optional()
  .catch(undefined);

/** A gateway's own name of a transaction or a stored card. */
export const Name = z.string().regex(/^[\x21-\x7e]{1,200}$/);

const BRAND_NAMES: Readonly<Record<string, Brand>> = {
  visa: 'visa',
  mastercard: 'mastercard',
  master: 'mastercard',
  amex: 'amex',
  american_express: 'amex',
  jcb: 'jcb',
  diners: 'diners',
  diners_club: 'diners',
  discover: 'discover',
  unionpay: 'unionpay',
};

/** Brand and last four digits as a gateway gives them, which may be masked in front, as fields of an approval. */
export function cardSeen(brand: string | undefined | null, masked: string | undefined | null) {
  const known = BRAND_NAMES[brand?.toLowerCase() ?? ''];
  const lastFour = /(?:^|[^0-9])([0-9]{4})$/.exec(masked ?? '')?.[1];
  return { ...(known && { brand: known }), ...(lastFour !== undefined && { lastFour }) };
}

/** A UUID (version 4 in its form) that is the same for the same words: for services that want keys of this form. */
export function keyOf(reference: Id, operation: string): string {
  const hex = createHash('sha256').update(`${reference} ${operation}`).digest('hex');
  const variant = '89ab'.charAt(Number.parseInt(hex.charAt(16), 16) & 3);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** What is left of a method's time, ms; at least 1. */
export function timeLeft(timeoutMs: number): () => number {
  const end = performance.now() + timeoutMs;
  return () => Math.max(1, Math.ceil(end - performance.now()));
}

/** Result of a request that surely had no effect, or undefined where it may have had one. */
export function notSent(result: ExchangeResult): Answer | undefined {
  return result.is === 'not-sent' ? { is: 'failed', reason: 'gateway-unreachable' } : undefined;
}

/** What a harmless question shows: unreachable, or the reason that `refusedBy` finds, or that it works. */
export function tested(
  result: ExchangeResult,
  refusedBy: (answer: ExchangeResult & { is: 'answered' }) => Reason | undefined,
): 'works' | Reason {
  if (result.is !== 'answered') return 'gateway-unreachable';
  return refusedBy(result) ?? 'works';
}

/** A look-up's finding as the answer to what was asked: only a result counts. */
export function asAnswer(found: Found): Answer {
  return found.is === 'approved' || found.is === 'declined' || found.is === 'failed' ? found : { is: 'unknown' };
}
