import type { Outcome, Payment } from '@tonegate/api-schema';
import { type ReactNode, useEffect, useState } from 'react';
import { formatMoney, joinSentences } from '../i18n/format.ts';
import { en } from '../i18n/en.ts';
import type { MessageKey, Translate } from '../i18n/translate.ts';
import { currentCall } from '../state/calls.ts';
import { useCalls, useSoftphone } from '../state/hooks.ts';
import controls from './controls.module.css';
import { CrossIcon, DoneIcon, StopIcon, UnknownIcon } from './icons.tsx';
import styles from './payment-zone.module.css';
import { useLanguage, useTranslate } from './use-translate.ts';

const ICONS: Record<Outcome, ReactNode> = {
  approved: <DoneIcon size={28} />,
  declined: <CrossIcon size={28} />,
  cancelled: <StopIcon size={28} />,
  failed: <CrossIcon size={28} />,
  unknown: <UnknownIcon size={28} />,
};

/** What became of the payment; stays until the agent moves on. */
export function PaymentOutcome({ payment }: { payment: Payment }) {
  const softphone = useSoftphone();
  const t = useTranslate();
  const language = useLanguage();
  const inCall = useCalls((state) => currentCall(state)?.id === payment.call);
  const { outcome } = payment;
  useAcknowledged(payment);
  if (outcome === null) return null;

  const sum = formatMoney(payment.order.amountMinor, payment.order.currency, language);
  const again = outcome === 'declined' || outcome === 'failed' || outcome === 'cancelled';
  return (
    <div className={styles.outcome} data-testid="outcome" data-outcome={outcome}>
      <h3 className={styles.verdict}>
        {ICONS[outcome]}
        {t(`outcome.${outcome}`)}
      </h3>
      <div className={styles.facts}>
        <p className={styles.sum}>
          <strong>{sum}</strong>
          <Card payment={payment} />
        </p>
        <p>{joinSentences(explanation(payment, t), language)}</p>
        <p className={controls.quiet}>
          {t('pay.order')} {payment.order.reference}
          {payment.receipt !== null && ` · ${t('pay.receipt', { receipt: payment.receipt })}`}
        </p>
        {payment.wall === 'shut' && <p className={controls.quiet}>{t('pay.wall-still-shut')}</p>}
      </div>
      <div className={styles.buttons}>
        {outcome === 'approved' && <Copy text={receiptText(payment, sum, t)} />}
        {again && inCall && payment.wall === 'open' && (
          <button
            type="button"
            className={controls.button}
            data-testid="other-card"
            onClick={() => softphone.leaveOutcome(payment.id, true)}
          >
            {t('pay.other-card')}
          </button>
        )}
        {payment.wall === 'open' && (
          <button
            type="button"
            className={controls.button}
            data-testid="leave-outcome"
            onClick={() => softphone.leaveOutcome(payment.id, false)}
          >
            {t(outcome === 'approved' ? 'pay.done' : 'pay.leave')}
          </button>
        )}
      </div>
    </div>
  );
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

function Copy({ text }: { text: string }) {
  const t = useTranslate();
  const [copied, setCopied] = useState(false);
  const copy = (): void => {
    void navigator.clipboard.writeText(text).then(() => setCopied(true));
  };
  return (
    <button type="button" className={controls.button} data-testid="copy" aria-live="polite" onClick={copy}>
      {t(copied ? 'pay.copied' : 'pay.copy')}
    </button>
  );
}

/** Showing the outcome on a screen that is seen is what tells the agent: the server is told so. */
function useAcknowledged(payment: Payment): void {
  const softphone = useSoftphone();
  const { id, outcome, acknowledged } = payment;
  useEffect(() => {
    if (outcome === null || acknowledged) return;
    const shown = (): void => {
      if (document.visibilityState === 'visible') softphone.outcomeShown();
    };
    shown();
    document.addEventListener('visibilitychange', shown);
    return () => document.removeEventListener('visibilitychange', shown);
  }, [softphone, id, outcome, acknowledged]);
}

function explanation(payment: Payment, t: Translate): string[] {
  const { outcome, reason } = payment;
  if (outcome === 'unknown') return [t('outcome.unknown.text')];
  if (outcome === 'approved') return [t('outcome.charged')];
  return [reason === null ? '' : t(`reason.${reason}`), t('outcome.no-money')];
}

function brandWords(brand: string | null, t: Translate): string {
  const key = `brand.${brand ?? 'other'}`;
  return t(isMessage(key) && key.startsWith('brand.') ? (key as MessageKey & `brand.${string}`) : 'brand.other');
}

function isMessage(key: string): key is MessageKey {
  return key in en;
}

function receiptText(payment: Payment, sum: string, t: Translate): string {
  return [
    t('outcome.approved'),
    sum,
    payment.lastFour === null ? '' : `${brandWords(payment.brand, t)} •••• ${payment.lastFour}`,
    payment.receipt === null ? '' : t('pay.receipt', { receipt: payment.receipt }),
    `${t('pay.order')} ${payment.order.reference}`,
  ]
    .filter((part) => part !== '')
    .join('  ');
}
