import { Purpose } from '@tonegate/api-schema';
import { DropdownMenu } from 'radix-ui';
import { useRef } from 'react';
import { useSoftphone } from '../state/hooks.ts';
import controls from './controls.module.css';
import { ChevronIcon, DoneIcon } from './icons.tsx';
import menu from './menu.module.css';
import styles from './payment-form.module.css';
import { useTranslate } from './use-translate.ts';

/** What the filled button does: choosing changes the button and its fields, and starts nothing. */
export function PurposeMenu({ purpose, disabled }: { purpose: Purpose; disabled: boolean }) {
  const softphone = useSoftphone();
  const t = useTranslate();
  const chosen = useRef(false);
  return (
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger
        className={`${controls.primary} ${styles.purpose}`}
        data-testid="purpose"
        disabled={disabled}
        aria-label={t('pay.purpose', { purpose: t(`purpose.${purpose}`) })}
      >
        <ChevronIcon />
      </DropdownMenu.Trigger>
      <DropdownMenu.Content
        className={menu.menu}
        align="end"
        sideOffset={4}
        collisionPadding={8}
        onCloseAutoFocus={(event) => {
          if (!chosen.current) return;
          chosen.current = false;
          // What comes next is to fill in its fields.
          event.preventDefault();
          document.querySelector<HTMLElement>('[data-zone="payment"] [data-first]')?.focus();
        }}
      >
        <DropdownMenu.RadioGroup
          aria-label={t('pay.purpose', { purpose: '' })}
          value={purpose}
          onValueChange={(value) => {
            chosen.current = true;
            softphone.payments.choosePurpose(Purpose.catch('charge').parse(value));
          }}
        >
          {Purpose.options.map((one) => (
            <DropdownMenu.RadioItem key={one} className={menu.told} value={one} data-testid={`purpose-${one}`}>
              <span>
                {t(`purpose.${one}`)}
                <small>{t(`purpose.${one}.text`)}</small>
              </span>
              <DropdownMenu.ItemIndicator>
                <DoneIcon size={16} />
              </DropdownMenu.ItemIndicator>
            </DropdownMenu.RadioItem>
          ))}
        </DropdownMenu.RadioGroup>
      </DropdownMenu.Content>
    </DropdownMenu.Root>
  );
}
