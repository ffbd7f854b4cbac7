import { useCalls, useDesk, useSoftphone } from '../state/hooks.ts';
import { type Trouble, troublesOf } from '../state/troubles.ts';
import { Note } from './note.tsx';
import styles from './notes.module.css';
import { ProblemNote } from './problem-note.tsx';
import { useNow } from './use-now.ts';
import { useTranslate } from './use-translate.ts';

const BAD: readonly Trouble[] = ['server-gone', 'phone-gone', 'sound-blocked'];

/** What is wrong, in words: the request about the call that was refused last, and what lasts, each with what can be done about it here. */
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
  const problem = desk.problems.call;
  if (troubles.length === 0 && problem === null) return null;
  return (
    <div className={styles.list} data-zone="troubles">
      {problem !== null && <ProblemNote code={problem} onClose={() => softphone.dismissProblem('call')} />}
      {troubles.map((trouble) => (
        <Note
          key={trouble}
          tone={BAD.includes(trouble) || trouble.startsWith('microphone') ? 'bad' : 'warn'}
          what={t(`trouble.${trouble}.what`)}
          rest={[t(`trouble.${trouble}.effect`), t(`trouble.${trouble}.do`)]}
        >
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
        </Note>
      ))}
    </div>
  );
}
