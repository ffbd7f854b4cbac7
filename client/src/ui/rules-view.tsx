import { type FormEvent, useId } from 'react';
import { useRules, useSoftphone } from '../state/hooks.ts';
import { BRANDS, CARDS, type RulesForm } from '../state/rules-form.ts';
import { Choice } from './choice.tsx';
import controls from './controls.module.css';
import { Field } from './field.tsx';
import { fieldWords } from './field-words.ts';
import { WarningIcon } from './icons.tsx';
import styles from './merchant.module.css';
import panel from './panel.module.css';
import { ProblemNote } from './problem-note.tsx';
import reports from './reports.module.css';
import { useLanguage, useTranslate } from './use-translate.ts';

/** How a merchant takes payments. */
export function RulesView() {
  const t = useTranslate();
  const { form, busy, problem } = useRules();
  return (
    <section className={reports.group} aria-label={t('rules.title')} aria-busy={busy}>
      <h3>{t('rules.title')}</h3>
      {problem !== null && <ProblemNote code={problem} />}
      {form !== null && <Rules form={form} />}
    </section>
  );
}

function Rules({ form }: { form: RulesForm }) {
  const { rules: desk } = useSoftphone().oversight;
  const t = useTranslate();
  const language = useLanguage();
  const id = useId();
  const { currency, problems, saved, busy } = useRules();
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const inputs = event.currentTarget;
    void desk.save().then((fits) => {
      if (!fits) inputs.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
    });
  };
  return (
    <form className={styles.form} onSubmit={submit} noValidate aria-label={t('rules.title')}>
      <p className={controls.quiet}>{t('rules.text')}</p>
      <Check
        testId="rules-gentle"
        label={t('rules.gentle')}
        text={t('rules.gentle.text')}
        on={form.gentle}
        change={(gentle) => desk.edit({ gentle })}
      />
      <Check
        testId="rules-phones"
        label={t('rules.phones')}
        text={t('rules.phones.text')}
        on={form.agentsTypePhones}
        change={(agentsTypePhones) => desk.edit({ agentsTypePhones })}
      />
      <div className={styles.fields}>
        <Choice
          testId="rules-cards"
          label={t('rules.cards')}
          value={String(form.cards)}
          choose={(cards) => desk.edit({ cards: Number(cards) })}
        >
          {CARDS.map((count) => (
            <option key={count} value={count}>
              {count}
            </option>
          ))}
        </Choice>
        <Field
          id={`${id}-limit`}
          label={t('rules.limit', { currency })}
          problem={fieldWords('amount', problems.limit ?? undefined, currency, t, language)}
        >
          {(attributes) => (
            <input
              {...attributes}
              className={controls.input}
              data-testid="rules-limit"
              inputMode="decimal"
              autoComplete="off"
              maxLength={16}
              placeholder={t('rules.limit.empty')}
              value={form.limit}
              onChange={(event) => desk.edit({ limit: event.target.value })}
            />
          )}
        </Field>
      </div>
      <fieldset className={panel.choices}>
        <legend className={controls.label}>{t('rules.brands')}</legend>
        <Check
          testId="rules-all-brands"
          label={t('rules.brands.all')}
          on={form.allBrands}
          change={(allBrands) => desk.edit({ allBrands })}
        />
        {!form.allBrands &&
          BRANDS.map((brand) => (
            <Check
              key={brand}
              testId={`rules-brand-${brand}`}
              label={t(brand === 'other' ? 'rules.brands.other' : `brand.${brand}`)}
              on={form.brands.includes(brand)}
              wrong={problems.brands}
              change={(on) =>
                desk.edit({ brands: BRANDS.filter((one) => (one === brand ? on : form.brands.includes(one))) })
              }
            />
          ))}
        {problems.brands && (
          <p className={`${controls.error} ${styles.wide}`} role="alert">
            <WarningIcon size={16} />
            {t('rules.brands.none')}
          </p>
        )}
      </fieldset>
      <div aria-live="polite">
        {saved && (
          <p className={styles.saved} data-testid="rules-saved">
            {t('rules.saved')}
          </p>
        )}
      </div>
      <div className={panel.buttons}>
        <button type="submit" className={controls.primary} data-testid="rules-save" aria-disabled={busy}>
          {t(busy ? 'rules.saving' : 'rules.save')}
        </button>
      </div>
    </form>
  );
}

interface CheckProps {
  readonly testId: string;
  readonly label: string;
  readonly text?: string;
  readonly on: boolean;
  readonly wrong?: boolean;
  readonly change: (on: boolean) => void;
}

function Check({ testId, label, text, on, wrong = false, change }: CheckProps) {
  return (
    <label className={styles.check}>
      <input
        type="checkbox"
        data-testid={testId}
        checked={on}
        aria-invalid={wrong}
        onChange={(event) => change(event.target.checked)}
      />
      <span>
        {label} {text !== undefined && <small className={controls.quiet}>{text}</small>}
      </span>
    </label>
  );
}
