import type { Payment } from '@tonegate/api-schema';
import { formatMoney } from '../i18n/format.ts';
import { hasAmount } from '../state/payment-steps.ts';
import styles from './history.module.css';
import { MoneyButtons } from './money-buttons.tsx';
import { brandWords, referenceWords, verdict } from './payment-words.ts';
import { useLanguage, useTranslate } from './use-translate.ts';

/** What became of a payment in a list, and what can be done with its money. */
export function Paid({ payment, withCard = false }: { payment: Payment; withCard?: boolean }) {
  const t = useTranslate();
  const language = useLanguage();
  const { outcome, order, refundedMinor, lastFour, receipt } = payment;
  if (outcome === null) return null;
  const details = [
    referenceWords(payment, t),
    withCard && lastFour !== null && `${brandWords(payment.brand, t)} •••• ${lastFour}`,
    withCard && receipt !== null && t('pay.receipt', { receipt }),
    refundedMinor > 0 && t('money.refunded', { amount: formatMoney(refundedMinor, order.currency, language) }),
  ];
  return (
    <>
      <span className={styles.payment} data-outcome={outcome}>
        {verdict({ ...payment, outcome }, t)}{' '}
        {hasAmount(payment.purpose) && formatMoney(order.amountMinor, order.currency, language)}
      </span>
      <span className={styles.detail}>{details.filter((detail) => detail !== false).join(' · ')}</span>
      {payment.possible.length > 0 && (
        <fieldset className={styles.money} aria-label={t('money.actions')}>
          <MoneyButtons payment={payment} />
        </fieldset>
      )}
    </>
  );
}
