import { createHash } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { Settings } from './settings.ts';

/** Each setting's path (`sip.trunks.0.host`) with a digest of its value: values may be nobody's business. */
export type SettingsSeen = Readonly<Record<string, string>>;

/** Names of changed settings that one entry of the audit holds. */
const NAMED_LIMIT = 30;
const DIGEST_LETTERS = 16;

export function settingsSeen(settings: Settings): SettingsSeen {
  const seen: Record<string, string> = {};
  const add = (value: unknown, path: string) => {
    if (typeof value === 'object' && value !== null) {
      for (const [name, inner] of Object.entries(value)) add(inner, path === '' ? name : `${path}.${name}`);
    } else if (value !== undefined) seen[path] = digest(JSON.stringify(value));
  };
  add(settings, '');
  return seen;
}

/** The settings that are other than they were, came, or went, by their paths. */
export function changedSettings(before: SettingsSeen, now: SettingsSeen): string[] {
  const paths = new Set([...Object.keys(before), ...Object.keys(now)]);
  return [...paths].filter((path) => before[path] !== now[path]).sort();
}

/**
 * What the audit is told of a start: since the last one, which settings changed. Whoever changed the file is known to the
 * machine it is on, not to this program.
 */
export function startFacts(before: SettingsSeen | undefined, now: SettingsSeen): Record<string, string | number> {
  if (!before) return { settings: 'first start' };
  const changed = changedSettings(before, now);
  if (changed.length === 0) return { settings: 'unchanged' };
  return { settings: 'changed', changed: changed.length, names: changed.slice(0, NAMED_LIMIT).join(', ') };
}

/** Undefined where there was no start before, or its file can't be read. */
export function readSeen(file: string): SettingsSeen | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as SettingsSeen;
  } catch {
    return undefined;
  }
}

export function writeSeen(file: string, seen: SettingsSeen): void {
  writeFileSync(`${file}.new`, JSON.stringify(seen), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, DIGEST_LETTERS);
}
