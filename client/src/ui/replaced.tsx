import { useSoftphone } from '../state/hooks.ts';
import controls from './controls.module.css';
import styles from './sign-in.module.css';
import { useTranslate } from './use-translate.ts';

/** Another window has taken over: says so, and does nothing but offer to take back. */
export function Replaced() {
  const softphone = useSoftphone();
  const t = useTranslate();
  return (
    <main className={styles.page}>
      <div className={styles.card} role="alert">
        <h1 className={styles.brand}>{t('replaced.title')}</h1>
        <p className={styles.text}>{t('replaced.text')}</p>
        <button type="button" className={controls.button} onClick={() => softphone.takeOver()}>
          {t('replaced.take-over')}
        </button>
      </div>
    </main>
  );
}
