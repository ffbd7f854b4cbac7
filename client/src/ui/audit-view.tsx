import type { AuditEntry, Me } from '@tonegate/api-schema';
import { useEffect } from 'react';
import { formatCount, formatDay } from '../i18n/format.ts';
import { knownKey, type Translate } from '../i18n/translate.ts';
import { AUDIT_ACTIONS, type AuditState } from '../state/audit-desk.ts';
import { auditTable } from '../state/audit-file.ts';
import { useAudit, useSoftphone } from '../state/hooks.ts';
import { AuditSeal } from './audit-seal.tsx';
import styles from './audit.module.css';
import { Choice } from './choice.tsx';
import controls from './controls.module.css';
import { DaysFields } from './days-fields.tsx';
import panel from './panel.module.css';
import { ProblemNote } from './problem-note.tsx';
import reports from './reports.module.css';
import { saveFile } from './save-file.ts';
import { useLanguage, useTranslate } from './use-translate.ts';

/** Who did what, newest first. */
export function AuditView({ me }: { me: Me }) {
  const { audit: desk } = useSoftphone().oversight;
  const t = useTranslate();
  const { entries, next, loading, exporting, actors, problem } = useAudit();
  useEffect(() => void desk.open(), [desk]);
  const merchantName = (id: string): string | undefined => me.merchants.find((one) => one.id === id)?.name;
  const save = (): void => {
    void desk.export().then((all) => {
      if (all === null) return;
      const actorName = (id: string): string | undefined => actors.find((one) => one.id === id)?.name;
      saveFile('audit.csv', 'text/csv;charset=utf-8', auditTable(all, actorName, merchantName));
    });
  };
  return (
    <div className={reports.report} aria-busy={loading}>
      <AuditSeal />
      <Filters />
      {problem !== null && <ProblemNote code={problem} />}
      <div className={styles.export}>
        <button
          type="button"
          className={controls.button}
          data-testid="audit-export"
          aria-disabled={exporting}
          onClick={save}
        >
          {t(exporting ? 'audit.exporting' : 'audit.export')}
        </button>
        <p className={controls.quiet}>{t('audit.export.text')}</p>
      </div>
      {entries === null && loading && <p className={controls.quiet}>{t('reports.loading')}</p>}
      {entries?.length === 0 && <p data-testid="audit-none">{t('audit.none')}</p>}
      {entries !== null && entries.length > 0 && (
        <ol className={styles.entries} aria-label={t('audit.list')}>
          {entries.map((entry) => (
            <Entry
              key={entry.number}
              entry={entry}
              who={whoWords(entry, actors, t)}
              merchant={entry.merchant === null ? undefined : merchantName(entry.merchant)}
            />
          ))}
        </ol>
      )}
      {next !== null && (
        <div className={panel.buttons}>
          <button
            type="button"
            className={controls.button}
            data-testid="audit-older"
            aria-disabled={loading}
            onClick={() => void desk.older()}
          >
            {t('audit.older')}
          </button>
        </div>
      )}
    </div>
  );
}

function Filters() {
  const { audit: desk } = useSoftphone().oversight;
  const t = useTranslate();
  const { filters, daysWrong, actors } = useAudit();
  const groups = [
    ['audit.people', actors.filter(({ kind }) => kind === 'person')],
    ['audit.keys', actors.filter(({ kind }) => kind === 'api-key')],
  ] as const;
  return (
    <fieldset className={reports.filters}>
      <legend className={controls.hidden}>{t('reports.filters')}</legend>
      <Choice
        testId="audit-who"
        label={t('audit.who')}
        value={filters.actor ?? ''}
        choose={(actor) => desk.filter({ actor: actor || null })}
      >
        <option value="">{t('audit.everybody')}</option>
        {groups
          .filter(([, members]) => members.length > 0)
          .map(([name, members]) => (
            <optgroup key={name} label={t(name)}>
              {members.map((actor) => (
                <option key={actor.id} value={actor.id}>
                  {actor.name}
                </option>
              ))}
            </optgroup>
          ))}
      </Choice>
      <Choice
        testId="audit-what"
        label={t('audit.what')}
        value={filters.action ?? ''}
        choose={(action) => desk.filter({ action: action || null })}
      >
        <option value="">{t('audit.everything')}</option>
        {AUDIT_ACTIONS.map((action) => (
          <option key={action} value={action}>
            {t(`audit.action.${action}`)}
          </option>
        ))}
      </Choice>
      <DaysFields days={filters.days} wrong={daysWrong} change={(days) => desk.filter({ days })} />
    </fieldset>
  );
}

function Entry({ entry, who, merchant }: { entry: AuditEntry; who: string; merchant: string | undefined }) {
  const t = useTranslate();
  const language = useLanguage();
  const { action, at, number, detail } = entry;
  const key = knownKey(`audit.action.${action}`);
  const facts = Object.entries(detail).map(([name, value]) => `${name}: ${value}`);
  return (
    <li className={styles.entry}>
      <div>
        <p className={styles.what}>{key === undefined ? action : t(key)}</p>
        <p>{merchant === undefined ? who : `${who} · ${merchant}`}</p>
        {facts.length > 0 && (
          <p className={`${controls.quiet} ${styles.facts}`} lang="en">
            {facts.join(' · ')}
          </p>
        )}
      </div>
      <p className={`${controls.quiet} ${styles.when}`}>
        <time dateTime={new Date(at).toISOString()}>{formatDay(at, language)}</time>
        <br />
        {t('audit.number', { number: formatCount(number, language) })}
      </p>
    </li>
  );
}

function whoWords({ actor, actorKind }: AuditEntry, actors: AuditState['actors'], t: Translate): string {
  if (actorKind === 'server' || actorKind === 'nobody') return t(`audit.${actorKind}`);
  return actors.find(({ id }) => id === actor)?.name ?? t('audit.unknown-actor');
}
