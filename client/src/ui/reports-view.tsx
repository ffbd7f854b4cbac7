import type { Me } from '@tonegate/api-schema';
import { Tabs } from 'radix-ui';
import { useEffect } from 'react';
import { useReports, useSoftphone } from '../state/hooks.ts';
import { FunnelView } from './funnel-view.tsx';
import { ProblemNote } from './problem-note.tsx';
import { PromptsView } from './prompts-view.tsx';
import styles from './reports.module.css';
import { TrunksView } from './trunks-view.tsx';
import { useTranslate } from './use-translate.ts';

/** What supervisors look at, in the place of the calls. */
export function ReportsView({ me }: { me: Me }) {
  const { reports } = useSoftphone();
  const t = useTranslate();
  const problem = useReports().problem;
  useEffect(() => {
    void reports.loadFunnel();
    void reports.loadTrunks();
  }, [reports]);
  return (
    <main className={styles.page} aria-label={t('reports.title')} data-testid="reports">
      <h2 className={styles.heading}>{t('reports.title')}</h2>
      {problem !== null && <ProblemNote code={problem} />}
      <Tabs.Root defaultValue="funnel">
        <Tabs.List className={styles.tabs} aria-label={t('reports.title')}>
          <Tabs.Trigger className={styles.tab} value="funnel">
            {t('reports.funnel')}
          </Tabs.Trigger>
          <Tabs.Trigger className={styles.tab} value="trunks" data-testid="trunks-tab">
            {t('reports.trunks')}
          </Tabs.Trigger>
          <Tabs.Trigger className={styles.tab} value="prompts" data-testid="prompts-tab">
            {t('reports.prompts')}
          </Tabs.Trigger>
        </Tabs.List>
        <Tabs.Content className={styles.panel} value="funnel">
          <FunnelView me={me} />
        </Tabs.Content>
        <Tabs.Content className={styles.panel} value="trunks">
          <TrunksView />
        </Tabs.Content>
        <Tabs.Content className={styles.panel} value="prompts">
          <PromptsView me={me} />
        </Tabs.Content>
      </Tabs.Root>
    </main>
  );
}
