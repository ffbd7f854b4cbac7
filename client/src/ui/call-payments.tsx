import type { Call } from '@tonegate/api-schema';
import { useId } from 'react';
import { formatTimeOfDay } from '../i18n/format.ts';
import { useCallPayments, useSoftphone } from '../state/hooks.ts';
import controls from './controls.module.css';
import styles from './history.module.css';
import { ChevronIcon } from './icons.tsx';
import { Paid } from './paid.tsx';
import { ProblemNote } from './problem-note.tsx';
import { useLanguage, useTranslate } from './use-translate.ts';

/** Every payment of one of the last calls, for when there was more than the last one. */
export function CallPayments({ call }: { call: Call }) {
  const { callPayments } = useSoftphone();
  const t = useTranslate();
  const language = useLanguage();
  const id = useId();
  const shown = useCallPayments();
  const open = shown.call === call.id;
  return (
    <>
      <button
        type="button"
        className={styles.all}
        data-testid="call-payments"
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        onClick={() => void callPayments.toggle(call.id)}
      >
        {t('history.all-payments')}
        <ChevronIcon size={16} />
      </button>
      {open && (
        <div id={id} className={styles.payments} aria-busy={shown.payments === null && shown.problem === null}>
          {shown.problem !== null && <ProblemNote code={shown.problem} />}
          {shown.payments?.length === 0 && <p className={controls.quiet}>{t('history.no-payments')}</p>}
          <ol aria-label={t('history.all-payments')}>
            {shown.payments?.map((payment) => (
              <li key={payment.id} className={styles.one}>
                <span className={styles.detail}>
                  <time dateTime={new Date(payment.startedAt).toISOString()}>
                    {formatTimeOfDay(payment.startedAt, language)}
                  </time>
                  {' · '}
                  {t(`kind.${payment.purpose}`)}
                </span>
                <Paid payment={payment} withCard />
              </li>
            ))}
          </ol>
        </div>
      )}
    </>
  );
}
