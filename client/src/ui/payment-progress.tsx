import type { Payment } from '@tonegate/api-schema';
import { formatMoney } from '../i18n/format.ts';
import { useCalls, useDesk, useSoftphone } from '../state/hooks.ts';
import { shownSteps } from '../state/payment-steps.ts';
import controls from './controls.module.css';
import { DoneIcon } from './icons.tsx';
import styles from './payment-zone.module.css';
import { useLanguage, useTranslate } from './use-translate.ts';

/** The customer's way through the payment: how far, never what. */
export function PaymentProgress({ payment }: { payment: Payment }) {
  const softphone = useSoftphone();
  const t = useTranslate();
  const language = useLanguage();
  const stopping = useDesk((state) => state.busy.cancel === true);
  const checking = payment.step === 'processing';
  const way = useCalls((state) => state.reached);
  const remarks = [
    payment.mistakes > 0 &&
      (payment.mistakes === 1 ? t('pay.mistake-one') : t('pay.mistakes', { count: payment.mistakes })),
    payment.waiting && t('pay.waiting'),
  ].filter((remark) => remark !== false);

  return (
    <>
      <p className={styles.order}>
        <span>
          {t('pay.order')} {payment.order.reference}
        </span>
        <span className={styles.money}>{formatMoney(payment.order.amountMinor, payment.order.currency, language)}</span>
      </p>
      <ol className={styles.steps} aria-label={t('pay.steps')}>
        {shownSteps(payment, way).map(({ step, state }) => (
          <li
            key={step}
            className={styles.step}
            data-state={state}
            data-testid={`payment-step-${step}`}
            aria-current={state === 'now' ? 'step' : undefined}
          >
            {state === 'done' ? <DoneIcon /> : <span className={styles.mark} aria-hidden="true" />}
            <span>
              {t(`pay.step.${step === 'result' && checking ? 'processing' : step}`)}
              <span className={controls.hidden}> {t(`pay.step.${state}`)}</span>
            </span>
            {state === 'now' && <Dots keys={payment.keys} of={payment.of} />}
          </li>
        ))}
      </ol>
      <p className={styles.remarks} aria-live="polite" data-testid="remarks">
        {remarks.join(' · ')}
      </p>
      <div>
        <button
          type="button"
          className={controls.button}
          data-testid="stop-payment"
          aria-busy={stopping}
          onClick={() => void softphone.stopPayment()}
        >
          {t(stopping ? 'pay.stopping' : 'pay.stop')}
        </button>
      </div>
    </>
  );
}

/** One dot per key: filled for those keyed, hollow for those to come, where their number is known. */
function Dots({ keys, of }: { keys: number; of: number | null }) {
  const t = useTranslate();
  const length = Math.max(keys, of ?? keys);
  if (length === 0) return null;
  const label = of === null ? t('pay.dots-open', { keys }) : t('pay.dots', { keys, of });
  return (
    <figure className={styles.dots} aria-label={label} data-testid="dots" data-keys={keys}>
      {Array.from({ length }, (_, index) => (
        <i key={index} data-on={index < keys} />
      ))}
    </figure>
  );
}
