import { currentCall } from '../state/calls.ts';
import { useCalls, useDesk, useSoftphone } from '../state/hooks.ts';
import controls from './controls.module.css';
import styles from './end-zone.module.css';
import { CrossIcon, HangUpIcon } from './icons.tsx';
import { useTranslate } from './use-translate.ts';

/** Zone 5: the end of a call, away from everything else. */
export function EndZone() {
  const softphone = useSoftphone();
  const t = useTranslate();
  const call = useCalls(currentCall);
  const silenced = useDesk((state) => state.silenced);
  const busy = useDesk((state) => state.busy['hang-up'] === true);
  const rings = call?.state === 'ringing' && call.direction === 'in';
  return (
    <section className={styles.zone} aria-label={t('zone.end')}>
      {rings && call.id !== silenced && (
        <button type="button" className={controls.end} data-testid="reject" onClick={() => softphone.reject()}>
          <CrossIcon size={18} />
          {t('call.reject')}
        </button>
      )}
      {call !== null && !rings && (
        <button
          type="button"
          className={controls.end}
          data-testid="hang-up"
          aria-busy={busy}
          onClick={() => void softphone.hangUp()}
        >
          <HangUpIcon />
          {t('call.hang-up')}
        </button>
      )}
    </section>
  );
}
