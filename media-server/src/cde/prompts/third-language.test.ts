import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Currency } from '../../shared/money.ts';
import { PROMPTS_FOLDER } from './language.ts';
import { SENTENCES } from './names.ts';
import { loadPrompts, type PromptBook } from './prompts.ts';
import { readRules } from './rules.ts';

const units = (major: string, minor: string) => ({
  major: { other: major },
  minor: { other: minor },
  whole: '{major:joined} {major-unit}',
  both: '{major:joined} {major-unit} und {minor:joined} {minor-unit}',
  part: '{minor:joined} {minor-unit}',
});

/** German: the ones before the tens, "ein" within a number and "eins" at its end, millions in the plural. */
const GERMAN = {
  numbers: {
    number: [
      { from: 0, say: 'z-{n}' },
      { from: 20, by: 10, say: '{rest:joined} und z-{whole}', exact: 'z-{whole}' },
      { from: 100, by: 100, say: '{count:joined} hundert {rest}', exact: '{count:joined} hundert' },
      { from: 1000, by: 1000, say: '{count:joined} tausend {rest}', exact: '{count:joined} tausend' },
      { from: 1_000_000, by: 1_000_000, say: 'eine million {rest}', exact: 'eine million' },
      { from: 2_000_000, by: 1_000_000, say: '{count:joined} millionen {rest}', exact: '{count:joined} millionen' },
    ],
    joined: [
      { from: 1, say: 'ein' },
      { from: 2, say: 'z-{n}' },
      { from: 20, by: 10, say: '{rest} und z-{whole}', exact: 'z-{whole}' },
      { from: 100, by: 100, say: '{count} hundert {rest}', exact: '{count} hundert' },
      { from: 1000, by: 1000, say: '{count} tausend {rest}', exact: '{count} tausend' },
      { from: 1_000_000, by: 1_000_000, say: 'eine million {rest}', exact: 'eine million' },
      { from: 2_000_000, by: 1_000_000, say: '{count} millionen {rest}', exact: '{count} millionen' },
    ],
    keys: [
      { from: 1, say: 'bisher eine ziffer' },
      { from: 2, say: 'bisher z-{n} ziffern' },
    ],
    choice: [{ from: 1, say: 'fuer-deutsch taste-{n}' }],
  },
  money: {
    JPY: { whole: '{major:joined} yen' },
    USD: units('dollar', 'cent'),
    EUR: units('euro', 'cent'),
    GBP: units('pfund', 'pence'),
  },
  signs: Object.fromEntries(
    [...'0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ'].map((sign) => [sign, `s-${sign.toLowerCase()}`]),
  ),
};

let folder = '';
let book: PromptBook;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'prompts-'));
  cpSync(join(PROMPTS_FOLDER, 'sounds'), join(folder, 'sounds'), { recursive: true });
  const rules = readRules(GERMAN);
  if (!rules.ok) throw new Error(rules.error.join('\n'));
  const names = [...SENTENCES, ...rules.value.fragments];
  const prompts = Object.fromEntries(names.map((name) => [name, { text: name, file: `${name}.ulaw` }]));
  mkdirSync(join(folder, 'de'));
  writeFileSync(join(folder, 'de', 'prompts.json'), JSON.stringify({ language: 'de', rules: GERMAN, prompts }));
  for (const name of names) writeFileSync(join(folder, 'de', `${name}.ulaw`), Buffer.alloc(80, 0xff));
  book = loadPrompts(folder);
});

afterAll(() => rmSync(folder, { recursive: true }));

test('a language is one folder of files: German is there without a line of code', () => {
  expect(book.languages).toEqual(['de']);
  const { number, keys, choice, spell } = book.speech('de');
  expect(
    [0, 1, 12, 21, 99, 100, 101, 1001, 21_021, 101_001, 1_000_000, 2_000_001].map((value) => number(value).join(' ')),
  ).toEqual([
    'z-0',
    'z-1',
    'z-12',
    'ein und z-20',
    'z-9 und z-90',
    'ein hundert',
    'ein hundert z-1',
    'ein tausend z-1',
    'ein und z-20 tausend ein und z-20',
    'ein hundert ein tausend z-1',
    'eine million',
    'z-2 millionen z-1',
  ]);
  expect(keys(1).join(' ')).toBe('bisher eine ziffer');
  expect(keys(16).join(' ')).toBe('bisher z-16 ziffern');
  expect(choice(3).join(' ')).toBe('fuer-deutsch taste-3');
  expect(spell('R-21').join(' ')).toBe('s-r s-2 s-1');
});

test('its amounts are said in its own order', () => {
  const said = (amountMinor: number, currency: Currency) =>
    book.speech('de').amount({ amountMinor, currency }).join(' ');
  expect(said(12_121, 'EUR')).toBe('ein hundert ein und z-20 euro und ein und z-20 cent');
  expect(said(100, 'EUR')).toBe('ein euro');
  expect(said(31, 'GBP')).toBe('ein und z-30 pence');
  expect(said(12_800, 'JPY')).toBe('z-12 tausend z-8 hundert yen');
});

test('each of its fragments can be played, and there is none that nothing asks for', () => {
  const speech = book.speech('de');
  const asked = new Set<string>();
  const take = (fragments: readonly string[]) => fragments.forEach((fragment) => asked.add(fragment));
  for (let value = 0; value < 10_000; value++) take(speech.number(value));
  for (let value = 1_000_000; value < 9_999_999; value += 9973) take(speech.number(value));
  for (const currency of ['JPY', 'USD', 'EUR', 'GBP'] as const) {
    for (let amountMinor = 1; amountMinor < 10_000; amountMinor++) take(speech.amount({ amountMinor, currency }));
  }
  for (let count = 1; count <= 19; count++) take(speech.keys(count));
  for (let key = 1; key <= 9; key++) take(speech.choice(key));
  take(speech.spell('0123456789ABCDEFGHIJ'));
  take(speech.spell('KLMNOPQRSTUVWXYZ'));
  const fragments = book.namesOf('de').filter((name) => !(SENTENCES as readonly string[]).includes(name));
  expect([...asked].sort()).toEqual([...fragments].sort());
  for (const name of book.namesOf('de')) expect(book.get(name, 'de', 'PCMA')).toHaveLength(80);
});
