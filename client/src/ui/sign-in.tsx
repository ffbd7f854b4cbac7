import { type FormEvent, useState } from 'react';
import type { Session } from '../state/session.ts';
import { useSettings, useSoftphone } from '../state/hooks.ts';
import controls from './controls.module.css';
import { ProblemNote } from './problem-note.tsx';
import styles from './sign-in.module.css';
import { useTranslate } from './use-translate.ts';

type Outside = Extract<Session, { phase: 'checking' | 'signed-out' }>;

export function SignIn({ session }: { session: Outside }) {
  const softphone = useSoftphone();
  const t = useTranslate();
  const language = useSettings((settings) => settings.language);
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const sending = session.phase === 'signed-out' && session.sending;

  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (name !== '' && password !== '' && !sending) void softphone.signIn(name, password);
  };

  return (
    <main className={styles.page}>
      <div className={styles.card}>
        <p className={styles.brand}>
          <img src="/icon.svg" alt="" width="32" height="32" />
          {t('app.name')}
        </p>
        {session.phase === 'checking' ? (
          <output className={styles.checking}>{t('checking.title')}</output>
        ) : (
          <form className={styles.form} onSubmit={submit}>
            <h1 className={styles.title}>{t('sign-in.title')}</h1>
            <label className={controls.field}>
              <span className={controls.label}>{t('sign-in.name')}</span>
              <input
                className={controls.input}
                data-testid="sign-in-name"
                autoComplete="username"
                autoCapitalize="none"
                spellCheck={false}
                required
                maxLength={64}
                value={name}
                onChange={(event) => setName(event.target.value)}
              />
            </label>
            <label className={controls.field}>
              <span className={controls.label}>{t('sign-in.password')}</span>
              <input
                className={controls.input}
                data-testid="sign-in-password"
                type="password"
                autoComplete="current-password"
                required
                maxLength={256}
                value={password}
                onChange={(event) => setPassword(event.target.value)}
              />
            </label>
            <button type="submit" className={controls.primary} data-testid="sign-in" aria-disabled={sending}>
              {t(sending ? 'sign-in.sending' : 'sign-in.submit')}
            </button>
          </form>
        )}
        <div className={styles.problem}>{session.problem !== null && <ProblemNote code={session.problem} />}</div>
        <button
          type="button"
          className={styles.language}
          lang={language === 'ja' ? 'en' : 'ja'}
          onClick={() => softphone.change({ language: language === 'ja' ? 'en' : 'ja' })}
        >
          {t(language === 'ja' ? 'language.en' : 'language.ja')}
        </button>
      </div>
    </main>
  );
}
