import type { Payment } from '@tonegate/api-schema';
import type { Translate } from '../i18n/translate.ts';
import type { Help } from '../state/desk.ts';
import { useCalls, useDesk } from '../state/hooks.ts';
import { isTooLate } from '../state/payment-steps.ts';
import controls from './controls.module.css';
import styles from './payment-zone.module.css';
import { useNow } from './use-now.ts';
import { useTranslate } from './use-translate.ts';

/** How long it is said that help has reached the customer, ms: as long as a short sentence takes. */
const HELP_SHOWN_MS = 6_000;

/** How the customer does, in the same two lines always: mistakes, silence, speech, the help that they got. */
export function PaymentRemarks({ id, payment }: { id: string; payment: Payment }) {
  const t = useTranslate();
  const offset = useCalls((state) => state.clockOffsetMs);
  const help = useDesk((state) => state.helped);
  const now = useNow(true);
  const { waiting, waitingSince, mistakes } = payment;
  const silentMs = waitingSince === null ? 0 : now + offset - waitingSince;
  // A first look at a second that has just begun must not count backwards.
  const seconds = Math.max(1, Math.floor(silentMs / 1_000));
  const helped = help?.payment === payment.id && now - help.at < HELP_SHOWN_MS ? help.what : null;
  const late = isTooLate(payment) && payment.outcome === null;
  return (
    <div className={styles.remarks} id={id} data-testid="remarks">
      {late ? (
        <p>{t('pay.too-late')}</p>
      ) : (
        <p aria-live="polite">
          {mistakes > 0 && (
            <span data-tone="warn">
              {mistakes === 1 ? t('pay.mistake-one') : t('pay.mistakes', { count: mistakes })}
            </span>
          )}
          {payment.cardRefused && <span data-tone="warn">{t(`pay.card.${payment.cardRefused}`)}</span>}
          {waiting && (
            <span data-tone="warn">
              {waitingSince === null ? (
                t('pay.no-key-for-a-while')
              ) : (
                <>
                  {/* Said once: a screen reader that counts along can't be listened to. */}
                  <span className={controls.hidden}>{t('pay.no-key-for-a-while')}</span>
                  <span aria-hidden="true">{t('pay.no-key', { seconds })}</span>
                </>
              )}
            </span>
          )}
          {payment.speaking && <span data-tone="warn">{t('pay.speaks')}</span>}
          {helped !== null && <span>{helpWords(helped, t)}</span>}
        </p>
      )}
    </div>
  );
}

function helpWords(what: Help['what'], t: Translate): string {
  return what.kind === 'hint' ? t('help.done.hint', { hint: t(`hint.${what.hint}`) }) : t(`help.done.${what.kind}`);
}
