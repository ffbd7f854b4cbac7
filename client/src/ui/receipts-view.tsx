import type { Me } from '@tonegate/api-schema';
import { useEffect } from 'react';
import { formatCount } from '../i18n/format.ts';
import { useReceipts, useSoftphone } from '../state/hooks.ts';
import type { FoundReceipts } from '../state/receipts-desk.ts';
import controls from './controls.module.css';
import { DaysFields } from './days-fields.tsx';
import { MerchantChoice } from './merchant-choice.tsx';
import { Panel } from './panel.tsx';
import panel from './panel.module.css';
import { ProblemNote } from './problem-note.tsx';
import styles from './reports.module.css';
import { saveFile } from './save-file.ts';
import { useLanguage, useTranslate } from './use-translate.ts';

/** Receipts of silence of a period: fetched, looked at, and saved for whoever checks them. */
export function ReceiptsView({ me }: { me: Me }) {
  const { receipts: desk } = useSoftphone().oversight;
  const t = useTranslate();
  const language = useLanguage();
  const { merchant, days, daysWrong, fetched, found, publicKey, problem } = useReceipts();
  const first = me.merchants[0]?.id;
  useEffect(() => {
    if (merchant === null && first !== undefined) desk.choose({ merchant: first });
  }, [desk, merchant, first]);
  if (merchant === null) return null;
  return (
    <div className={styles.report} aria-busy={fetched !== null}>
      <p className={styles.words}>{t('receipts.text')}</p>
      <div className={styles.filters}>
        <MerchantChoice
          me={me}
          testId="receipts-merchant"
          merchant={merchant}
          choose={(chosen) => desk.choose({ merchant: chosen })}
        />
        <DaysFields days={days} wrong={daysWrong} change={(changed) => desk.choose({ days: changed })} />
      </div>
      <div className={panel.buttons}>
        <button
          type="button"
          className={controls.button}
          data-testid="receipts-fetch"
          aria-disabled={fetched !== null}
          onClick={() => void desk.fetch()}
        >
          {fetched === null ? t('receipts.fetch') : t('receipts.fetching', { count: formatCount(fetched, language) })}
        </button>
      </div>
      {problem !== null && <ProblemNote code={problem} />}
      <div aria-live="polite">{found !== null && <Found found={found} publicKey={publicKey ?? ''} />}</div>
    </div>
  );
}

function Found({ found, publicKey }: { found: FoundReceipts; publicKey: string }) {
  const t = useTranslate();
  const language = useLanguage();
  const { chain, file, cut } = found;
  const { first, last, count, findings, toTheEnd } = chain;
  if (first === null || last === null) {
    return (
      <p className={controls.quiet} data-testid="receipts-none">
        {t('receipts.none')}
      </p>
    );
  }
  const whole = findings.length === 0;
  const number = (value: number): string => formatCount(value, language);
  return (
    <Panel
      tone={whole ? 'good' : 'bad'}
      title={t(whole ? 'receipts.whole' : 'receipts.not-whole')}
      testId="receipts-found"
    >
      <p>{t(whole ? 'receipts.whole.text' : 'receipts.not-whole.text')}</p>
      {!whole && (
        <ul className={panel.list}>
          {findings.slice(0, SHOWN).map((finding) => (
            <li key={`${finding.number}-${finding.what}`}>
              {t(`receipts.finding.${finding.what}`, { number: number(finding.number) })}
            </li>
          ))}
        </ul>
      )}
      <p className={controls.quiet}>
        {t('receipts.range', { first: number(first), last: number(last), count: number(count) })}
        {' · '}
        {t(toTheEnd ? 'receipts.to-the-end' : 'receipts.not-to-the-end')}
      </p>
      {cut && <p>{t('receipts.cut')}</p>}
      <div className={panel.buttons}>
        <button
          type="button"
          className={controls.button}
          data-testid="receipts-save"
          onClick={() => saveFile('receipts.json', 'application/json', file)}
        >
          {t('receipts.file')}
        </button>
        <button
          type="button"
          className={controls.button}
          data-testid="receipts-save-key"
          onClick={() => saveFile('key.pem', 'application/x-pem-file', publicKey)}
        >
          {t('receipts.key')}
        </button>
      </div>
      <p>{t('receipts.check')}</p>
      <code className={panel.command}>npx tonegate-verify receipts.json --key key.pem</code>
    </Panel>
  );
}

/** Findings that are named: one false link makes many. */
const SHOWN = 20;
