import type { Outcome, Payment, Purpose } from '@tonegate/api-schema';
import { type ReactNode, useEffect } from 'react';
import { formatMoney, joinSentences } from '../i18n/format.ts';
import type { Translate } from '../i18n/translate.ts';
import { currentCall } from '../state/calls.ts';
import { useCalls, useSoftphone } from '../state/hooks.ts';
import { hasAmount } from '../state/payment-steps.ts';
import controls from './controls.module.css';
import { CopyButton } from './copy-button.tsx';
import { CrossIcon, DoneIcon, StopIcon, UnknownIcon } from './icons.tsx';
import { MoneyButtons } from './money-buttons.tsx';
import { brandWords, explanation, referenceWords, verdict } from './payment-words.ts';
import styles from './payment-zone.module.css';
import { useLanguage, useTranslate } from './use-translate.ts';

export const OUTCOME_ICONS: Record<Outcome, ReactNode> = {
  approved: <DoneIcon size={28} />,
  declined: <CrossIcon size={28} />,
  cancelled: <StopIcon size={28} />,
  failed: <CrossIcon size={28} />,
  unknown: <UnknownIcon size={28} />,
};

/** What became of the payment; stays until the agent moves on. */
export function PaymentOutcome({ payment }: { payment: Payment }) {
  const { payments } = useSoftphone();
  const t = useTranslate();
  const language = useLanguage();
  const inCall = useCalls((state) => currentCall(state)?.id === payment.call);
  const { outcome, purpose } = payment;
  useAcknowledged(payment);
  if (outcome === null) return null;

  const ended = { ...payment, outcome };
  const words = verdict(ended, t);
  const sum = hasAmount(purpose) ? formatMoney(payment.order.amountMinor, payment.order.currency, language) : '';
  const again = againWith(payment);
  return (
    <div className={styles.outcome} data-testid="outcome" data-outcome={outcome}>
      <h3 className={styles.verdict}>
        {OUTCOME_ICONS[outcome]}
        {words}
      </h3>
      <div className={styles.facts}>
        <p className={styles.sum}>
          {sum !== '' && <strong>{sum}</strong>}
          <Card payment={payment} />
        </p>
        <p>{joinSentences(explanation(ended, t), language)}</p>
        <p className={controls.quiet}>
          {referenceWords(payment, t)}
          {payment.member !== null && ` · ${t('pay.member-is', { member: payment.member })}`}
          {payment.receipt !== null && ` · ${t('pay.receipt', { receipt: payment.receipt })}`}
        </p>
        {payment.refundedMinor > 0 && (
          <p data-testid="refunded">
            {t('money.refunded', { amount: formatMoney(payment.refundedMinor, payment.order.currency, language) })}
          </p>
        )}
        {payment.wall === 'shut' && <p className={controls.quiet}>{t('pay.wall-still-shut')}</p>}
      </div>
      <div className={styles.buttons}>
        {outcome === 'approved' && (
          <CopyButton text={receiptText(payment, words, sum, t)} label={t('pay.copy')} testId="copy" />
        )}
        {again !== null && inCall && payment.wall === 'open' && (
          <button
            type="button"
            className={controls.button}
            data-testid="other-card"
            onClick={() => payments.tryAgain(payment.id, again.purpose)}
          >
            {t(again.words)}
          </button>
        )}
        {payment.wall === 'open' && (
          <button
            type="button"
            className={controls.button}
            data-testid="leave-outcome"
            onClick={() => payments.leave(payment.id)}
          >
            {t(outcome === 'approved' ? 'pay.done' : 'pay.leave')}
          </button>
        )}
        <MoneyButtons payment={payment} />
      </div>
    </div>
  );
}

/** How the same order is tried once more, where it can be. */
function againWith({
  outcome,
  purpose,
}: Payment): { words: 'pay.other-card' | 'pay.try-again' | 'pay.key-in-card'; purpose: Purpose } | null {
  if (outcome === 'approved' || outcome === 'unknown') return null;
  if (purpose === 'capture' || purpose === 'void' || purpose === 'refund') return null;
  // Where the stored card is refused or there is none, the customer has another one to key.
  if (purpose === 'stored-charge' && outcome !== 'cancelled') return { words: 'pay.key-in-card', purpose: 'charge' };
  return { words: outcome === 'declined' && purpose !== 'verify' ? 'pay.other-card' : 'pay.try-again', purpose };
}

function Card({ payment }: { payment: Payment }) {
  const t = useTranslate();
  if (payment.lastFour === null) return null;
  const brand = brandWords(payment.brand, t);
  return (
    <>
      <span aria-hidden="true">
        {brand} •••• {payment.lastFour}
      </span>
      <span className={controls.hidden}>
        {t('card.ending', { brand, digits: Array.from(payment.lastFour).join(' ') })}
      </span>
    </>
  );
}

/** Showing the outcome on a screen that is seen is what tells the agent: the server is told so. */
function useAcknowledged(payment: Payment): void {
  const softphone = useSoftphone();
  const { id, outcome, acknowledged } = payment;
  useEffect(() => {
    if (outcome === null || acknowledged) return;
    const shown = (): void => {
      if (document.visibilityState === 'visible') softphone.payments.outcomeShown();
    };
    shown();
    document.addEventListener('visibilitychange', shown);
    return () => document.removeEventListener('visibilitychange', shown);
  }, [softphone, id, outcome, acknowledged]);
}

function receiptText(payment: Payment, words: string, sum: string, t: Translate): string {
  return [
    words,
    sum,
    payment.lastFour === null ? '' : `${brandWords(payment.brand, t)} •••• ${payment.lastFour}`,
    payment.receipt === null ? '' : t('pay.receipt', { receipt: payment.receipt }),
    referenceWords(payment, t),
  ]
    .filter((part) => part !== '')
    .join('  ');
}
