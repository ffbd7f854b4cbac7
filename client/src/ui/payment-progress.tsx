import type { Payment } from '@tonegate/api-schema';
import { useEffect, useId, useRef } from 'react';
import { formatMoney, languageName } from '../i18n/format.ts';
import { useCalls, useDesk, useSoftphone } from '../state/hooks.ts';
import { hasAmount, isTooLate, shownSteps } from '../state/payment-steps.ts';
import controls from './controls.module.css';
import { DoneIcon } from './icons.tsx';
import { PaymentHelp } from './payment-help.tsx';
import { PaymentRemarks } from './payment-remarks.tsx';
import { referenceWords, stepWords } from './payment-words.ts';
import styles from './payment-zone.module.css';
import { useLanguage, useTranslate } from './use-translate.ts';

/** The customer's way through the payment: how far, never what; and how the agent can help. */
export function PaymentProgress({ payment }: { payment: Payment }) {
  const softphone = useSoftphone();
  const t = useTranslate();
  const language = useLanguage();
  const remarks = useId();
  const stopping = useDesk((state) => state.busy.cancel === true);
  const way = useCalls((state) => state.way);
  const checking = payment.step === 'processing';
  const tooLate = isTooLate(payment);
  const steps = useRef<HTMLOListElement>(null);
  const at = checking ? 'result' : payment.step;
  useEffect(() => {
    steps.current?.querySelector(`[data-step="${at}"]`)?.scrollIntoView({ block: 'nearest' });
  }, [at]);
  const badges = [
    languageName(payment.language, language),
    payment.gentle && t('pay.is-gentle'),
    payment.member !== null && t('pay.member-is', { member: payment.member }),
    payment.declined > 0 && t('pay.card-number', { number: payment.declined + 1, of: payment.cards }),
  ].filter((badge) => badge !== false);

  return (
    <>
      <div>
        <p className={styles.order}>
          <span>{referenceWords(payment, t)}</span>
          <span className={styles.money}>
            {hasAmount(payment.purpose)
              ? formatMoney(payment.order.amountMinor, payment.order.currency, language)
              : t(`purpose.${payment.purpose}`)}
          </span>
        </p>
        <ul className={styles.badges} data-testid="badges">
          {badges.map((badge) => (
            <li key={badge}>{badge}</li>
          ))}
        </ul>
      </div>
      <ol ref={steps} className={styles.steps} aria-label={t('pay.steps')}>
        {shownSteps(payment, way).map(({ step, state }) => (
          <li
            key={step}
            className={styles.step}
            data-state={state}
            data-step={step}
            data-testid={`payment-step-${step}`}
            aria-current={state === 'now' ? 'step' : undefined}
          >
            {state === 'done' ? <DoneIcon /> : <span className={styles.mark} aria-hidden="true" />}
            <span>
              {stepWords(step === 'result' && checking ? 'processing' : step, payment.purpose, t)}
              <span className={controls.hidden}> {t(`pay.step.${state}`)}</span>
            </span>
            {state === 'now' && <Dots keys={payment.keys} of={payment.of} />}
          </li>
        ))}
      </ol>
      <div className={styles.footer}>
        <PaymentRemarks id={remarks} payment={payment} />
        <PaymentHelp payment={payment} tooLate={tooLate} reason={remarks} />
        <button
          type="button"
          className={`${controls.button} ${styles.stop}`}
          data-testid="stop-payment"
          aria-busy={stopping}
          aria-disabled={tooLate}
          aria-describedby={tooLate ? remarks : undefined}
          onClick={() => {
            if (!tooLate) void softphone.payments.stop();
          }}
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
