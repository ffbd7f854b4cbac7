import type { Me } from '@tonegate/api-schema';
import { type FormEvent, useId, useState } from 'react';
import { useDesk, useSoftphone } from '../state/hooks.ts';
import styles from './call-card.module.css';
import controls from './controls.module.css';
import { CallIcon } from './icons.tsx';
import { useTranslate } from './use-translate.ts';

/** Calls a number for one of the agent's merchants. */
export function Dial({ merchants }: { merchants: Me['merchants'] }) {
  const softphone = useSoftphone();
  const t = useTranslate();
  const id = useId();
  const text = useDesk((state) => state.dialText);
  const invalid = useDesk((state) => state.dialInvalid);
  const busy = useDesk((state) => state.busy.dial === true);
  const [chosen, setChosen] = useState(merchants[0]?.id);

  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (chosen !== undefined) void softphone.dial(chosen);
  };

  return (
    <form className={styles.dial} onSubmit={submit} noValidate>
      {merchants.length > 1 ? (
        <label className={styles.merchant}>
          <span className={controls.label}>{t('dial.merchant')}</span>
          <select
            className={controls.input}
            data-testid="dial-merchant"
            value={chosen}
            onChange={(event) => setChosen(event.target.value)}
          >
            {merchants.map((merchant) => (
              <option key={merchant.id} value={merchant.id}>
                {merchant.name}
              </option>
            ))}
          </select>
        </label>
      ) : (
        <label htmlFor={id} className={controls.label}>
          {t('dial.label')}
        </label>
      )}
      <div className={styles.row}>
        <input
          id={id}
          className={controls.input}
          data-testid="dial-number"
          type="tel"
          inputMode="tel"
          autoComplete="off"
          maxLength={32}
          placeholder={t('dial.placeholder')}
          aria-label={t('dial.label')}
          aria-invalid={invalid}
          aria-describedby={invalid ? `${id}-error` : undefined}
          value={text}
          onChange={(event) => softphone.setDialText(event.target.value)}
        />
        <button
          type="submit"
          className={controls.button}
          data-testid="dial"
          aria-disabled={busy || chosen === undefined}
        >
          <CallIcon size={18} />
          {t('dial.submit')}
        </button>
      </div>
      <p id={`${id}-error`} className={`${controls.error} ${styles.error}`} aria-live="polite">
        {invalid && t('dial.invalid')}
      </p>
    </form>
  );
}
