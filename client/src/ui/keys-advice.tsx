import type { Call, KeyTest } from '@tonegate/api-schema';
import type { MessageKey } from '../i18n/translate.ts';
import { useDesk, useSoftphone } from '../state/hooks.ts';
import controls from './controls.module.css';
import { WarningIcon } from './icons.tsx';
import styles from './payment-form.module.css';
import { useTranslate } from './use-translate.ts';

/** Why no payment can be taken on this line, before anybody presses the button; null: it can be tried. */
export function keysHindrance(call: Call): 'keys.none' | 'keys.info-only' | null {
  if (call.keys.advice === 'none') return 'keys.none';
  return call.keys.advice === 'info-only' || !call.keysPossible ? 'keys.info-only' : null;
}

/** Says in place of the order that none can be paid here, and what to do. */
export function NoKeys({ id, call, why }: { id: string; call: Call; why: 'keys.none' | 'keys.info-only' }) {
  const t = useTranslate();
  return (
    <div className={styles.hindrance} data-testid="hindrance">
      <WarningIcon />
      <div>
        <p id={id}>
          <strong>{t(why)}</strong> {t(`${why}.text`)}
        </p>
        <KeyTestRow call={call} />
      </div>
    </div>
  );
}

/** Where nobody knows yet whether keys arrive: says so quietly, and has the customer try one. */
export function KeysAdvice({ call }: { call: Call }) {
  const testing = useDesk((state) => state.busy['key-test'] === true);
  const tested = useDesk((state) => state.keyTest?.call === call.id);
  return call.keys.advice === 'sure' && !tested && !testing ? null : <KeyTestRow call={call} first="keys.unknown" />;
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
  return (
    <div className={styles.keys}>
      <p className={controls.quiet} aria-live="polite" data-testid="keys-advice">
        {told !== undefined && t(told)}
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
