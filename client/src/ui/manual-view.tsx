import type { ManualAttempt, Me } from '@tonegate/api-schema';
import { useEffect } from 'react';
import { formatCount, formatDay, formatMoney } from '../i18n/format.ts';
import { useManual, useSoftphone } from '../state/hooks.ts';
import { resolutionsOf } from '../state/manual-desk.ts';
import { hasAmount } from '../state/payment-steps.ts';
import controls from './controls.module.css';
import { CopyButton } from './copy-button.tsx';
import { ManualDialog } from './manual-dialog.tsx';
import { Panel } from './panel.tsx';
import panel from './panel.module.css';
import { ProblemNote } from './problem-note.tsx';
import styles from './reports.module.css';
import { useLanguage, useTranslate } from './use-translate.ts';

/** Payments whose result a payment service never told: what to look up there, and what to say here. */
export function ManualView({ me }: { me: Me }) {
  const { manual: desk } = useSoftphone().oversight;
  const t = useTranslate();
  const language = useLanguage();
  const { attempts, more, loading, problem } = useManual();
  useEffect(() => void desk.load(), [desk]);
  return (
    <div className={styles.report} aria-busy={loading}>
      <p className={styles.words}>{t('manual.text')}</p>
      {problem !== null && <ProblemNote code={problem} />}
      {attempts === null && loading && <p className={controls.quiet}>{t('reports.loading')}</p>}
      {attempts?.length === 0 && more === 0 && <p data-testid="manual-none">{t('manual.none')}</p>}
      {attempts?.map((attempt) => (
        <Attempt key={attempt.payment} attempt={attempt} me={me} />
      ))}
      {more > 0 && <p className={controls.quiet}>{t('manual.more', { count: formatCount(more, language) })}</p>}
      <ManualDialog />
    </div>
  );
}

function Attempt({ attempt, me }: { attempt: ManualAttempt; me: Me }) {
  const { manual: desk } = useSoftphone().oversight;
  const t = useTranslate();
  const language = useLanguage();
  const { order, purpose, reference, gateway, sentAt, since, reversing, why } = attempt;
  const facts = [
    ['manual.reference', reference],
    ['manual.service', gateway],
    ...(hasAmount(purpose)
      ? [['manual.amount', formatMoney(order.amountMinor, order.currency, language)] as const]
      : []),
    ...(sentAt === undefined ? [] : [['manual.sent', formatDay(sentAt, language)] as const]),
    ['manual.waiting', formatDay(since, language)],
  ] as const;
  const merchant = me.merchants.find(({ id }) => id === attempt.merchant)?.name;
  return (
    <Panel
      tone="warn"
      title={`${t(hasAmount(purpose) ? 'pay.order' : 'pay.reference')} ${order.reference}`}
      state={t('outcome.unknown')}
      testId={`manual-${attempt.payment}`}
    >
      <p className={controls.quiet}>
        {[merchant, t(`kind.${purpose}`)].filter((word) => word !== undefined).join(' · ')}
      </p>
      <dl className={panel.facts}>
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{t(name)}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <p>{t(`manual.why.${why}`)}</p>
      {reversing && <p>{t('manual.reversing')}</p>}
      <div className={panel.buttons}>
        <CopyButton text={reference} label={t('manual.copy')} testId="manual-copy" />
      </div>
      <fieldset className={panel.choices}>
        <legend className={controls.label}>{t('manual.actions')}</legend>
        {resolutionsOf(attempt).map((as) => (
          <button
            key={as}
            type="button"
            className={controls.button}
            data-testid={`manual-${as}`}
            onClick={() => desk.begin(attempt, as)}
          >
            {t(`manual.${as}`)}
          </button>
        ))}
      </fieldset>
    </Panel>
  );
}
