import type { ApiProblem } from '../api/problem.ts';
import { CrossIcon } from './icons.tsx';
import { Note } from './note.tsx';
import styles from './notes.module.css';
import { useTranslate } from './use-translate.ts';

/** A refused request in words: what happened, whether call or money are affected, what to do. */
export function ProblemNote({ code, onClose }: { code: ApiProblem; onClose?: () => void }) {
  const t = useTranslate();
  return (
    <Note tone="bad" what={t(`problem.${code}.what`)} rest={[t(`problem.${code}.effect`), t(`problem.${code}.do`)]}>
      {onClose !== undefined && (
        <button type="button" className={styles.close} aria-label={t('trouble.dismiss')} onClick={onClose}>
          <CrossIcon size={16} />
        </button>
      )}
    </Note>
  );
}
