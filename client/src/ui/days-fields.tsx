import { useId } from 'react';
import type { Days } from '../state/days.ts';
import controls from './controls.module.css';
import { Field } from './field.tsx';
import { useTranslate } from './use-translate.ts';

export interface DaysFieldsProps {
  readonly days: Days;
  readonly wrong: boolean;
  readonly change: (days: Days) => void;
}

/** The first and the last day of a period. */
export function DaysFields({ days, wrong, change }: DaysFieldsProps) {
  const t = useTranslate();
  const id = useId();
  return (['from', 'to'] as const).map((end) => (
    <Field
      key={end}
      id={`${id}-${end}`}
      label={t(`days.${end}`)}
      problem={wrong && end === 'to' ? t('days.wrong') : null}
    >
      {(attributes) => (
        <input
          {...attributes}
          className={controls.input}
          data-testid={`days-${end}`}
          type="date"
          value={days[end]}
          onChange={(event) => change({ ...days, [end]: event.target.value })}
        />
      )}
    </Field>
  ));
}
