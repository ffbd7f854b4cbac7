import { type FormEvent, Fragment, useId } from 'react';
import { joinSentences } from '../i18n/format.ts';
import { knownKey, type Translate } from '../i18n/translate.ts';
import { useGateway, useSoftphone } from '../state/hooks.ts';
import { GATEWAY_FIELDS, GATEWAY_KINDS, type GatewayField, gatewayKind } from '../state/gateway-form.ts';
import { Choice } from './choice.tsx';
import { ConfirmButton } from './confirm-button.tsx';
import controls from './controls.module.css';
import { Field } from './field.tsx';
import styles from './merchant.module.css';
import { Note } from './note.tsx';
import panel from './panel.module.css';
import { useLanguage, useTranslate } from './use-translate.ts';

/** A payment service is entered: its kind's fields, a harmless test, and what that showed. */
export function GatewayFormView({ own }: { own: boolean }) {
  const { gateway: desk } = useSoftphone().oversight;
  const t = useTranslate();
  const language = useLanguage();
  const { kind, refusedAs, saved, busy } = useGateway();
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const inputs = event.currentTarget;
    void desk.save(false).then((fits) => {
      if (!fits) inputs.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
    });
  };
  return (
    <form className={styles.form} onSubmit={submit} noValidate autoComplete="off" aria-label={t('gateway.enter')}>
      <h4>{t(own ? 'gateway.change' : 'gateway.enter')}</h4>
      <Choice
        testId="gateway-kind"
        label={t('gateway.kind')}
        value={kind}
        choose={(chosen) => desk.chooseKind(gatewayKind(chosen) ?? kind)}
      >
        {GATEWAY_KINDS.map((one) => (
          <option key={one} value={one}>
            {t(`gateway.kind.${one}`)}
          </option>
        ))}
      </Choice>
      <div className={styles.fields}>
        {GATEWAY_FIELDS[kind].map((field) => (
          <Fragment key={`${kind} ${field.name}`}>
            {field.name === 'merchant.name' && <p className={styles.wide}>{t('gateway.shop')}</p>}
            <GatewayInput field={field} />
          </Fragment>
        ))}
      </div>
      <p className={controls.quiet}>
        {joinSentences([t('gateway.secret'), own ? t('gateway.old-key') : '', t('gateway.limits')], language)}
      </p>
      <div aria-live="polite">
        {saved && (
          <p className={styles.saved} data-testid="gateway-saved">
            {t('gateway.saved')}
          </p>
        )}
      </div>
      {refusedAs !== null && (
        <Note
          tone="bad"
          what={t('gateway.refused', { why: t(knownKey(`gateway.result.${refusedAs}`) ?? 'gateway.result.other') })}
          rest={[]}
        />
      )}
      <div className={panel.buttons}>
        <button type="submit" className={controls.primary} data-testid="gateway-save" aria-disabled={busy !== null}>
          {t(busy === 'saving' ? 'gateway.saving' : 'gateway.save')}
        </button>
        {refusedAs !== null && (
          <ConfirmButton
            testId="gateway-force"
            label={t('gateway.force')}
            title={t('gateway.force.title')}
            text={t('gateway.force.text')}
            confirm={t('gateway.force.confirm')}
            disabled={busy !== null}
            onConfirm={() => void desk.save(true)}
          />
        )}
      </div>
    </form>
  );
}

function GatewayInput({ field }: { field: GatewayField }) {
  const { gateway: desk } = useSoftphone().oversight;
  const t = useTranslate();
  const id = useId();
  const { values, wrong } = useGateway();
  const { name, form, secret, choices } = field;
  const value = values[name] ?? '';
  const label = labelOf(field, t);
  const edit = (typed: string): void => desk.edit(name, typed);
  if (form === 'switch' || form === 'choices') {
    const all = form === 'switch' ? ['true'] : choices;
    const chosen = value.split(' ').filter((one) => one !== '');
    return (
      <fieldset className={`${panel.choices} ${styles.wide}`}>
        {form === 'choices' && <legend className={controls.label}>{label}</legend>}
        {all.map((one) => (
          <label key={one} className={styles.check}>
            <input
              type="checkbox"
              data-testid={`gateway-${name}-${one}`}
              checked={chosen.includes(one)}
              onChange={({ target }) =>
                edit(all.filter((other) => (other === one ? target.checked : chosen.includes(other))).join(' '))
              }
            />
            {form === 'switch' ? label : choiceWords(one, t)}
          </label>
        ))}
      </fieldset>
    );
  }
  const problem = !wrong.includes(name) ? null : t(value.trim() === '' ? 'gateway.empty' : 'gateway.unfit');
  return (
    <div className={form === 'lines' ? styles.wide : undefined}>
      <Field id={id} label={label} problem={problem}>
        {(attributes) =>
          form === 'lines' ? (
            <textarea
              {...attributes}
              className={`${controls.input} ${styles.lines}`}
              data-testid={`gateway-${name}`}
              rows={3}
              spellCheck={false}
              value={value}
              onChange={(event) => edit(event.target.value)}
            />
          ) : (
            <input
              {...attributes}
              className={controls.input}
              data-testid={`gateway-${name}`}
              type={secret ? 'password' : form === 'url' ? 'url' : 'text'}
              // Nobody's browser is to keep a merchant's key, or to put a person's password here.
              autoComplete={secret ? 'new-password' : 'off'}
              spellCheck={false}
              maxLength={1_000}
              value={value}
              onChange={(event) => edit(event.target.value)}
            />
          )
        }
      </Field>
    </div>
  );
}

function labelOf({ name, needed, form }: GatewayField, t: Translate): string {
  const words = t(knownKey(`gateway.field.${name}`) ?? 'gateway.field.url');
  return needed || form === 'choices' || form === 'switch' ? words : t('gateway.optional', { field: words });
}

function choiceWords(choice: string, t: Translate): string {
  const key = knownKey(`kind.${choice}`);
  return key === undefined ? choice : t(key);
}
