import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { Secret } from '../../shared/secret.ts';
import { codeText, readCodeTexts } from './code-text.ts';

const texts = readCodeTexts(path.resolve(import.meta.dirname, '../../cde/prompts'));
const code = new Secret('012345');

test('every language names merchant and code and warns of telling the operator, in one SMS', () => {
  expect([...texts.keys()]).toEqual(expect.arrayContaining(['en', 'ja']));
  for (const language of texts.keys()) {
    for (const merchant of [
      'Tanaka Foods',
      '株式会社田中食品オンラインストア東京本店カスタマーサポートセンター',
      '𠮷'.repeat(60),
      'M',
    ]) {
      const text = codeText(texts, language, merchant, code).reveal();
      expect(text.length).toBeLessThanOrEqual(70);
      expect(text).toContain('012345');
      expect(text).toContain(merchant.slice(0, 8));
      expect(text.isWellFormed()).toBe(true);
    }
  }
  expect(codeText(texts, 'ja', 'M', code).reveal()).toContain('オペレーターには伝えないでください');
  expect(codeText(texts, 'en', 'M', code).reveal()).toContain('Never tell the operator');
});

test('a name can break neither the line nor the sentence', () => {
  const text = codeText(texts, 'en', " A\r\nB\u0000 $' {code}", code).reveal();
  expect(text).toContain("A B $' 012345");
  expect(text).not.toMatch(/\p{C}/u);
});

test('a language without a sentence of its own gets the English one', () => {
  expect(codeText(texts, 'pt-BR', 'M', code).reveal()).toBe(codeText(texts, 'en', 'M', code).reveal());
});

test('a sentence that does not fit stops the start and names its file', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'texts-'));
  mkdirSync(path.join(folder, 'en'));
  const file = path.join(folder, 'en', 'code-message.txt');
  expect(() => readCodeTexts(folder)).toThrow('missing');
  for (const wrong of ['{merchant} without a code', `{merchant} {code} ${'x'.repeat(60)}`]) {
    writeFileSync(file, wrong);
    expect(() => readCodeTexts(folder)).toThrow(file);
  }
  rmSync(folder, { recursive: true });
});
