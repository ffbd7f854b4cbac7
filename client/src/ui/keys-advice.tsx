import type { Call, KeyTest } from '@tonegate/api-schema';
import type { MessageKey } from '../i18n/translate.ts';
import { useDesk, useSoftphone } from '../state/hooks.ts';
import controls from './controls.module.css';
import styles from './payment-form.module.css';
import { useTranslate } from './use-translate.ts';

/** Why no payment can be taken on this line, before anybody presses the button; null: it can be tried. */
export function keysHindrance(call: Call): 'keys.none' | 'keys.info-only' | null {
  if (call.keys.advice === 'none') return 'keys.none';
  return call.keys.advice === 'info-only' || !call.keysPossible ? 'keys.info-only' : null;
}

/** Where nobody knows yet whether keys arrive: says so quietly, and has the customer try one. */
export function KeysAdvice({ call }: { call: Call }) {
  const softphone = useSoftphone();
  const t = useTranslate();
  const testing = useDesk((state) => state.busy['key-test'] === true);
  const last = useDesk((state) => state.keyTest);
  const result = last?.call === call.id ? last.result : null;
  const told = testing ? 'keys.testing.text' : result === null ? 'keys.unknown' : resultWords(result);
  if (call.keys.advice === 'sure' && result === null && !testing) return null;
  const passed = result?.heard === 'right' && !testing;
  return (
    <div className={styles.keys}>
      <p className={controls.quiet} aria-live="polite" data-testid="keys-advice">
        {t(told)}
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
