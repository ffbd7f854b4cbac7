import { useEffect, useLayoutEffect, useRef } from 'react';
import { currentCall, shownPayment } from '../state/calls.ts';
import { useCalls, useDesk, useSoftphone } from '../state/hooks.ts';
import controls from './controls.module.css';
import { PaymentFormView } from './payment-form-view.tsx';
import { PaymentOutcome } from './payment-outcome.tsx';
import { PaymentProgress } from './payment-progress.tsx';
import styles from './payment-zone.module.css';
import { ProblemNote } from './problem-note.tsx';
import { useTranslate } from './use-translate.ts';

/** Zone 4: the order before, the steps during, the outcome after a payment. */
export function PaymentZone() {
  const softphone = useSoftphone();
  const t = useTranslate();
  const call = useCalls(currentCall);
  const payment = useCalls(shownPayment);
  const problem = useDesk((state) => state.problems.payment);
  const talking = call !== null && call.state !== 'ringing';
  const view = payment === null ? (talking ? 'form' : 'none') : payment.outcome === null ? 'progress' : 'outcome';
  const zone = useKeptFocus(view);

  return (
    <section
      ref={zone}
      className={styles.zone}
      data-view={view}
      aria-label={t('zone.payment')}
      data-zone="payment"
      tabIndex={-1}
    >
      <h2 className={view === 'none' || view === 'form' ? styles.title : controls.hidden}>{t('pay.title')}</h2>
      {problem !== null && <ProblemNote code={problem} onClose={() => softphone.dismissProblem('payment')} />}
      {view === 'none' && <p className={controls.quiet}>{t('pay.no-call')}</p>}
      {view === 'form' && call !== null && <PaymentFormView call={call} />}
      {view === 'progress' && payment !== null && <PaymentProgress payment={payment} />}
      {view === 'outcome' && payment !== null && <PaymentOutcome payment={payment} />}
    </section>
  );
}

/**
 * When the view changes and the focused control goes with it, the focus stays in the zone, on no button: the next Space
 * or Enter must not stop a payment. Where the agent was elsewhere, they stay there.
 */
function useKeptFocus(view: string) {
  const zone = useRef<HTMLElement>(null);
  const inside = useRef(false);
  useEffect(() => {
    const moved = (event: FocusEvent): void => {
      inside.current = zone.current?.contains(event.target as Node) === true;
    };
    const left = (event: FocusEvent): void => {
      // Clicked away: a removed element fires no such event while it is still in the page.
      if (event.relatedTarget === null && document.contains(event.target as Node)) inside.current = false;
    };
    document.addEventListener('focusin', moved);
    document.addEventListener('focusout', left);
    return () => {
      document.removeEventListener('focusin', moved);
      document.removeEventListener('focusout', left);
    };
  }, []);
  useLayoutEffect(() => {
    if (inside.current && document.activeElement === document.body) zone.current?.focus({ preventScroll: true });
  }, [view]);
  return zone;
}
