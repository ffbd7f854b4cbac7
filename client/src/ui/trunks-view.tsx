import type { TrunkKeys } from '@tonegate/api-schema';
import type { ReactNode } from 'react';
import { formatCount, formatDay } from '../i18n/format.ts';
import { useReports } from '../state/hooks.ts';
import controls from './controls.module.css';
import { CrossIcon, DoneIcon, UnknownIcon, WarningIcon } from './icons.tsx';
import styles from './reports.module.css';
import { useLanguage, useTranslate } from './use-translate.ts';

const MARKS: Record<
  TrunkKeys['verdict'],
  { readonly tone: 'good' | 'warn' | 'bad' | 'none'; readonly icon: ReactNode }
> = {
  good: { tone: 'good', icon: <DoneIcon /> },
  'tones-only': { tone: 'warn', icon: <WarningIcon /> },
  'both-ways': { tone: 'warn', icon: <WarningIcon /> },
  'info-only': { tone: 'bad', icon: <CrossIcon /> },
  'no-keys': { tone: 'bad', icon: <CrossIcon /> },
  'too-few-calls': { tone: 'none', icon: <UnknownIcon /> },
};

/** What each trunk does with keys, and what its carrier must change. */
export function TrunksView() {
  const t = useTranslate();
  const { trunks, loading } = useReports();
  if (trunks === null) return loading.trunks && <p className={controls.quiet}>{t('reports.loading')}</p>;
  if (trunks.length === 0) return <p className={controls.quiet}>{t('trunk.empty')}</p>;
  return (
    <ul className={styles.trunks}>
      {trunks.map((trunk) => (
        <Trunk key={trunk.trunk} trunk={trunk} />
      ))}
    </ul>
  );
}

function Trunk({ trunk }: { trunk: TrunkKeys }) {
  const t = useTranslate();
  const language = useLanguage();
  const { tone, icon } = MARKS[trunk.verdict];
  const counts = [
    ['negotiated', trunk.negotiated, trunk.calls],
    ['event', trunk.event, trunk.calls],
    ['tone', trunk.tone, trunk.calls],
    ['both', trunk.both, trunk.calls],
    ['info', trunk.info, trunk.calls],
    ['silent', trunk.silent, trunk.payments],
  ] as const;
  return (
    <li className={styles.trunk} data-tone={tone} data-testid={`trunk-${trunk.trunk}`}>
      <h3>
        {trunk.trunk}
        <span className={styles.verdict}>
          {icon}
          {t(`trunk.${trunk.verdict}`)}
        </span>
      </h3>
      <p>{t(`trunk.${trunk.verdict}.text`)}</p>
      <p className={controls.quiet}>
        {t('trunk.calls', { calls: formatCount(trunk.calls, language) })}
        {trunk.lastCallAt !== null && ` · ${t('trunk.last', { time: formatDay(trunk.lastCallAt, language) })}`}
      </p>
      <dl className={styles.counts} aria-label={t('trunk.counts')}>
        {counts.map(([name, count, of]) => (
          <div key={name}>
            <dt>{t(`trunk.${name}`)}</dt>
            <dd>
              {formatCount(count, language)} / {formatCount(of, language)}
            </dd>
          </div>
        ))}
      </dl>
    </li>
  );
}
