import { Dialog } from 'radix-ui';
import type { MessageKey } from '../i18n/translate.ts';
import controls from './controls.module.css';
import styles from './dialog.module.css';
import { useTranslate } from './use-translate.ts';

const SHORTCUTS: readonly [string, MessageKey & `shortcuts.${string}`][] = [
  ['space', 'shortcuts.answer'],
  ['M', 'shortcuts.mute'],
  ['H', 'shortcuts.hold'],
  ['K', 'shortcuts.keypad'],
  ['P', 'shortcuts.payment'],
  ['Esc', 'shortcuts.escape'],
  ['?', 'shortcuts.help'],
];

export function Shortcuts({ open, onOpenChange }: { open: boolean; onOpenChange: (open: boolean) => void }) {
  const t = useTranslate();
  return (
    <Dialog.Root open={open} onOpenChange={onOpenChange}>
      <Dialog.Portal>
        <Dialog.Overlay className={styles.overlay} />
        <Dialog.Content className={styles.dialog}>
          <Dialog.Title className={styles.title}>{t('shortcuts.title')}</Dialog.Title>
          <dl className={styles.list}>
            {SHORTCUTS.map(([key, what]) => (
              <div key={key} className={styles.row}>
                <dt>
                  <kbd className={controls.key}>{key === 'space' ? t('key.space') : key}</kbd>
                </dt>
                <dd>{t(what)}</dd>
              </div>
            ))}
          </dl>
          <Dialog.Description className={controls.quiet}>{t('shortcuts.note')}</Dialog.Description>
          <Dialog.Close className={controls.button}>{t('close')}</Dialog.Close>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
