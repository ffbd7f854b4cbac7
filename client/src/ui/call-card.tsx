import type { Call, Me } from '@tonegate/api-schema';
import { formatDuration, formatNumber } from '../i18n/format.ts';
import { currentCall } from '../state/calls.ts';
import { useCalls, useDesk, useSoftphone } from '../state/hooks.ts';
import styles from './call-card.module.css';
import controls from './controls.module.css';
import { Dial } from './dial.tsx';
import { CallIcon } from './icons.tsx';
import { useNow } from './use-now.ts';
import { useTranslate } from './use-translate.ts';

/** Zone 2: who calls, how long, for which merchant; where nobody does, the field to call somebody. */
export function CallCard({ me }: { me: Me }) {
  const t = useTranslate();
  const call = useCalls(currentCall);
  const silenced = useDesk((state) => state.silenced);
  const shown = call !== null && !(call.id === silenced && call.state === 'ringing') ? call : null;
  return (
    <section className={styles.card} aria-label={t('zone.call')} data-zone="call">
      {shown === null ? <Dial merchants={me.merchants} /> : <CallFacts call={shown} />}
    </section>
  );
}

function CallFacts({ call }: { call: Call }) {
  const softphone = useSoftphone();
  const t = useTranslate();
  const offset = useCalls((state) => state.clockOffsetMs);
  const leg = useDesk((state) => state.phone.legs[call.id]);
  const now = useNow(true);
  const number = call.number === null ? t('call.withheld') : formatNumber(call.number);
  const time = formatDuration(now + offset - (call.answeredAt ?? call.startedAt));
  const rings = call.state === 'ringing' && call.direction === 'in';
  return (
    <>
      <div className={styles.who}>
        <h2 className={styles.number} data-testid="call-number">
          {number}
        </h2>
        <span className={styles.time} data-testid="call-timer">
          <span className={controls.hidden}>{t('call.timer', { time })}</span>
          <span aria-hidden="true">{time}</span>
        </span>
      </div>
      <p className={styles.from}>
        {call.displayName !== null && call.displayName !== '' && `${call.displayName} · `}
        {call.direction === 'in'
          ? t('call.to', { merchant: call.merchant.name, number: formatNumber(call.called) })
          : t('call.from', { merchant: call.merchant.name })}
      </p>
      <div className={styles.answer}>
        {rings && (
          <button
            type="button"
            className={`${controls.primary} ${controls.wide}`}
            data-testid="answer"
            aria-disabled={leg === 'answering' || leg === 'established'}
            onClick={() => void softphone.answer()}
          >
            <CallIcon />
            {t('call.answer')}
            <kbd className={controls.key} aria-hidden="true">
              {t('key.space')}
            </kbd>
          </button>
        )}
      </div>
    </>
  );
}
