import { useEffect } from 'react';
import { useSoftphone } from '../state/hooks.ts';
import controls from './controls.module.css';
import styles from './keypad.module.css';
import { useTranslate } from './use-translate.ts';

const KEYS = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '0', '#'] as const;

/** Sends keys to the customer's side. What was sent is shown nowhere: it could be anything, a card number too. */
export function Keypad() {
  const softphone = useSoftphone();
  const t = useTranslate();

  useEffect(() => {
    const typed = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.altKey || event.metaKey || !KEYS.some((key) => key === event.key)) return;
      event.preventDefault();
      softphone.sendKey(event.key);
    };
    addEventListener('keydown', typed);
    return () => removeEventListener('keydown', typed);
  }, [softphone]);

  return (
    <fieldset className={styles.pad}>
      <legend className={styles.title}>{t('keypad.title')}</legend>
      <div className={styles.keys}>
        {KEYS.map((key) => (
          <button
            key={key}
            type="button"
            className={styles.key}
            aria-label={t('keypad.key', { key: key === '*' ? t('keypad.star') : key === '#' ? t('keypad.hash') : key })}
            onClick={() => softphone.sendKey(key)}
          >
            {key === '*' ? '＊' : key === '#' ? '＃' : key}
          </button>
        ))}
      </div>
      <p className={controls.quiet}>{t('keypad.hint')}</p>
    </fieldset>
  );
}
