import { walledPayment } from '../state/calls.ts';
import { useCalls, useDesk } from '../state/hooks.ts';
import { statusOf } from '../state/status.ts';
import { isOverdue } from '../state/troubles.ts';
import { formatDuration } from '../i18n/format.ts';
import controls from './controls.module.css';
import { WallIcon } from './icons.tsx';
import styles from './status-line.module.css';
import { useNow } from './use-now.ts';
import { useTranslate } from './use-translate.ts';

/** One line for what goes on; while the wall is shut it is the band over the whole window. Always the same height. */
export function StatusLine() {
  const t = useTranslate();
  const calls = useCalls((state) => state);
  const desk = useDesk((state) => state);
  const { serverLostAt, phoneLostAt } = desk;
  const payment = walledPayment(calls);
  const now = useNow(payment !== null || serverLostAt !== null || phoneLostAt !== null);
  const lost = isOverdue(serverLostAt, now) || isOverdue(phoneLostAt, now);
  const status = statusOf(calls, desk.phone, desk.audio.muted, lost);

  if (payment !== null) {
    const time = formatDuration(now + calls.clockOffsetMs - payment.startedAt);
    return (
      <section className={styles.band} aria-label={t('zone.status')} data-testid="wall-band">
        <WallIcon />
        <strong>{t('status.wall')}</strong>
        <span className={styles.time}>
          <span className={controls.hidden}>{t('pay.running-for', { time })}</span>
          <span aria-hidden="true">{time}</span>
        </span>
      </section>
    );
  }
  return (
    <section className={styles.line} aria-label={t('zone.status')} data-status={status} data-testid="status">
      <span className={styles.dot} aria-hidden="true" />
      {t(`status.${status}`)}
    </section>
  );
}
