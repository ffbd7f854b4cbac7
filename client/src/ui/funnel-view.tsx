import { type Funnel, type Me, Outcome, Purpose } from '@tonegate/api-schema';
import { useId } from 'react';
import { formatCount, formatSeconds, formatShare, joinSentences, languageName } from '../i18n/format.ts';
import { useReports, useSoftphone } from '../state/hooks.ts';
import { leftAt, PERIODS, type Period, worstStep } from '../state/reports.ts';
import { Choice } from './choice.tsx';
import controls from './controls.module.css';
import styles from './reports.module.css';
import { useLanguage, useTranslate } from './use-translate.ts';

/** Where customers leave: a sentence, a picture, and the figures. */
export function FunnelView({ me }: { me: Me }) {
  const t = useTranslate();
  const { funnel, loading } = useReports();
  return (
    <div aria-busy={loading.funnel} className={styles.report}>
      <FunnelFilters me={me} funnel={funnel} />
      {funnel === null ? (
        loading.funnel && <p className={controls.quiet}>{t('reports.loading')}</p>
      ) : funnel.payments === 0 ? (
        <p className={controls.quiet} data-testid="funnel-empty">
          {t('funnel.empty')}
        </p>
      ) : (
        <>
          <Summary funnel={funnel} />
          <Chart funnel={funnel} />
          <Figures funnel={funnel} />
        </>
      )}
    </div>
  );
}

function FunnelFilters({ me, funnel }: { me: Me; funnel: Funnel | null }) {
  const { reports } = useSoftphone().oversight;
  const t = useTranslate();
  const language = useLanguage();
  const { filters } = useReports();
  return (
    <fieldset className={styles.filters}>
      <legend className={controls.hidden}>{t('reports.filters')}</legend>
      <Choice
        testId="filter-period"
        label={t('reports.period')}
        value={filters.period}
        choose={(period) => reports.filter({ period: PERIODS.find((one) => one === period) ?? 'week' })}
      >
        {PERIODS.map((period: Period) => (
          <option key={period} value={period}>
            {t(`reports.period.${period}`)}
          </option>
        ))}
      </Choice>
      <Choice
        testId="filter-merchant"
        label={t('reports.merchant')}
        value={filters.merchant ?? ''}
        choose={(merchant) => reports.filter({ merchant: merchant || null })}
      >
        <option value="">{t('reports.all')}</option>
        {me.merchants.map((merchant) => (
          <option key={merchant.id} value={merchant.id}>
            {merchant.name}
          </option>
        ))}
      </Choice>
      <Choice
        testId="filter-purpose"
        label={t('reports.purpose')}
        value={filters.purpose ?? ''}
        choose={(purpose) => reports.filter({ purpose: Purpose.options.find((one) => one === purpose) ?? null })}
      >
        <option value="">{t('reports.all')}</option>
        {Purpose.options.map((purpose) => (
          <option key={purpose} value={purpose}>
            {t(`purpose.${purpose}`)}
          </option>
        ))}
      </Choice>
      <Choice
        testId="filter-language"
        label={t('reports.language')}
        value={filters.language ?? ''}
        choose={(tag) => reports.filter({ language: tag || null })}
      >
        <option value="">{t('reports.all')}</option>
        {withChosen(funnel?.languages, filters.language).map((tag) => (
          <option key={tag} value={tag}>
            {languageName(tag, language)}
          </option>
        ))}
      </Choice>
      <Choice
        testId="filter-trunk"
        label={t('reports.trunk')}
        value={filters.trunk ?? ''}
        choose={(trunk) => reports.filter({ trunk: trunk || null })}
      >
        <option value="">{t('reports.all')}</option>
        {withChosen(funnel?.trunks, filters.trunk).map((trunk) => (
          <option key={trunk} value={trunk}>
            {trunk}
          </option>
        ))}
      </Choice>
    </fieldset>
  );
}

// What was chosen stays to be seen, even where a narrower question has none of it.
function withChosen(there: readonly string[] = [], chosen: string | null): readonly string[] {
  return chosen === null || there.includes(chosen) ? there : [...there, chosen];
}

function Summary({ funnel }: { funnel: Funnel }) {
  const t = useTranslate();
  const language = useLanguage();
  const { payments, outcomes } = funnel;
  const worst = worstStep(funnel);
  const sentences = [
    t('funnel.summary', {
      payments: formatCount(payments, language),
      percent: formatShare(outcomes.approved, payments, language),
    }),
    worst === null
      ? t('funnel.nobody-left')
      : t('funnel.worst', {
          step: t(`pay.step.${worst.step}`),
          percent: formatShare(leftAt(worst), worst.reached, language),
        }),
  ];
  return (
    <div className={styles.summary}>
      <p data-testid="funnel-summary">{joinSentences(sentences, language)}</p>
      <dl className={styles.outcomes} aria-label={t('funnel.outcomes')}>
        {Outcome.options
          .filter((outcome) => outcomes[outcome] > 0)
          .map((outcome) => (
            <div key={outcome} data-outcome={outcome}>
              <dt>{t(outcome === 'approved' ? 'funnel.done' : `outcome.${outcome}`)}</dt>
              <dd>{formatCount(outcomes[outcome], language)}</dd>
            </div>
          ))}
      </dl>
    </div>
  );
}

/** One bar for each step: as long as many came to it, filled as far as they finished it. */
function Chart({ funnel }: { funnel: Funnel }) {
  const t = useTranslate();
  const language = useLanguage();
  const most = Math.max(1, ...funnel.steps.map((step) => step.reached));
  const share = (count: number): string => `${(100 * count) / most}%`;
  return (
    <ol className={styles.chart} aria-label={t('funnel.chart')}>
      {funnel.steps.map((step) => (
        <li key={step.step}>
          <span className={controls.hidden}>
            {t('funnel.bar', {
              step: t(`pay.step.${step.step}`),
              reached: formatCount(step.reached, language),
              finished: formatCount(step.finished, language),
              left: formatCount(leftAt(step), language),
            })}
          </span>
          <span className={styles.name} aria-hidden="true">
            {t(`pay.step.${step.step}`)}
          </span>
          <span className={styles.bar} aria-hidden="true">
            <i data-part="finished" style={{ width: share(step.finished) }} />
            <i data-part="left" style={{ width: share(leftAt(step)) }} />
          </span>
          <span className={styles.share} aria-hidden="true">
            {leftAt(step) > 0 && `−${formatShare(leftAt(step), step.reached, language)}`}
          </span>
        </li>
      ))}
    </ol>
  );
}

function Figures({ funnel }: { funnel: Funnel }) {
  const t = useTranslate();
  const language = useLanguage();
  const id = useId();
  const time = (ms: number | null): string => (ms === null ? '–' : formatSeconds(ms, language));
  return (
    // A keyboard has to get at what is beyond the edge.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <section className={styles.scroll} aria-labelledby={id} tabIndex={0}>
      <table className={styles.table}>
        <caption id={id} className={controls.label}>
          {t('funnel.table')}
        </caption>
        <thead>
          <tr>
            <th scope="col">{t('funnel.step')}</th>
            {COLUMNS.map(([name]) => (
              <th key={name} scope="col">
                {t(`funnel.${name}`)}
              </th>
            ))}
            <th scope="col">{t('funnel.time')}</th>
          </tr>
        </thead>
        <tbody>
          {funnel.steps.map((step) => (
            <tr key={step.step}>
              <th scope="row">{t(`pay.step.${step.step}`)}</th>
              {COLUMNS.map(([name, count]) => (
                <td key={name}>{formatCount(count(step), language)}</td>
              ))}
              <td>
                {time(step.p50Ms)} / {time(step.p90Ms)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

const COLUMNS = [
  ['reached', (step) => step.reached],
  ['finished', (step) => step.finished],
  ['left', leftAt],
  ['hung-up', (step) => step.hungUp],
  ['asked-for-agent', (step) => step.askedForAgent],
  ['cancelled', (step) => step.cancelledByAgent],
  ['silence', (step) => step.silence],
  ['mistakes', (step) => step.mistakes],
  ['other', (step) => step.other],
  ['corrected', (step) => step.corrected],
] as const satisfies readonly (readonly [string, (step: Funnel['steps'][number]) => number])[];
