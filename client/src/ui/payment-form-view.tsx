import type { Call } from '@tonegate/api-schema';
import { Switch } from 'radix-ui';
import { type FormEvent, type ReactNode, useId } from 'react';
import { exampleAmount, languageName } from '../i18n/format.ts';
import { useDesk, useForm, useSession, useSettings, useSoftphone } from '../state/hooks.ts';
import { chosenOf } from '../state/payment-desk.ts';
import { CUSTOMER_CHOOSES, type FormField, fieldsOf, TEXT_LIMIT } from '../state/payment-form.ts';
import controls from './controls.module.css';
import { Field } from './field.tsx';
import { fieldWords } from './field-words.ts';
import { KeysAdvice, keysRefused, NoKeys } from './keys-advice.tsx';
import { PurposeMenu } from './purpose-menu.tsx';
import styles from './payment-form.module.css';
import { useLanguage, useTranslate } from './use-translate.ts';

/** The order, what it is for, and the one filled button of the window. */
export function PaymentFormView({ call }: { call: Call }) {
  const softphone = useSoftphone();
  const t = useTranslate();
  const language = useLanguage();
  const id = useId();
  const session = useSession();
  const form = useForm((state) => state);
  const settings = useSettings((state) => state);
  const testing = useDesk((state) => state.busy['key-test'] === true);
  const merchant = softphone.merchantOf(call);
  if (merchant === undefined || session.phase !== 'signed-in') return null;
  const { payments } = softphone;
  const { currency } = merchant;
  const { purpose, guide, gentle } = chosenOf(form, call, merchant, settings);
  const fields = fieldsOf(purpose, merchant);
  const noKeys = keysRefused(call);
  // A warning comes before what it is about; a quiet word doesn't stand in the way.
  const warned = call.keys.advice === 'none';
  const held = !noKeys && call.state === 'held';
  const blocked = noKeys || held || form.sending || testing || call.state !== 'talking';

  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    if (blocked) return;
    const inputs = event.currentTarget;
    void payments.take().then((fits) => {
      if (!fits) inputs.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
    });
  };

  const labels: Record<FormField, string> = {
    reference: t(fields.includes('amount') ? 'pay.order' : 'pay.reference'),
    amount: t('pay.amount', { currency }),
    description: t('pay.description'),
    member: t(fields.includes('phone') ? 'pay.member-optional' : 'pay.member'),
    phone: t('pay.phone'),
  };
  const placeholders: Partial<Record<FormField, string>> = {
    amount: t('pay.amount.example', { example: exampleAmount(currency) }),
    phone: t('pay.phone.example'),
  };
  const [first, second, third] = fields.map((field) => (
    <Field
      key={field}
      id={`${id}-${field}`}
      label={labels[field]}
      problem={fieldWords(field, form.problems[field], currency, t, language)}
    >
      {(attributes) => (
        <input
          {...attributes}
          className={`${controls.input} ${field === 'amount' ? styles.amount : ''}`}
          data-testid={TEST_IDS[field]}
          data-first={field === 'reference' ? true : undefined}
          type={field === 'phone' ? 'tel' : 'text'}
          inputMode={field === 'amount' ? 'decimal' : field === 'phone' ? 'tel' : undefined}
          autoComplete="off"
          maxLength={LENGTHS[field]}
          placeholder={placeholders[field]}
          value={form[field]}
          onChange={(event) => payments.edit({ [field]: event.target.value })}
        />
      )}
    </Field>
  ));
  const note: ReactNode =
    purpose === 'card-update' || purpose === 'verify' ? (
      <p className={`${controls.quiet} ${styles.note}`}>{t(`pay.member.${purpose}`)}</p>
    ) : null;

  return (
    <form className={styles.form} onSubmit={submit} noValidate>
      {warned && <KeysAdvice call={call} />}
      {/* Nothing is filled in that can't be sent. */}
      {!noKeys ? (
        <>
          <div className={styles.pair}>
            {first}
            {second}
          </div>
          <div className={styles.pair}>
            {third ?? note}
            <Field id={`${id}-guide`} label={t('pay.guide')} problem={null}>
              {(attributes) => (
                <select
                  {...attributes}
                  className={controls.input}
                  data-testid="guide"
                  value={guide}
                  onChange={(event) => payments.chooseGuide(event.target.value)}
                >
                  {session.me.languages.map((tag) => (
                    <option key={tag} value={tag}>
                      {languageName(tag, language)}
                    </option>
                  ))}
                  {session.me.languages.length > 1 && (
                    <option value={CUSTOMER_CHOOSES}>{t('pay.guide.customer')}</option>
                  )}
                </select>
              )}
            </Field>
          </div>
          <label className={styles.gentle}>
            <Switch.Root
              className={controls.switch}
              data-testid="gentle"
              checked={gentle}
              onCheckedChange={(on) => payments.edit({ gentle: on })}
            >
              <Switch.Thumb className={controls.thumb} />
            </Switch.Root>
            <span>
              {t('pay.gentle')} <small className={controls.quiet}>{t('pay.gentle.text')}</small>
            </span>
          </label>
        </>
      ) : (
        <NoKeys id={`${id}-hindrance`} call={call} />
      )}
      <div className={styles.take}>
        <button
          type="submit"
          className={controls.primary}
          data-testid="take-payment"
          disabled={noKeys || held}
          aria-disabled={blocked}
          aria-describedby={noKeys || held ? `${id}-hindrance` : undefined}
        >
          {form.sending ? t('pay.taking') : t(`purpose.${purpose}`)}
        </button>
        <PurposeMenu purpose={purpose} disabled={noKeys} />
      </div>
      {!noKeys && !held && !warned && <KeysAdvice call={call} />}
      {held && (
        <p className={controls.quiet} id={`${id}-hindrance`}>
          {t('pay.held')}
        </p>
      )}
    </form>
  );
}

const TEST_IDS: Record<FormField, string> = {
  reference: 'order',
  amount: 'amount',
  description: 'description',
  member: 'member',
  phone: 'phone',
};
const LENGTHS: Record<FormField, number> = {
  reference: TEXT_LIMIT,
  amount: 16,
  description: TEXT_LIMIT,
  member: 60,
  phone: 32,
};
