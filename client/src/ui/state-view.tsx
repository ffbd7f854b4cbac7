import type { ServerState } from '@tonegate/api-schema';
import { useEffect } from 'react';
import { formatCount, formatDay } from '../i18n/format.ts';
import { knownKey, type Translate } from '../i18n/translate.ts';
import { useServerState, useSoftphone } from '../state/hooks.ts';
import controls from './controls.module.css';
import { Panel, type Tone } from './panel.tsx';
import panel from './panel.module.css';
import { ProblemNote } from './problem-note.tsx';
import styles from './reports.module.css';
import { useLanguage, useTranslate } from './use-translate.ts';

/** Whether what keeps card data in is in force now. */
export function StateView() {
  const { serverState: desk } = useSoftphone().oversight;
  const t = useTranslate();
  const { state, loading, problem } = useServerState();
  useEffect(() => void desk.load(), [desk]);
  return (
    <div className={styles.report} aria-busy={loading}>
      {problem !== null && <ProblemNote code={problem} />}
      {state === null ? (
        loading && <p className={controls.quiet}>{t('reports.loading')}</p>
      ) : (
        <>
          <Canary canary={state.canary} />
          <CardProcess state={state.cardProcess} />
          <ScopeMap state={state.scopeMap} />
        </>
      )}
      <div className={panel.buttons}>
        <button
          type="button"
          className={controls.button}
          data-testid="state-again"
          aria-disabled={loading}
          onClick={() => void desk.load()}
        >
          {t('state.again')}
        </button>
      </div>
    </div>
  );
}

function Canary({ canary }: { canary: ServerState['canary'] }) {
  const t = useTranslate();
  const language = useLanguage();
  if (canary === null) {
    return (
      <Panel tone="none" title={t('state.canary')} testId="canary-off">
        <p>{t('state.canary.off')}</p>
      </Panel>
    );
  }
  return (
    <section className={styles.group} aria-label={t('state.canary')}>
      <h3>{t('state.canary')}</h3>
      <p className={styles.words}>{t('state.canary.text', { minutes: formatCount(canary.everyMinutes, language) })}</p>
      {canary.trunks.map((trunk) => (
        <Trunk key={trunk.trunk} trunk={trunk} />
      ))}
    </section>
  );
}

type CanaryTrunk = NonNullable<ServerState['canary']>['trunks'][number];
const TONES: Record<CanaryTrunk['payments'], Tone> = { open: 'good', closed: 'bad', unproven: 'none' };

function Trunk({ trunk }: { trunk: CanaryTrunk }) {
  const t = useTranslate();
  const language = useLanguage();
  const { payments, calledAt, calls } = trunk;
  return (
    <Panel
      tone={TONES[payments]}
      title={trunk.trunk === '' ? t('state.trunk.none') : trunk.trunk}
      state={t(`state.${payments}`)}
      testId={`canary-${trunk.trunk}`}
    >
      <p>{t(`state.${payments}.text`)}</p>
      <p className={controls.quiet}>
        {calledAt === null ? t('state.never-called') : t('state.called', { time: formatDay(calledAt, language) })}
      </p>
      <dl className={panel.facts}>
        {calls.map(({ transport, verdict, why }) => (
          <div key={transport}>
            <dt>{t(`state.by.${transport}`)}</dt>
            <dd>
              {t(`state.${verdict}`)}
              {verdict !== 'passed' && `: ${wordsOr(`state.why.${why}`, why, t)}`}
            </dd>
          </div>
        ))}
      </dl>
    </Panel>
  );
}

function CardProcess({ state: { up, notInForce } }: { state: ServerState['cardProcess'] }) {
  const t = useTranslate();
  return (
    <Panel
      tone={!up ? 'bad' : notInForce.length > 0 ? 'warn' : 'good'}
      title={t('state.card')}
      state={t(up ? 'state.card.up' : 'state.card.down')}
      testId="card-process"
    >
      {!up && <p>{t('state.card.down.text')}</p>}
      {notInForce.length === 0 ? (
        up && <p>{t('state.card.all')}</p>
      ) : (
        <>
          <p>{t('state.card.missing')}</p>
          <ul className={panel.list}>
            {notInForce.map((name) => (
              <li key={name}>{wordsOr(`state.confinement.${name}`, name, t)}</li>
            ))}
          </ul>
          <p className={controls.quiet}>{t('state.confinement.text')}</p>
        </>
      )}
    </Panel>
  );
}

const SCOPE_TONES = { same: 'good', changed: 'warn', altered: 'bad', never: 'none' } as const;

function ScopeMap({ state: { approved, changes } }: { state: ServerState['scopeMap'] }) {
  const t = useTranslate();
  const is = approved ? (changes.length === 0 ? 'same' : 'changed') : changes.length === 0 ? 'never' : 'altered';
  return (
    <Panel tone={SCOPE_TONES[is]} title={t('state.scope')} state={t(`state.scope.${is}`)} testId="scope-map">
      <p>{t(`state.scope.${is}.text`)}</p>
      {is === 'changed' && (
        <ul className={panel.list} lang="en">
          {changes.map((change) => (
            <li key={change}>{change}</li>
          ))}
        </ul>
      )}
    </Panel>
  );
}

// A newer server's word that this window has none for is shown as it came.
function wordsOr(key: string, name: string, t: Translate): string {
  const known = knownKey(key);
  return known === undefined ? name : t(known);
}
