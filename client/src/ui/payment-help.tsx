import type { Payment } from '@tonegate/api-schema';
import { DropdownMenu } from 'radix-ui';
import type { ReactNode } from 'react';
import { hintsFor } from '../state/hints.ts';
import { useCalls, useDesk, useSoftphone } from '../state/hooks.ts';
import { askable } from '../state/payment-steps.ts';
import { ChevronIcon } from './icons.tsx';
import menu from './menu.module.css';
import styles from './payment-zone.module.css';
import { stepWords } from './payment-words.ts';
import { useTranslate } from './use-translate.ts';

export interface PaymentHelpProps {
  readonly payment: Payment;
  readonly tooLate: boolean;
  /** Id of the element that says why it is too late. */
  readonly reason: string;
}

/** What the agent can do for a customer whom they can't hear: always the same four, in the same places. */
export function PaymentHelp({ payment, tooLate, reason }: PaymentHelpProps) {
  const softphone = useSoftphone();
  const t = useTranslate();
  const way = useCalls((state) => state.way);
  const busy = useDesk((state) => state.busy);
  const { payments } = softphone;
  const fields = askable(payment, way);
  const off = { 'aria-disabled': true, 'aria-describedby': reason };
  const none = tooLate ? off : {};

  return (
    <fieldset className={styles.help} aria-label={t('help.title')}>
      <HelpMenu label={t('help.ask-again')} name="ask-again" disabled={tooLate || fields.length === 0} reason={reason}>
        {fields.map(({ field, reached }) => (
          <DropdownMenu.Item
            key={field}
            className={menu.item}
            data-testid={`ask-again-${field}`}
            disabled={!reached}
            onSelect={() => void payments.askAgain(field)}
          >
            {stepWords(field, payment.purpose, t)}
            {!reached && <small>{t('help.not-reached')}</small>}
          </DropdownMenu.Item>
        ))}
      </HelpMenu>
      <HelpMenu label={t('help.hint')} name="hint" disabled={tooLate} reason={reason}>
        {hintsFor(payment).map((hint) => (
          <DropdownMenu.Item
            key={hint}
            className={menu.item}
            data-testid={`hint-${hint}`}
            onSelect={() => void payments.giveHint(hint)}
          >
            {t(`hint.${hint}`)}
          </DropdownMenu.Item>
        ))}
      </HelpMenu>
      <button
        type="button"
        className={styles.helper}
        data-testid="more-time"
        aria-busy={busy['more-time'] === true}
        {...none}
        onClick={() => {
          if (!tooLate) void payments.giveMoreTime();
        }}
      >
        {t('help.more-time')}
      </button>
      <button
        type="button"
        className={styles.helper}
        data-testid="gentle-now"
        aria-pressed={payment.gentle}
        aria-busy={busy.gentle === true}
        {...none}
        onClick={() => {
          if (!tooLate) void payments.setGentle(!payment.gentle);
        }}
      >
        {t('help.gentle')}
      </button>
    </fieldset>
  );
}

interface HelpMenuProps {
  readonly label: string;
  readonly name: string;
  readonly disabled: boolean;
  readonly reason: string;
  readonly children: ReactNode;
}

function HelpMenu({ label, name, disabled, reason, children }: HelpMenuProps) {
  const trigger = (
    <button
      type="button"
      className={styles.helper}
      data-testid={name}
      {...(disabled ? { 'aria-disabled': true, 'aria-describedby': reason } : {})}
    >
      {label}
      <ChevronIcon size={14} />
    </button>
  );
  // One whose reason can be read, which a disabled trigger would take out of the keyboard's way.
  if (disabled) return trigger;
  return (
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger asChild>{trigger}</DropdownMenu.Trigger>
      <DropdownMenu.Content className={menu.menu} align="start" side="top" sideOffset={4} collisionPadding={8}>
        {children}
      </DropdownMenu.Content>
    </DropdownMenu.Root>
  );
}
