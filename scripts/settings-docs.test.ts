import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { withTables } from './settings-docs.ts';

const page = readFileSync(new URL('../docs/settings.md', import.meta.url), 'utf8');

test('docs/settings.md says what the settings are (else run scripts/settings-docs.ts)', () => {
  expect(page).toBe(withTables(page));
});

test('every setting has its meaning in words', () => {
  const rows = withTables(page).match(/^\| `.*$/gm) ?? [];
  expect(rows.length).toBeGreaterThan(60);
  expect(rows.filter((row) => /\|\s*\|$/.test(row))).toEqual([]);
});

test('a page without its mark is left alone', () => {
  expect(() => withTables('# Settings')).toThrow('lost its mark');
});
