import { createStore, type StoreApi } from 'zustand/vanilla';
import type { WindowLanguage } from '../i18n/translate.ts';

export type Theme = 'system' | 'light' | 'dark';

/** What the agent chose on this machine. Devices by the browser's id; null is the system's own choice. */
export interface Settings {
  readonly language: WindowLanguage;
  readonly theme: Theme;
  readonly microphone: string | null;
  readonly speaker: string | null;
  readonly ringer: string | null;
  /** How this agent usually takes payments, by merchant. */
  readonly habits: Readonly<Record<string, Habit>>;
}

/** Only what is a merchant's way of business. A language or a one-time purpose belongs to one customer and isn't kept. */
export interface Habit {
  readonly purpose: 'charge' | 'authorize';
  readonly customerChooses: boolean;
}

/** Merchants whose habits are kept; the oldest go first. */
const HABITS_LIMIT = 50;
const NO_HABIT: Habit = { purpose: 'charge', customerChooses: false };

export function habitOf(settings: Settings, merchant: string): Habit {
  return settings.habits[merchant] ?? NO_HABIT;
}

/** The habits with a changed one. */
export function withHabit(settings: Settings, merchant: string, change: Partial<Habit>): Settings['habits'] {
  const { [merchant]: before = NO_HABIT, ...others } = settings.habits;
  const kept = Object.entries(others).slice(1 - HABITS_LIMIT);
  return { ...Object.fromEntries(kept), [merchant]: { ...before, ...change } };
}

const KEY = 'tonegate.settings';

/** Settings that outlive the page. What is stored is checked field by field: an older page may have written it. */
export function createSettingsStore(
  storage: Pick<Storage, 'getItem' | 'setItem'>,
  browserLanguages: readonly string[],
): StoreApi<Settings> {
  const store = createStore<Settings>(() => read(storage.getItem(KEY), firstLanguage(browserLanguages)));
  store.subscribe((settings) => storage.setItem(KEY, JSON.stringify(settings)));
  return store;
}

function firstLanguage(browserLanguages: readonly string[]): WindowLanguage {
  const known = browserLanguages.map((tag) => tag.slice(0, 2)).find((tag) => tag === 'ja' || tag === 'en');
  return known === 'ja' ? 'ja' : 'en';
}

function read(text: string | null, language: WindowLanguage): Settings {
  let kept: Partial<Record<keyof Settings, unknown>> = {};
  try {
    kept = (JSON.parse(text ?? '{}') as typeof kept | null) ?? {};
  } catch {
    // Damaged: begin with the defaults.
  }
  const device = (value: unknown): string | null => (typeof value === 'string' ? value : null);
  return {
    language: kept.language === 'ja' || kept.language === 'en' ? kept.language : language,
    theme: kept.theme === 'light' || kept.theme === 'dark' ? kept.theme : 'system',
    microphone: device(kept.microphone),
    speaker: device(kept.speaker),
    ringer: device(kept.ringer),
    habits: readHabits(kept.habits),
  };
}

function readHabits(value: unknown): Settings['habits'] {
  if (typeof value !== 'object' || value === null) return {};
  const entries = Object.entries(value as Record<string, Partial<Record<keyof Habit, unknown>> | null>);
  return Object.fromEntries(
    entries.slice(-HABITS_LIMIT).map(([merchant, habit]) => [
      merchant,
      {
        purpose: habit?.purpose === 'authorize' ? 'authorize' : 'charge',
        customerChooses: habit?.customerChooses === true,
      },
    ]),
  );
}
