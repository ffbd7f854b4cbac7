import { useState } from 'react';
import controls from './controls.module.css';
import { useTranslate } from './use-translate.ts';

/** Puts a text where other programs can paste it from, and says so. */
export function CopyButton({ text, label, testId }: { text: string; label: string; testId: string }) {
  const t = useTranslate();
  const [copied, setCopied] = useState(false);
  const copy = (): void => {
    void navigator.clipboard.writeText(text).then(() => setCopied(true));
  };
  return (
    <button type="button" className={controls.button} data-testid={testId} aria-live="polite" onClick={copy}>
      {copied ? t('pay.copied') : label}
    </button>
  );
}
