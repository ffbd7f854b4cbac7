import type { MoneyAction, Payment } from '@tonegate/api-schema';
import { typedAmount } from '../i18n/format.ts';
import { useSoftphone } from '../state/hooks.ts';
import { leftMinor } from '../state/money-desk.ts';
import controls from './controls.module.css';
import { useTranslate } from './use-translate.ts';

/** What can be done with a payment's money now; each opens a question first. */
export function MoneyButtons({ payment }: { payment: Payment }) {
  const { money } = useSoftphone();
  const t = useTranslate();
  return payment.possible.map((action) => (
    <button
      key={action}
      type="button"
      className={controls.button}
      data-testid={`money-${action}`}
      onClick={() => money.begin(payment, action, typedAmount(leftMinor(payment), payment.order.currency))}
    >
      {t(`money.${moneyWord(action, payment)}`)}
    </button>
  ));
}

/** A void takes back a charge, or releases what was only held. */
export function moneyWord(action: MoneyAction, about: Payment): MoneyAction | 'void-hold' {
  return action === 'void' && about.purpose === 'authorize' ? 'void-hold' : action;
}
