import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { japanesePhones } from './japanese-phones.ts';
import { type Figure, promptsDigest } from './voices-check.ts';

const measured = JSON.parse(
  readFileSync(path.resolve(import.meta.dirname, '../docs/voices-measured.json'), 'utf8'),
) as {
  prompts: string;
  figures: Figure[];
};
const share = (language: string, group: string, pace = 'normal'): number => {
  const figure = measured.figures.find((one) => one.language === language && one.group === group && one.pace === pace);
  return figure ? figure.right / figure.of : Number.NaN;
};

test('the committed figures are those of the prompts as they are: else run `npm run voices:check`', () => {
  expect(measured.prompts).toBe(promptsDigest());
});

test('every English sentence is recognised, and nine of ten Japanese ones even by an English ear, at both paces', () => {
  for (const pace of ['normal', 'slow']) {
    expect(share('en', 'sentences', pace)).toBe(1);
    expect(share('en', 'order numbers', pace)).toBeGreaterThan(0.95);
    expect(share('en', 'amounts', pace)).toBeGreaterThanOrEqual(0.9);
    expect(share('ja', 'sentences', pace)).toBeGreaterThan(0.9);
  }
  expect(share('ja', 'amounts', 'slow')).toBeGreaterThan(share('ja', 'amounts'));
});

test('docs/voices.md tells the figures as they were measured', () => {
  const page = readFileSync(path.resolve(import.meta.dirname, '../docs/voices.md'), 'utf8');
  for (const group of new Set(measured.figures.map((figure) => figure.group))) {
    const of = (language: string) =>
      ['normal', 'slow'].map((pace) => {
        const figure = measured.figures.find(
          (one) => one.language === language && one.group === group && one.pace === pace,
        );
        return `${figure?.right} of ${figure?.of}`;
      });
    expect(page).toContain(`| ${[group, ...of('en'), ...of('ja')].join(' | ')} |`);
  }
});

test('Japanese words are spelled in the sounds that the recogniser has', () => {
  expect(japanesePhones('オシハライキンガクワ')).toBe('OW SH IY HH AA L AA IY K IY N G AA K UH W AA');
  expect(japanesePhones('カードバンゴー')).toBe('K AA AA D OW B AA N G OW OW');
  expect(japanesePhones('ロッピャク')).toBe('L OW P Y AA K UH');
  expect(japanesePhones('マス’')).toBe('M AA S');
  expect(() => japanesePhones('漢')).toThrow('No sounds are known');
});
