import type { ApiProblem } from '../api/problem.ts';
import { CrossIcon, WarningIcon } from './icons.tsx';
import styles from './notes.module.css';
import { useTranslate } from './use-translate.ts';

/** A refused request in words: what happened, whether call or money are affected, what to do. */
export function ProblemNote({ code, onClose }: { code: ApiProblem; onClose?: () => void }) {
  const t = useTranslate();
  return (
    <div className={styles.note} data-tone="bad" role="alert">
      <WarningIcon />
      <p>
        <strong>{t(`problem.${code}.what`)}</strong> {t(`problem.${code}.effect`)} {t(`problem.${code}.do`)}
      </p>
      {onClose !== undefined && (
        <button type="button" className={styles.close} aria-label={t('trouble.dismiss')} onClick={onClose}>
          <CrossIcon size={16} />
        </button>
      )}
    </div>
  );
}
