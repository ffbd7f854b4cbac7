import type { Call, KeyTest } from '@tonegate/api-schema';
import type { ReactNode } from 'react';
import type { MessageKey } from '../i18n/translate.ts';
import { useDesk, useSoftphone } from '../state/hooks.ts';
import controls from './controls.module.css';
import { WarningIcon } from './icons.tsx';
import styles from './payment-form.module.css';
import { useTranslate } from './use-translate.ts';

/** Whether keys come from this line in a way alone that cards must not take: then no payment can be begun. */
export function keysRefused(call: Call): boolean {
  return call.keys.advice === 'info-only' || !call.keysPossible;
}

/** Says in place of the order that none can be paid here, and what to do. */
export function NoKeys({ id, call }: { id: string; call: Call }) {
  const t = useTranslate();
  return (
    <Box call={call} testId="hindrance">
      <p id={id}>
        <strong>{t('keys.info-only')}</strong> {t('keys.info-only.text')}
      </p>
    </Box>
  );
}

/** Where nobody knows whether keys arrive, or one did not in a test: says so, and has the customer try one. */
export function KeysAdvice({ call }: { call: Call }) {
  const t = useTranslate();
  const testing = useDesk((state) => state.busy['key-test'] === true);
  const tested = useDesk((state) => state.keyTest?.call === call.id);
  const { advice } = call.keys;
  if (advice === 'sure' && !tested && !testing) return null;
  if (advice !== 'none' || testing) return <KeyTestRow call={call} first="keys.unknown" />;
  return (
    <Box call={call} testId="keys-warning">
      <p aria-live="polite">
        <strong>{t('keys.none')}</strong> {t('keys.none.text')}
      </p>
    </Box>
  );
}

function Box({ call, testId, children }: { call: Call; testId: string; children: ReactNode }) {
  return (
    <div className={styles.hindrance} data-testid={testId}>
      <WarningIcon />
      <div>
        {children}
        <KeyTestRow call={call} />
      </div>
    </div>
  );
}

/** What a key test said, or is to be said before one; and its button. */
function KeyTestRow({ call, first }: { call: Call; first?: 'keys.unknown' }) {
  const softphone = useSoftphone();
  const t = useTranslate();
  const testing = useDesk((state) => state.busy['key-test'] === true);
  const last = useDesk((state) => state.keyTest);
  const result = last?.call === call.id ? last.result : null;
  const told = testing ? 'keys.testing.text' : result === null ? first : resultWords(result);
  const passed = told === 'keys.right';
  // What the box around it says already.
  const shown = told === 'keys.nothing' && call.keys.advice === 'none' ? undefined : told;
  return (
    <div className={styles.keys}>
      <p className={controls.quiet} aria-live="polite" data-testid="keys-advice">
        {shown !== undefined && t(shown)}
      </p>
      {!passed && (
        <button
          type="button"
          className={`${controls.button} ${styles.test}`}
          data-testid="key-test"
          aria-disabled={testing || call.state !== 'talking'}
          onClick={() => {
            if (call.state === 'talking') void softphone.payments.testKeys();
          }}
        >
          {t(testing ? 'keys.testing' : 'keys.test')}
        </button>
      )}
    </div>
  );
}

function resultWords({
  heard,
  event,
  tone,
}: KeyTest): MessageKey & `keys.${'right' | 'right-info' | 'wrong' | 'nothing'}` {
  if (heard !== 'right') return `keys.${heard}`;
  return event || tone ? 'keys.right' : 'keys.right-info';
}
