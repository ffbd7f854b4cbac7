import type { ManualAttempt } from '@tonegate/api-schema';
import { AlertDialog } from 'radix-ui';
import { formatMoney } from '../i18n/format.ts';
import { useManual, useSoftphone } from '../state/hooks.ts';
import type { Settling } from '../state/manual-desk.ts';
import { hasAmount } from '../state/payment-steps.ts';
import controls from './controls.module.css';
import dialog from './dialog.module.css';
import { DoneIcon } from './icons.tsx';
import { ProblemNote } from './problem-note.tsx';
import { useLanguage, useTranslate } from './use-translate.ts';

/** Asks before a payment is settled by hand, says what follows, and what came of it. */
export function ManualDialog() {
  const { manual } = useSoftphone().oversight;
  const { settling } = useManual();
  return (
    <AlertDialog.Root open={settling !== null} onOpenChange={(open) => !open && manual.close()}>
      {settling !== null && (
        <AlertDialog.Portal>
          <AlertDialog.Overlay className={dialog.overlay} />
          <AlertDialog.Content className={dialog.dialog} data-testid="manual-dialog" data-phase={settling.phase}>
            {settling.phase === 'done' ? <Done settling={settling} /> : <Question settling={settling} />}
          </AlertDialog.Content>
        </AlertDialog.Portal>
      )}
    </AlertDialog.Root>
  );
}

function Question({ settling }: { settling: Settling }) {
  const { manual } = useSoftphone().oversight;
  const t = useTranslate();
  const language = useLanguage();
  const { attempt, as, phase, problem } = settling;
  const { order, purpose } = attempt;
  const sent = phase === 'sent';
  return (
    <>
      <AlertDialog.Title className={dialog.title}>{t(`manual.title.${as}`)}</AlertDialog.Title>
      <p>
        {t(hasAmount(purpose) ? 'pay.order' : 'pay.reference')} {order.reference}
        {hasAmount(purpose) && ` · ${formatMoney(order.amountMinor, order.currency, language)}`}
      </p>
      <AlertDialog.Description>
        {t(as === 'look-up' || takesMoney(purpose) ? `manual.follows.${as}` : `manual.follows.${as}.other`)}
      </AlertDialog.Description>
      {as !== 'look-up' && <p className={controls.quiet}>{t('manual.final')}</p>}
      {problem !== null && <ProblemNote code={problem} />}
      <div className={dialog.buttons}>
        <AlertDialog.Cancel className={controls.button} disabled={sent}>
          {t('cancel')}
        </AlertDialog.Cancel>
        <button
          type="button"
          className={controls.primary}
          data-testid="manual-confirm"
          aria-disabled={sent}
          onClick={() => void manual.confirm()}
        >
          {t(sent ? 'manual.sending' : `manual.confirm.${as}`)}
        </button>
      </div>
    </>
  );
}

function Done({ settling }: { settling: Settling }) {
  const t = useTranslate();
  const asked = settling.as === 'look-up' && (settling.result?.outcome ?? 'unknown') === 'unknown';
  return (
    <>
      <AlertDialog.Title
        className={dialog.verdict}
        data-outcome={asked ? 'unknown' : 'approved'}
        data-testid="manual-done"
      >
        <DoneIcon />
        {t(asked ? 'manual.look-up' : 'manual.done')}
      </AlertDialog.Title>
      <AlertDialog.Description>{t(asked ? 'manual.asked' : 'manual.done.text')}</AlertDialog.Description>
      <div className={dialog.buttons}>
        <AlertDialog.Cancel className={controls.button} data-testid="manual-close">
          {t('close')}
        </AlertDialog.Cancel>
      </div>
    </>
  );
}

/** Whether the customer was to pay by it: a hold, a stored card, a refund are told of in other words. */
function takesMoney(purpose: ManualAttempt['purpose']): boolean {
  return purpose === 'charge' || purpose === 'stored-charge';
}
