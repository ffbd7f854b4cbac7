import { AlertDialog } from 'radix-ui';
import controls from './controls.module.css';
import dialog from './dialog.module.css';
import { useTranslate } from './use-translate.ts';

export interface ConfirmButtonProps {
  readonly label: string;
  readonly title: string;
  readonly text: string;
  readonly confirm: string;
  readonly testId: string;
  readonly disabled: boolean;
  readonly onConfirm: () => void;
}

/** A button that asks first and says what follows. */
export function ConfirmButton({ label, title, text, confirm, testId, disabled, onConfirm }: ConfirmButtonProps) {
  const t = useTranslate();
  return (
    <AlertDialog.Root>
      <AlertDialog.Trigger className={controls.button} data-testid={testId} disabled={disabled}>
        {label}
      </AlertDialog.Trigger>
      <AlertDialog.Portal>
        <AlertDialog.Overlay className={dialog.overlay} />
        <AlertDialog.Content className={dialog.dialog}>
          <AlertDialog.Title className={dialog.title}>{title}</AlertDialog.Title>
          <AlertDialog.Description>{text}</AlertDialog.Description>
          <div className={dialog.buttons}>
            <AlertDialog.Cancel className={controls.button}>{t('cancel')}</AlertDialog.Cancel>
            <AlertDialog.Action className={controls.primary} data-testid={`${testId}-confirm`} onClick={onConfirm}>
              {confirm}
            </AlertDialog.Action>
          </div>
        </AlertDialog.Content>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  );
}
