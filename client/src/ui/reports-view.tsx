import type { Me } from '@tonegate/api-schema';
import { Tabs } from 'radix-ui';
import { type ReactNode, useEffect } from 'react';
import type { MessageKey } from '../i18n/translate.ts';
import { useManual, useReports, useSoftphone } from '../state/hooks.ts';
import { AuditView } from './audit-view.tsx';
import { FunnelView } from './funnel-view.tsx';
import { ManualView } from './manual-view.tsx';
import { MerchantView } from './merchant-view.tsx';
import { ProblemNote } from './problem-note.tsx';
import { PromptsView } from './prompts-view.tsx';
import { ReceiptsView } from './receipts-view.tsx';
import styles from './reports.module.css';
import { StateView } from './state-view.tsx';
import { TrunksView } from './trunks-view.tsx';
import { useTranslate } from './use-translate.ts';

interface Tab {
  readonly name: string;
  readonly label: MessageKey & `${string}.${'funnel' | 'trunks' | 'prompts' | 'tab'}`;
  /** Also for supervisors. */
  readonly supervisors: boolean;
  readonly view: (me: Me) => ReactNode;
}

const TABS: readonly Tab[] = [
  { name: 'funnel', label: 'reports.funnel', supervisors: true, view: (me) => withProblem(<FunnelView me={me} />) },
  { name: 'manual', label: 'manual.tab', supervisors: false, view: (me) => <ManualView me={me} /> },
  { name: 'trunks', label: 'reports.trunks', supervisors: true, view: () => withProblem(<TrunksView />) },
  { name: 'state', label: 'state.tab', supervisors: true, view: () => <StateView /> },
  { name: 'receipts', label: 'receipts.tab', supervisors: true, view: (me) => <ReceiptsView me={me} /> },
  { name: 'audit', label: 'audit.tab', supervisors: false, view: (me) => <AuditView me={me} /> },
  { name: 'prompts', label: 'reports.prompts', supervisors: true, view: (me) => <PromptsView me={me} /> },
  { name: 'merchant', label: 'merchant.tab', supervisors: false, view: (me) => <MerchantView me={me} /> },
];

/** What supervisors and administrators look at and look after, in the place of the calls. */
export function ReportsView({ me }: { me: Me }) {
  const { reports, manual } = useSoftphone().oversight;
  const t = useTranslate();
  const { attempts, more } = useManual();
  const unsettled = (attempts?.length ?? 0) + more;
  const administers = me.role === 'administrator';
  useEffect(() => {
    void reports.loadFunnel();
    void reports.loadTrunks();
    if (administers) void manual.load();
  }, [reports, manual, administers]);
  const tabs = TABS.filter(({ supervisors }) => supervisors || administers);
  return (
    <main className={styles.page} aria-label={t('reports.title')} data-testid="reports">
      <h2 className={styles.heading}>{t('reports.title')}</h2>
      <Tabs.Root defaultValue="funnel">
        <Tabs.List className={styles.tabs} aria-label={t('reports.title')}>
          {tabs.map(({ name, label }) => (
            <Tabs.Trigger key={name} className={styles.tab} value={name} data-testid={`${name}-tab`}>
              {t(label)}
              {name === 'manual' && unsettled > 0 && <span className={styles.count}>{unsettled}</span>}
            </Tabs.Trigger>
          ))}
        </Tabs.List>
        {tabs.map(({ name, view }) => (
          <Tabs.Content key={name} className={styles.panel} value={name}>
            {view(me)}
          </Tabs.Content>
        ))}
      </Tabs.Root>
    </main>
  );
}

/** Funnel and trunks are asked for together: what was refused of either is said above both. */
function withProblem(view: ReactNode): ReactNode {
  return (
    <>
      <LoadingProblem />
      {view}
    </>
  );
}

function LoadingProblem() {
  const { problem } = useReports();
  return problem === null ? null : <ProblemNote code={problem} />;
}
