import type { ReactNode } from 'react';
import { CrossIcon, DoneIcon, UnknownIcon, WarningIcon } from './icons.tsx';
import styles from './panel.module.css';

export type Tone = 'good' | 'warn' | 'bad' | 'none';

const MARKS: Record<Tone, ReactNode> = {
  good: <DoneIcon />,
  warn: <WarningIcon />,
  bad: <CrossIcon />,
  none: <UnknownIcon />,
};

export interface PanelProps {
  readonly tone: Tone;
  readonly title: string;
  /** The state in a word, where the title isn't it. */
  readonly state?: string;
  readonly testId: string;
  readonly children: ReactNode;
}

/** A statement with its state: in a word, a shape and a colour. */
export function Panel({ tone, title, state, testId, children }: PanelProps) {
  const mark = (word: string) => (
    <span className={styles.mark}>
      {MARKS[tone]}
      {word}
    </span>
  );
  return (
    <article className={styles.panel} data-tone={tone} data-testid={testId}>
      <h3 className={styles.title}>
        {state === undefined ? (
          mark(title)
        ) : (
          <>
            {title}
            {mark(state)}
          </>
        )}
      </h3>
      {children}
    </article>
  );
}
