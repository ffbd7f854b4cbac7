import { useCalls, useDesk, useSoftphone } from '../state/hooks.ts';
import { type Trouble, troublesOf } from '../state/troubles.ts';
import { WarningIcon } from './icons.tsx';
import styles from './notes.module.css';
import { useNow } from './use-now.ts';
import { useTranslate } from './use-translate.ts';

const BAD: readonly Trouble[] = ['server-gone', 'phone-gone', 'sound-blocked'];

/** What is lastingly wrong, in words, each with what can be done about it here. */
export function Troubles() {
  const softphone = useSoftphone();
  const t = useTranslate();
  const desk = useDesk((state) => state);
  const draining = useCalls((state) => state.draining);
  const waiting = desk.serverLostAt !== null || desk.phoneLostAt !== null;
  const now = useNow(waiting);
  const troubles = troublesOf(
    {
      serverLostAt: desk.serverLostAt,
      phoneLostAt: desk.phoneLostAt,
      microphone: desk.audio.microphone,
      soundBlocked: desk.audio.soundBlocked,
      notifications: desk.notifications,
      draining,
    },
    now,
  );
  if (troubles.length === 0) return null;
  return (
    <div className={styles.list}>
      {troubles.map((trouble) => (
        <div
          key={trouble}
          className={styles.note}
          data-tone={BAD.includes(trouble) || trouble.startsWith('microphone') ? 'bad' : 'warn'}
          data-trouble={trouble}
          role="alert"
        >
          <WarningIcon />
          <p>
            <strong>{t(`trouble.${trouble}.what`)}</strong> {t(`trouble.${trouble}.effect`)}{' '}
            {t(`trouble.${trouble}.do`)}
          </p>
          {trouble.startsWith('microphone') && trouble !== 'microphone-silenced' && (
            <button type="button" className={styles.action} onClick={() => void softphone.testMicrophone()}>
              {t('trouble.check-again')}
            </button>
          )}
          {trouble === 'sound-blocked' && (
            <button type="button" className={styles.action} onClick={() => void softphone.resumeSound()}>
              {t('trouble.sound-on')}
            </button>
          )}
        </div>
      ))}
    </div>
  );
}
