import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Settings } from './settings.ts';
import { readSeen, settingsSeen, startFacts, writeSeen } from './settings-trail.ts';

const trunk = (host: string) => ({ name: 'carrier', host, transport: 'udp' });
const seen = (over: object = {}) => settingsSeen(Settings.parse({ media: { workers: 1 }, ...over }));

test('the audit is told which settings are other than at the last start, by name and never by value', () => {
  const before = seen({ sip: { trunks: [trunk('192.0.2.1')] } });
  expect(startFacts(undefined, before)).toEqual({ settings: 'first start' });
  expect(startFacts(before, before)).toEqual({ settings: 'unchanged' });
  const now = seen({ sip: { trunks: [trunk('192.0.2.77')] }, http: { port: 8443 }, logLevel: 'trace' });
  const facts = startFacts(before, now);
  expect(facts).toEqual({ settings: 'changed', changed: 3, names: 'http.port, logLevel, sip.trunks.0.host' });
  expect(JSON.stringify([facts, now])).not.toMatch(/192\.0\.2|8443/);
});

test('however many changed, an entry stays short', () => {
  const letters = [...'abcdefghij'];
  const trunks = letters
    .flatMap((a) => letters.map((b) => ({ ...trunk('192.0.2.1'), name: `t${a}${b}` })))
    .slice(0, 60);
  const { changed, names } = startFacts(seen(), seen({ sip: { trunks } }));
  expect(changed).toBeGreaterThan(100);
  expect(String(names).split(', ')).toHaveLength(30);
});

test('what was seen is found at the next start, by its owner alone', () => {
  const folder = mkdtempSync(join(tmpdir(), 'seen-'));
  const file = join(folder, 'settings-seen.json');
  expect(readSeen(file)).toBeUndefined();
  writeSeen(file, seen());
  expect(readSeen(file)).toEqual(seen());
  expect(statSync(file).mode & 0o777).toBe(0o600);
  rmSync(folder, { recursive: true });
});
