import type { Me } from '@tonegate/api-schema';
import { useEffect, useState } from 'react';
import { formatNumber } from '../i18n/format.ts';
import { currentCall, shownPayment, walledPayment } from '../state/calls.ts';
import { useCalls, useDesk, useSoftphone } from '../state/hooks.ts';
import { Actions } from './actions.tsx';
import { Announcer } from './announcer.tsx';
import { CallCard } from './call-card.tsx';
import { EndZone } from './end-zone.tsx';
import { History } from './history.tsx';
import { MeBar } from './me-bar.tsx';
import { MoneyDialog } from './money-dialog.tsx';
import { PaymentZone } from './payment-zone.tsx';
import { ReportsView } from './reports-view.tsx';
import { Shortcuts } from './shortcuts.tsx';
import { StatusLine } from './status-line.tsx';
import { Troubles } from './troubles.tsx';
import { useShortcuts } from './use-shortcuts.ts';
import { useTranslate } from './use-translate.ts';
import styles from './window.module.css';

export type Panel = 'keypad' | 'audio' | 'shortcuts';
/** What stands below the header. Reports are supervisors'. */
export type Page = 'calls' | 'reports';

/** The agent's window: five fixed zones, and the last calls where there is room. */
export function Window({ me }: { me: Me }) {
  const [panel, setPanel] = useState<Panel | null>(null);
  const [page, setPage] = useState<Page>('calls');
  const call = useCalls((state) => currentCall(state)?.id ?? null);
  const [shownFor, setShownFor] = useState(call);
  const walled = useCalls((state) => walledPayment(state) !== null);
  const idle = useCalls((state) => currentCall(state) === null && shownPayment(state) === null);
  useShortcuts(setPanel);
  useTitle();

  // The keypad belongs to the sound between the two: where that is shut, it closes.
  if (panel === 'keypad' && (walled || idle)) setPanel(null);

  // A new call goes before everything else; who wants to can go back to the reports.
  if (call !== shownFor) {
    setShownFor(call);
    if (call !== null) setPage('calls');
  }

  return (
    <div className={styles.window} data-walled={walled} data-idle={idle}>
      <MeBar me={me} onShortcuts={() => setPanel('shortcuts')} page={page} setPage={setPage} />
      <StatusLine />
      {page === 'reports' ? (
        <ReportsView me={me} />
      ) : (
        <main className={styles.main}>
          <CallCard me={me} />
          <Actions panel={panel} setPanel={setPanel} />
          <div className={styles.work}>
            <Troubles />
            <PaymentZone />
          </div>
          <History />
          <EndZone />
        </main>
      )}
      <MoneyDialog />
      <Announcer />
      <Shortcuts open={panel === 'shortcuts'} onOpenChange={(open) => setPanel(open ? 'shortcuts' : null)} />
    </div>
  );
}

/** While a call rings, the tab's title says so in turn with its name. */
function useTitle(): void {
  const softphone = useSoftphone();
  const t = useTranslate();
  const calls = useCalls((state) => state);
  const silenced = useDesk((state) => state.silenced);
  const ringing = softphone.ringingCall();
  const number = ringing === null ? null : ringing.number === null ? t('call.withheld') : formatNumber(ringing.number);
  useEffect(() => {
    document.title = t('app.name');
    if (number === null) return;
    let on = false;
    const flash = (): void => {
      on = !on;
      document.title = on ? t('title.ringing', { number }) : t('app.name');
    };
    flash();
    const timer = setInterval(flash, 1_000);
    return () => {
      clearInterval(timer);
      document.title = t('app.name');
    };
  }, [number, t, calls.known, silenced]);
}
