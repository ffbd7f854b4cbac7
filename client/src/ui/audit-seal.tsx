import { useAudit, useSoftphone } from '../state/hooks.ts';
import controls from './controls.module.css';
import { Panel } from './panel.tsx';
import panel from './panel.module.css';
import { useTranslate } from './use-translate.ts';

/** Whether the audit is whole or was tampered with, and where. */
export function AuditSeal() {
  const { audit: desk } = useSoftphone().oversight;
  const t = useTranslate();
  const { check, checking } = useAudit();
  if (check === null) return checking && <p className={controls.quiet}>{t('audit.checking')}</p>;
  const is = check.ok ? 'whole' : 'tampered';
  return (
    <Panel tone={check.ok ? 'good' : 'bad'} title={t(`audit.${is}`)} testId={`audit-${is}`}>
      <p role={check.ok ? 'status' : 'alert'}>{t(`audit.${is}.text`)}</p>
      {!check.ok && (
        <ul className={panel.list} lang="en">
          {check.findings.map((finding) => (
            <li key={finding}>{finding}</li>
          ))}
        </ul>
      )}
      <div className={panel.buttons}>
        <button type="button" className={controls.button} aria-disabled={checking} onClick={() => void desk.check()}>
          {t(checking ? 'audit.checking' : 'audit.check-again')}
        </button>
      </div>
    </Panel>
  );
}
