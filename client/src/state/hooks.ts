import { createContext, useContext } from 'react';
import { useStore } from 'zustand';
import type { CallsState } from './calls.ts';
import type { Desk } from './desk.ts';
import type { MoneyTask } from './money-desk.ts';
import type { PaymentForm } from './payment-form.ts';
import type { PromptsState } from './prompts-desk.ts';
import type { ReportsState } from './reports.ts';
import type { Session } from './session.ts';
import type { Settings } from './settings.ts';
import type { Softphone } from './softphone.ts';

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
export const usePrompts = (): PromptsState => useStore(useSoftphone().prompts.state);
export const useReports = (): ReportsState => useStore(useSoftphone().reports.state);
export const useSession = (): Session => useStore(useSoftphone().session);
export const useSettings = <T>(selector: (state: Settings) => T): T => useStore(useSoftphone().settings, selector);
