import { useMemo } from 'react';
import { type Translate, translator, type WindowLanguage } from '../i18n/translate.ts';
import { useSettings } from '../state/hooks.ts';

export function useLanguage(): WindowLanguage {
  return useSettings((settings) => settings.language);
}

/** The words of the window's language. */
export function useTranslate(): Translate {
  const language = useLanguage();
  return useMemo(() => translator(language), [language]);
}
