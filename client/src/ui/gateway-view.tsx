import type { MerchantGateway } from '@tonegate/api-schema';
import { formatDay } from '../i18n/format.ts';
import { knownKey } from '../i18n/translate.ts';
import { useGateway, useSoftphone } from '../state/hooks.ts';
import { gatewayKind } from '../state/gateway-form.ts';
import { ConfirmButton } from './confirm-button.tsx';
import controls from './controls.module.css';
import { GatewayFormView } from './gateway-form-view.tsx';
import { Panel, type Tone } from './panel.tsx';
import panel from './panel.module.css';
import { ProblemNote } from './problem-note.tsx';
import styles from './reports.module.css';
import { useLanguage, useTranslate } from './use-translate.ts';

/** Which payment service a merchant's payments go to: what it is, whether it works, and another one. */
export function GatewayView() {
  const t = useTranslate();
  const { kept, busy, problem } = useGateway();
  return (
    <section className={styles.group} aria-label={t('gateway.title')} aria-busy={busy !== null}>
      <h3>{t('gateway.title')}</h3>
      {problem !== null && <ProblemNote code={problem} />}
      {kept === null ? (
        busy === 'loading' && <p className={controls.quiet}>{t('reports.loading')}</p>
      ) : (
        <>
          <Kept kept={kept} />
          <GatewayFormView own={kept.own} />
        </>
      )}
    </section>
  );
}

function Kept({ kept }: { kept: MerchantGateway }) {
  const { gateway: desk } = useSoftphone().oversight;
  const t = useTranslate();
  const language = useLanguage();
  const { tested, busy } = useGateway();
  const known = gatewayKind(kept.kind);
  const kind = known === undefined ? kept.kind : t(`gateway.kind.${known}`);
  const shut = kept.state !== 'usable';
  const tone: Tone = shut ? 'bad' : tested === null ? 'none' : tested === 'works' ? 'good' : 'bad';
  const testedAt = kept.tested === null ? null : formatDay(kept.tested.at, language);
  return (
    <Panel tone={tone} title={kind} testId="gateway-kept">
      <p>{t(kept.own ? 'gateway.own' : 'gateway.standard', { kind })}</p>
      {shut && <p>{t('gateway.shut')}</p>}
      <p aria-live="polite" data-testid="gateway-tested">
        {busy === 'testing'
          ? t('gateway.testing')
          : tested !== null &&
            [
              tested === kept.tested?.result && testedAt !== null && t('gateway.tested', { time: testedAt }),
              t(knownKey(`gateway.result.${tested}`) ?? 'gateway.result.other'),
            ]
              .filter((part) => part !== false)
              .join(' ')}
      </p>
      <div className={panel.buttons}>
        <button
          type="button"
          className={controls.button}
          data-testid="gateway-test"
          aria-disabled={busy !== null}
          onClick={() => void desk.test()}
        >
          {t('gateway.test')}
        </button>
        {kept.own && (
          <ConfirmButton
            testId="gateway-drop"
            label={t('gateway.drop')}
            title={t('gateway.drop.title')}
            text={t('gateway.drop.text')}
            confirm={t('gateway.drop.confirm')}
            disabled={busy !== null}
            onConfirm={() => void desk.drop()}
          />
        )}
      </div>
    </Panel>
  );
}
