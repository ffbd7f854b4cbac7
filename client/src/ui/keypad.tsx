import type { KeyboardEvent } from 'react';
import { useSoftphone } from '../state/hooks.ts';
import controls from './controls.module.css';
import styles from './keypad.module.css';
import { useTranslate } from './use-translate.ts';

const KEYS = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '0', '#'] as const;

/** Sends keys to the customer's side. What was sent is shown nowhere: it could be anything, a card number too. */
export function Keypad() {
  const softphone = useSoftphone();
  const t = useTranslate();

  const typed = (event: KeyboardEvent): void => {
    if (KEYS.some((key) => key === event.key) && !event.ctrlKey && !event.altKey && !event.metaKey) {
      event.preventDefault();
      softphone.sendKey(event.key);
    }
  };

  return (
    <div onKeyDown={typed}>
      <h2 className={styles.title}>{t('keypad.title')}</h2>
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
    </div>
  );
}
