import { z } from 'zod';
import type { Reason } from '../contract.ts';
import { cardSeen, Name, notSent } from './answers.ts';
import type { Answer, AttemptName, Found, Refused } from './gateway.ts';
import type { ExchangeResult } from './https-exchange.ts';

const Charge = z.object({
  refunded: z.boolean().optional(),
  payment_method_details: z
    .object({ card: z.object({ brand: z.string().nullish(), last4: z.string().nullish() }).nullish() })
    .nullish(),
});
const Failure = z.object({
  type: z.string(),
  code: z.string().optional(),
  decline_code: z.string().optional(),
  message: z.string().optional(),
  param: z.string().optional(),
});
export const Intent = z.object({
  id: Name,
  status: z.string(),
  metadata: z.object({ attempt: z.string().optional() }).catch({}),
  latest_charge: z.union([Charge, z.string()]).nullish(),
  last_payment_error: Failure.nullish(),
});
type Intent = z.infer<typeof Intent>;
export const SetupIntent = z.object({
  id: Name,
  status: z.string(),
  customer: Name.nullish(),
  payment_method: z
    .union([
      z.object({ id: Name, card: z.object({ brand: z.string().nullish(), last4: z.string().nullish() }).nullish() }),
      Name,
    ])
    .nullish(),
  last_setup_error: Failure.nullish(),
});
type SetupIntent = z.infer<typeof SetupIntent>;
export const Refund = z.object({
  id: Name,
  status: z.string().nullish(),
  metadata: z.object({ attempt: z.string().optional() }).catch({}),
});
export const Listed = z.object({ data: z.array(z.unknown()) });
export const Failed = z.object({ error: Failure });

/** By decline code, else by code (https://docs.stripe.com/declines/codes). */
const DECLINES: Readonly<Record<string, Reason>> = {
  insufficient_funds: 'funds',
  card_velocity_exceeded: 'limit',
  withdrawal_count_limit_exceeded: 'limit',
  amount_too_large: 'limit',
  expired_card: 'card-expired',
  invalid_expiry_month: 'card-expired',
  invalid_expiry_year: 'card-expired',
  incorrect_cvc: 'security-code-wrong',
  invalid_cvc: 'security-code-wrong',
  incorrect_number: 'card-number-wrong',
  invalid_number: 'card-number-wrong',
};
export const REFUSED: Readonly<Record<number, Reason>> = {
  400: 'gateway-refused',
  401: 'gateway-settings',
  402: 'gateway-refused',
  403: 'gateway-settings',
  404: 'gateway-settings',
  429: 'gateway-busy',
};

export function okJson(result: ExchangeResult): unknown {
  return result.is === 'answered' && result.status === 200 ? result.json : undefined;
}

export function paidBy(result: ExchangeResult, attempt: AttemptName): Found {
  const intent = Intent.safeParse(okJson(result)).data;
  return intent?.metadata.attempt === attempt.reference ? intentFound(intent, attempt) : { is: 'no-answer' };
}

export function intentFound(intent: Intent, { purpose }: AttemptName): Found {
  if (isReversed(intent)) return { is: 'reversed' };
  const charge =
    typeof intent.latest_charge === 'object' ? intent.latest_charge?.payment_method_details?.card : undefined;
  const approved = { is: 'approved', transaction: intent.id, ...cardSeen(charge?.brand, charge?.last4) } as const;
  switch (intent.status) {
    case 'succeeded':
      return approved;
    case 'requires_capture':
      return purpose === 'authorize' ? approved : { is: 'no-answer' };
    case 'requires_payment_method':
      // As it was made, or as a declined card left it.
      return intent.last_payment_error ? declinedBy(intent.last_payment_error) : { is: 'absent' };
    case 'requires_confirmation':
      return { is: 'absent' };
    case 'requires_action':
      // The card's issuer wants to see its holder, who is on the phone.
      return { is: 'declined', reason: 'card-refused' };
    case 'processing':
      return { is: 'pending' };
    default:
      return { is: 'no-answer' };
  }
}

export function setupFound({ status, last_setup_error: error }: SetupIntent): Found {
  switch (status) {
    case 'requires_payment_method':
      return error ? declinedBy(error) : { is: 'absent' };
    case 'requires_confirmation':
      return { is: 'absent' };
    case 'requires_action':
      return { is: 'declined', reason: 'card-refused' };
    case 'canceled':
      return { is: 'reversed' };
    case 'processing':
      return { is: 'pending' };
    default:
      return { is: 'no-answer' };
  }
}

export function isReversed({ status, latest_charge: charge }: Intent): boolean {
  return status === 'canceled' || (typeof charge === 'object' && charge?.refunded === true);
}

export function operated(intent: Intent, purpose: 'capture' | 'void'): Found {
  const { status, id } = intent;
  if (status === (purpose === 'capture' ? 'succeeded' : 'canceled')) return { is: 'approved', transaction: id };
  return status === 'requires_capture' ? { is: 'absent' } : { is: 'failed', reason: 'gateway-refused' };
}

export function refundFound({ id, status }: z.infer<typeof Refund>): Found {
  if (status === 'succeeded') return { is: 'approved', transaction: id };
  return status === 'pending' ? { is: 'pending' } : { is: 'failed', reason: 'gateway-refused' };
}

function declinedBy({ code, decline_code: decline }: z.infer<typeof Failure>): Refused {
  return { is: 'declined', reason: DECLINES[decline ?? ''] ?? DECLINES[code ?? ''] ?? 'card-refused' };
}

/**
 * The account may not send card numbers (said with 402, as if the card were declined), or not flag telephone orders (said
 * as if there were no such parameter). Both only Stripe's support can change.
 */
export function isNotAllowed({ code, message = '', param = '' }: z.infer<typeof Failure>): boolean {
  return (
    /sending credit card numbers directly/i.test(message) || (code === 'parameter_unknown' && param.includes('[moto]'))
  );
}

/** The class of an answer that isn't 200. */
export function refusalIn(result: ExchangeResult): Answer {
  if (result.is !== 'answered') return notSent(result) ?? { is: 'unknown' };
  const { status } = result;
  const error = Failed.safeParse(result.json).data?.error;
  // A page without Stripe's own words may be a proxy's.
  if (!error) return { is: 'unknown' };
  if (isNotAllowed(error)) return { is: 'failed', reason: 'gateway-settings' };
  if (error.type === 'card_error') return declinedBy(error);
  // This key, or this intent, was used before: what that led to, a look-up says.
  if (error.type === 'idempotency_error' || error.code === 'payment_intent_unexpected_state') return { is: 'unknown' };
  if (error.code === 'setup_intent_unexpected_state') return { is: 'unknown' };
  const reason = REFUSED[status];
  return reason ? { is: 'failed', reason } : { is: 'unknown' };
}
