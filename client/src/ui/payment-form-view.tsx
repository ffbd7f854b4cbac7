import type { Call } from '@tonegate/api-schema';
import { type FormEvent, type ReactNode, useId } from 'react';
import { exampleAmount, formatMoney } from '../i18n/format.ts';
import type { Translate } from '../i18n/translate.ts';
import { useForm, useSoftphone } from '../state/hooks.ts';
import { type OrderProblems, TEXT_LIMIT } from '../state/payment-form.ts';
import controls from './controls.module.css';
import { WarningIcon } from './icons.tsx';
import styles from './payment-zone.module.css';
import { useLanguage, useTranslate } from './use-translate.ts';

/** The order, and the one filled button of the window. */
export function PaymentFormView({ call }: { call: Call }) {
  const softphone = useSoftphone();
  const t = useTranslate();
  const language = useLanguage();
  const id = useId();
  const form = useForm((state) => state);
  const merchant = softphone.merchantOf(call);
  if (merchant === undefined) return null;
  const { currency } = merchant;
  const guide = form.language ?? merchant.language;
  const hindrance = !call.keysPossible ? 'pay.no-keys' : call.state === 'held' ? 'pay.held' : null;
  const blocked = hindrance !== null || form.sending || call.state !== 'talking';

  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    if (blocked) return;
    const fields = event.currentTarget;
    void softphone.takePayment().then((fits) => {
      if (!fits) fields.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
    });
  };

  const limit = formatMoney(9_999_999, currency, language);
  const amountProblem = form.problems.amount;
  const problems = {
    reference: textWords(form.problems.reference, t),
    description: textWords(form.problems.description, t),
    amount:
      amountProblem === undefined
        ? null
        : amountProblem === 'decimals'
          ? t('pay.amount.decimals', { currency, example: exampleAmount(currency) })
          : amountProblem === 'not-a-number'
            ? t('pay.amount.not-a-number', { example: exampleAmount(currency) })
            : amountProblem === 'too-much'
              ? t('pay.amount.too-much', { limit })
              : t(`pay.amount.${amountProblem}`),
  };

  return (
    <form className={styles.form} onSubmit={submit} noValidate>
      <div className={styles.pair}>
        <Field id={`${id}-order`} label={t('pay.order')} problem={problems.reference}>
          {(field) => (
            <input
              {...field}
              className={controls.input}
              data-testid="order"
              data-first
              autoComplete="off"
              maxLength={TEXT_LIMIT}
              value={form.reference}
              onChange={(event) => softphone.edit({ reference: event.target.value })}
            />
          )}
        </Field>
        <Field id={`${id}-amount`} label={t('pay.amount', { currency })} problem={problems.amount}>
          {(field) => (
            <input
              {...field}
              className={`${controls.input} ${styles.amount}`}
              data-testid="amount"
              inputMode="decimal"
              autoComplete="off"
              maxLength={16}
              placeholder={t('pay.amount.example', { example: exampleAmount(currency) })}
              value={form.amount}
              onChange={(event) => softphone.edit({ amount: event.target.value })}
            />
          )}
        </Field>
      </div>
      <div className={styles.pair}>
        <Field id={`${id}-description`} label={t('pay.description')} problem={problems.description}>
          {(field) => (
            <input
              {...field}
              className={controls.input}
              data-testid="description"
              autoComplete="off"
              maxLength={TEXT_LIMIT}
              value={form.description}
              onChange={(event) => softphone.edit({ description: event.target.value })}
            />
          )}
        </Field>
        <div className={controls.field}>
          <span className={controls.label} id={`${id}-guide`}>
            {t('pay.guide')}
          </span>
          <div className={styles.guide} role="radiogroup" aria-labelledby={`${id}-guide`}>
            {(['ja', 'en'] as const).map((tag) => (
              <label key={tag} className={styles.language}>
                <input
                  type="radio"
                  name={`${id}-language`}
                  data-testid={`guide-${tag}`}
                  checked={guide === tag}
                  onChange={() => softphone.edit({ language: tag })}
                />
                <span lang={tag}>{t(`language.${tag}`)}</span>
              </label>
            ))}
          </div>
        </div>
      </div>
      <button
        type="submit"
        className={`${controls.primary} ${controls.wide}`}
        data-testid="take-payment"
        disabled={hindrance !== null}
        aria-disabled={blocked}
        aria-describedby={hindrance === null ? undefined : `${id}-hindrance`}
      >
        {t(form.sending ? 'pay.taking' : 'pay.take')}
      </button>
      {hindrance !== null && (
        <p className={controls.quiet} id={`${id}-hindrance`}>
          {t(hindrance)}
        </p>
      )}
    </form>
  );
}

interface FieldProps {
  readonly id: string;
  readonly label: string;
  readonly problem: string | null;
  readonly children: (field: { id: string; 'aria-invalid': boolean; 'aria-describedby'?: string }) => ReactNode;
}

function Field({ id, label, problem, children }: FieldProps) {
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

function textWords(problem: OrderProblems['reference'], t: Translate): string | null {
  return problem === undefined ? null : t(`pay.field.${problem}`);
}
