import type { Outcome, Payment, PaymentStep } from '@tonegate/api-schema';
import { en } from '../i18n/en.ts';
import type { MessageKey, Translate } from '../i18n/translate.ts';
import { hasAmount } from '../state/payment-steps.ts';

/** A payment with an outcome. */
type Ended = Pick<Payment, 'purpose' | 'reason'> & { readonly outcome: Outcome };

/** What became of a payment, in the words of its purpose. */
export function verdict({ purpose, outcome, reason }: Ended, t: Translate): string {
  if (outcome === 'approved') return t(`approved.${purpose}`);
  if (outcome === 'cancelled' && reason === 'by-customer') return t('outcome.by-customer');
  if (purpose === 'verify' && (outcome === 'failed' || outcome === 'declined')) return t('outcome.not-verified');
  if (outcome === 'declined' && (purpose === 'refund' || purpose === 'capture' || purpose === 'void')) {
    return t('outcome.refused');
  }
  return t(`outcome.${outcome}`);
}

/** Why, and what it means for the money, as sentences. */
export function explanation({ purpose, outcome, reason }: Ended, t: Translate): string[] {
  if (outcome === 'unknown') return [t('outcome.unknown.text')];
  if (outcome === 'approved') return [t(`approved.${purpose}.text`)];
  return [reason === null ? '' : t(`reason.${reason}`), t(`unchanged.${purpose}`)];
}

export function stepWords(step: PaymentStep, purpose: Payment['purpose'], t: Translate): string {
  return step === 'confirmation' && !hasAmount(purpose) ? t('pay.step.confirm') : t(`pay.step.${step}`);
}

export function brandWords(brand: string | null, t: Translate): string {
  const key = `brand.${brand ?? 'other'}`;
  return t(key in en && key.startsWith('brand.') ? (key as MessageKey & `brand.${string}`) : 'brand.other');
}

/** A payment's reference with its name: orders have numbers, cards and codes are about a case. */
export function referenceWords(payment: Payment, t: Translate): string {
  return `${t(hasAmount(payment.purpose) ? 'pay.order' : 'pay.reference')} ${payment.order.reference}`;
}
