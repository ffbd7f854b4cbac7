import type { ReactNode } from 'react';
import controls from './controls.module.css';

export interface ChoiceProps {
  readonly testId: string;
  readonly label: string;
  readonly value: string;
  readonly choose: (value: string) => void;
  readonly disabled?: boolean;
  /** Its options. */
  readonly children: ReactNode;
}

/** One of several, with its name above. */
export function Choice({ testId, label, value, choose, disabled = false, children }: ChoiceProps) {
  return (
    <label className={controls.field}>
      <span className={controls.label}>{label}</span>
      <select
        className={controls.input}
        data-testid={testId}
        value={value}
        disabled={disabled}
        onChange={(event) => choose(event.target.value)}
      >
        {children}
      </select>
    </label>
  );
}
