import type { ReactNode } from 'react';
import controls from './controls.module.css';
import { WarningIcon } from './icons.tsx';

export interface FieldProps {
  readonly id: string;
  readonly label: string;
  readonly problem: string | null;
  readonly children: (field: { id: string; 'aria-invalid': boolean; 'aria-describedby'?: string }) => ReactNode;
}

/** A field with its name above and what is wrong with it below. */
export function Field({ id, label, problem, children }: FieldProps) {
  return (
    <div className={controls.field}>
      <label className={controls.label} htmlFor={id}>
        {label}
      </label>
      {children({
        id,
        'aria-invalid': problem !== null,
        ...(problem === null ? {} : { 'aria-describedby': `${id}-problem` }),
      })}
      {problem !== null && (
        <p className={controls.error} id={`${id}-problem`} role="alert">
          <WarningIcon size={16} />
          {problem}
        </p>
      )}
    </div>
  );
}
