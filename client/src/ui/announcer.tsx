import { formatNumber } from '../i18n/format.ts';
import type { Translate } from '../i18n/translate.ts';
import type { Announcement } from '../state/announcements.ts';
import { useDesk } from '../state/hooks.ts';
import controls from './controls.module.css';
import { stepWords, verdict } from './payment-words.ts';
import { useTranslate } from './use-translate.ts';

/** Says what happens to those who don't see it. */
export function Announcer() {
  const t = useTranslate();
  const announced = useDesk((state) => state.announced);
  const words = announced.what.map((what) => wordsOf(what, t)).join(' ');
  // A new element each time, so that the same words twice are said twice.
  return (
    <div className={controls.hidden} role="log" aria-live="assertive" aria-atomic="false" data-testid="announcer">
      <p key={announced.number}>{words}</p>
    </div>
  );
}

function wordsOf(what: Announcement, t: Translate): string {
  switch (what.say) {
    case 'ringing':
      return t('say.ringing', {
        number: what.number === null ? t('call.withheld') : formatNumber(what.number),
        merchant: what.merchant,
      });
    case 'step-done':
      return t('say.step-done', { step: stepWords(what.step, what.purpose, t) });
    case 'outcome':
      return what.outcome === 'unknown' ? `${t('outcome.unknown')}. ${t('outcome.unknown.text')}` : verdict(what, t);
    default:
      return t(`say.${what.say}`);
  }
}
