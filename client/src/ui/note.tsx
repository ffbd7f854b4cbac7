import type { ReactNode } from 'react';
import { joinSentences } from '../i18n/format.ts';
import { WarningIcon } from './icons.tsx';
import styles from './notes.module.css';
import { useLanguage } from './use-translate.ts';

export interface NoteProps {
  readonly tone: 'bad' | 'warn';
  readonly what: string;
  /** Whether call or money are affected, and what to do. */
  readonly rest: readonly string[];
  /** A button, if something can be done here. */
  readonly children?: ReactNode;
}

/** Something that went wrong, in words. */
export function Note({ tone, what, rest, children }: NoteProps) {
  const language = useLanguage();
  return (
    <div className={styles.note} data-tone={tone} role="alert">
      <WarningIcon />
      <p>
        <strong>{what}</strong>
        {language === 'ja' ? '' : ' '}
        {joinSentences(rest, language)}
      </p>
      {children}
    </div>
  );
}
