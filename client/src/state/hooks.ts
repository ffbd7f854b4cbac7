import { createContext, useContext } from 'react';
import { useStore } from 'zustand';
import type { AuditState } from './audit-desk.ts';
import type { CallPaymentsState } from './call-payments.ts';
import type { CallsState } from './calls.ts';
import type { Desk } from './desk.ts';
import type { GatewayState } from './gateway-desk.ts';
import type { ManualState } from './manual-desk.ts';
import type { MoneyTask } from './money-desk.ts';
import type { PaymentForm } from './payment-form.ts';
import type { PromptsState } from './prompts-desk.ts';
import type { ReceiptsState } from './receipts-desk.ts';
import type { ReportsState } from './reports.ts';
import type { RulesState } from './rules-desk.ts';
import type { Session } from './session.ts';
import type { Settings } from './settings.ts';
import type { Softphone } from './softphone.ts';
import type { ServerStateView } from './state-desk.ts';

export const SoftphoneContext = createContext<Softphone | null>(null);

/** The softphone that the window belongs to, for what it does. */
export function useSoftphone(): Softphone {
  const softphone = useContext(SoftphoneContext);
  if (softphone === null) throw new Error('a component stands outside of SoftphoneContext');
  return softphone;
}

/** What the window shows of each store; a selector must return the same thing while nothing has changed. */
export const useCalls = <T>(selector: (state: CallsState) => T): T => useStore(useSoftphone().calls, selector);
export const useDesk = <T>(selector: (state: Desk) => T): T => useStore(useSoftphone().desk, selector);
export const useForm = <T>(selector: (state: PaymentForm) => T): T => useStore(useSoftphone().payments.form, selector);
export const useMoneyTask = (): MoneyTask | null => useStore(useSoftphone().money.task, (state) => state.task);
export const usePrompts = (): PromptsState => useStore(useSoftphone().oversight.prompts.state);
export const useReports = (): ReportsState => useStore(useSoftphone().oversight.reports.state);
export const useSession = (): Session => useStore(useSoftphone().session);
export const useSettings = <T>(selector: (state: Settings) => T): T => useStore(useSoftphone().settings, selector);
export const useCallPayments = (): CallPaymentsState => useStore(useSoftphone().callPayments.state);
export const useReceipts = (): ReceiptsState => useStore(useSoftphone().oversight.receipts.state);
export const useServerState = (): ServerStateView => useStore(useSoftphone().oversight.serverState.state);
export const useManual = (): ManualState => useStore(useSoftphone().oversight.manual.state);
export const useGateway = (): GatewayState => useStore(useSoftphone().oversight.gateway.state);
export const useRules = (): RulesState => useStore(useSoftphone().oversight.rules.state);
export const useAudit = (): AuditState => useStore(useSoftphone().oversight.audit.state);
