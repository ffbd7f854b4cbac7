import type { Call } from '@tonegate/api-schema';
import { formatNumber, formatTimeOfDay } from '../i18n/format.ts';
import { currentCall } from '../state/calls.ts';
import { useCalls, useSoftphone } from '../state/hooks.ts';
import { CallPayments } from './call-payments.tsx';
import controls from './controls.module.css';
import styles from './history.module.css';
import { IncomingIcon, OutgoingIcon } from './icons.tsx';
import { Paid } from './paid.tsx';
import { useLanguage, useTranslate } from './use-translate.ts';

/** The last calls; the number of each can be put into the dial field. */
export function History() {
  const t = useTranslate();
  const recent = useCalls((state) => state.recent);
  return (
    <section className={styles.zone} aria-label={t('zone.history')} data-zone="history" tabIndex={-1}>
      <h2 className={styles.title}>{t('zone.history')}</h2>
      {recent.length === 0 ? (
        <p className={controls.quiet}>{t('history.empty')}</p>
      ) : (
        <ol>
          {recent.map((call) => (
            <Entry key={call.id} call={call} />
          ))}
        </ol>
      )}
    </section>
  );
}

function Entry({ call }: { call: Call }) {
  const softphone = useSoftphone();
  const t = useTranslate();
  const language = useLanguage();
  const free = useCalls((state) => currentCall(state) === null);
  const { payment, number } = call;
  return (
    <li className={styles.entry}>
      {call.direction === 'in' ? <IncomingIcon size={16} /> : <OutgoingIcon size={16} />}
      <span className={controls.hidden}>{t(call.direction === 'in' ? 'history.in' : 'history.out')}</span>
      <div className={styles.facts}>
        {number === null ? (
          <span>{t('call.withheld')}</span>
        ) : (
          <button
            type="button"
            className={styles.number}
            disabled={!free}
            title={t('history.call-back', { number: formatNumber(number) })}
            onClick={() => softphone.setDialText(formatNumber(number))}
          >
            {formatNumber(number)}
          </button>
        )}
        <span className={styles.detail}>
          {call.merchant.name}
          {call.end !== null && ` · ${t(`end.${call.end}`)}`}
        </span>
        {payment !== null && (
          <>
            <Paid payment={payment} />
            <CallPayments call={call} />
          </>
        )}
      </div>
      <time className={styles.time} dateTime={new Date(call.startedAt).toISOString()}>
        {formatTimeOfDay(call.startedAt, language)}
      </time>
    </li>
  );
}
