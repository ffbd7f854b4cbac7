import type { Me } from '@tonegate/api-schema';
import { DropdownMenu, Switch } from 'radix-ui';
import type { MessageKey } from '../i18n/translate.ts';
import { useCalls, useDesk, useSettings, useSoftphone } from '../state/hooks.ts';
import type { Theme } from '../state/settings.ts';
import controls from './controls.module.css';
import { BackIcon, DoneIcon, MenuIcon, ReportsIcon } from './icons.tsx';
import styles from './me-bar.module.css';
import menu from './menu.module.css';
import { useTranslate } from './use-translate.ts';
import type { Page } from './window.tsx';

const THEMES: readonly Theme[] = ['system', 'light', 'dark'];

export interface MeBarProps {
  readonly me: Me;
  readonly onShortcuts: () => void;
  readonly page: Page;
  readonly setPage: (page: Page) => void;
}

/** Zone 1: my state, my name, the network in one word, settings. */
export function MeBar({ me, onShortcuts, page, setPage }: MeBarProps) {
  const softphone = useSoftphone();
  const t = useTranslate();
  const ready = useCalls((state) => state.agent === 'ready');
  const known = useCalls((state) => state.known);
  const registered = useDesk((state) => state.phone.registration === 'registered');
  const busy = useDesk((state) => state.busy.state === true);

  return (
    <header className={styles.bar} aria-label={t('zone.me')}>
      <h1 className={controls.hidden}>{t('app.name')}</h1>
      <label className={styles.state}>
        <Switch.Root
          className={controls.switch}
          data-testid="ready"
          aria-label={t('me.ready')}
          checked={ready}
          // Nobody becomes ready whose phone can't ring.
          disabled={!known || (!ready && !registered)}
          aria-busy={busy}
          onCheckedChange={(checked) => void softphone.setReady(checked)}
        >
          <Switch.Thumb className={controls.thumb} />
        </Switch.Root>
        <span className={styles.word} data-ready={ready}>
          {t(ready ? 'me.ready' : 'me.not-ready')}
        </span>
      </label>
      <div className={styles.who}>
        <span className={styles.name}>{me.displayName}</span>
        <Network />
      </div>
      {me.role !== 'agent' && (
        <button
          type="button"
          className={styles.page}
          data-testid={page === 'calls' ? 'open-reports' : 'back-to-calls'}
          onClick={() => setPage(page === 'calls' ? 'reports' : 'calls')}
        >
          {page === 'calls' ? <ReportsIcon /> : <BackIcon />}
          <span>{t(page === 'calls' ? 'reports.open' : 'reports.back')}</span>
        </button>
      )}
      <Menu onShortcuts={onShortcuts} />
    </header>
  );
}

/** Bars and a word: how the network does in the call, or whether the phone is there at all. */
function Network() {
  const t = useTranslate();
  const registration = useDesk((state) => state.phone.registration);
  const quality = useDesk((state) => state.phone.quality);
  const word =
    quality ??
    ({ registered: 'online', connecting: 'connecting', lost: 'offline', off: 'offline' } as const)[registration];
  const bars = { good: 3, online: 3, fair: 2, poor: 1, connecting: 0, offline: 0 }[word];
  const key: MessageKey = `network.${word}`;
  return (
    <span className={styles.network} data-quality={word}>
      <svg aria-hidden="true" width="16" height="12" viewBox="0 0 16 12">
        {[0, 1, 2].map((bar) => (
          <rect key={bar} x={bar * 6} y={8 - bar * 4} width="4" height={4 + bar * 4} rx="1" data-on={bar < bars} />
        ))}
      </svg>
      <span className={controls.hidden}>{t('network.label', { quality: t(key) })}</span>
      <span aria-hidden="true">{t(key)}</span>
    </span>
  );
}

function Menu({ onShortcuts }: { onShortcuts: () => void }) {
  const softphone = useSoftphone();
  const t = useTranslate();
  const language = useSettings((settings) => settings.language);
  const theme = useSettings((settings) => settings.theme);
  return (
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger className={controls.icon} data-testid="menu" aria-label={t('me.menu')}>
        <MenuIcon />
      </DropdownMenu.Trigger>
      <DropdownMenu.Content className={menu.menu} align="end" sideOffset={4} collisionPadding={8}>
        <DropdownMenu.Label className={menu.heading}>{t('me.language')}</DropdownMenu.Label>
        <DropdownMenu.RadioGroup
          aria-label={t('me.language')}
          value={language}
          onValueChange={(value) => softphone.change({ language: value === 'ja' ? 'ja' : 'en' })}
        >
          {(['ja', 'en'] as const).map((tag) => (
            <Choice key={tag} value={tag} lang={tag} label={t(`language.${tag}`)} />
          ))}
        </DropdownMenu.RadioGroup>
        <DropdownMenu.Label className={menu.heading}>{t('me.theme')}</DropdownMenu.Label>
        <DropdownMenu.RadioGroup
          aria-label={t('me.theme')}
          value={theme}
          onValueChange={(value) => softphone.change({ theme: THEMES.find((known) => known === value) ?? 'system' })}
        >
          {THEMES.map((name) => (
            <Choice key={name} value={name} label={t(`theme.${name}`)} />
          ))}
        </DropdownMenu.RadioGroup>
        <DropdownMenu.Separator className={menu.rule} />
        <DropdownMenu.Item className={menu.item} onSelect={onShortcuts}>
          {t('me.shortcuts')}
        </DropdownMenu.Item>
        <DropdownMenu.Item className={menu.item} onSelect={() => void softphone.signOut()}>
          {t('me.sign-out')}
        </DropdownMenu.Item>
      </DropdownMenu.Content>
    </DropdownMenu.Root>
  );
}

function Choice({ value, label, lang }: { value: string; label: string; lang?: string }) {
  return (
    <DropdownMenu.RadioItem className={menu.item} value={value} lang={lang}>
      {label}
      <DropdownMenu.ItemIndicator>
        <DoneIcon size={16} />
      </DropdownMenu.ItemIndicator>
    </DropdownMenu.RadioItem>
  );
}
