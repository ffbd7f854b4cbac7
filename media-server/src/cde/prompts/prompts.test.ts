import { mkdtempSync, readdirSync, readFileSync, rmSync, cpSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { SOUNDS } from '../contract.ts';
import { LINEAR } from '../../rtp/g711.ts';
import { PLAIN_SOUNDS, type PromptName, SENTENCES } from './names.ts';
import { PROMPTS_FOLDER } from './language.ts';
import { loadPrompts } from './prompts.ts';

const book = loadPrompts();

function samples(name: PromptName, language: string, codec: 'PCMU' | 'PCMA' = 'PCMU'): number[] {
  return Array.from(book.get(name, language, codec), (byte) => LINEAR[codec][byte] ?? Number.NaN);
}

const dbfs = (amplitude: number): number => 20 * Math.log10(amplitude / 32_768);
const rms = (values: readonly number[]): number =>
  Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
const peak = (values: readonly number[]): number => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

/** What a listener takes for the level of a voice: the 10-ms frames that sound, without the pauses. */
function spokenLevel(values: readonly number[]): number {
  const frames = Array.from({ length: Math.floor(values.length / 80) }, (_, i) => values.slice(i * 80, i * 80 + 80));
  const loudest = Math.max(...frames.map(rms));
  return dbfs(rms(frames.filter((frame) => rms(frame) > loudest / 100).flat()));
}

test('every sound that may be played to a waiting customer is there, in every language and codec', () => {
  for (const language of book.languages) {
    for (const sound of SOUNDS) {
      expect(book.get(sound, language, 'PCMU').length).toBeGreaterThan(800);
      expect(book.get(sound, language, 'PCMA').length).toBe(book.get(sound, language, 'PCMU').length);
    }
  }
});

test('each folder holds exactly the files and prompts that are needed', () => {
  const needed = [
    ...book.languages.map((language) => [language, book.namesOf(language)] as const),
    ['sounds', PLAIN_SOUNDS] as const,
  ];
  for (const [folder, names] of needed) {
    const list = JSON.parse(readFileSync(join(PROMPTS_FOLDER, folder, 'prompts.json'), 'utf8')) as {
      prompts: Record<string, { file: string }>;
    };
    expect(Object.keys(list.prompts).sort()).toEqual([...names].sort());
    const files = readdirSync(join(PROMPTS_FOLDER, folder)).filter((file) => file.endsWith('.ulaw'));
    expect(files.sort()).toEqual(
      Object.values(list.prompts)
        .map(({ file }) => file)
        .sort(),
    );
  }
});

for (const language of book.languages) {
  test(`every ${language} prompt is spoken at −18 dBFS ±2, without clipping`, () => {
    for (const name of book.namesOf(language)) {
      const values = samples(name, language);
      const level = spokenLevel(values);
      expect(Math.abs(level + 18), `${name}: ${level.toFixed(1)} dBFS of the voice`).toBeLessThanOrEqual(2);
      const whole = dbfs(rms(values));
      expect(Math.abs(whole + 18), `${name}: ${whole.toFixed(1)} dBFS with its pauses`).toBeLessThanOrEqual(2);
      expect(dbfs(peak(values)), `${name}: peak`).toBeLessThan(-1);
    }
  });

  test(`no ${language} prompt clicks where it meets another: it begins and ends in silence`, () => {
    for (const name of book.namesOf(language)) {
      const values = samples(name, language);
      for (const edge of [values.slice(0, 8), values.slice(-8)]) {
        expect(dbfs(peak(edge)), `${name}: edge`).toBeLessThan(-40);
      }
    }
  });
}

test('no sample jumps where the fragments of an amount meet', () => {
  for (const language of book.languages) {
    const { amount } = book.speech(language);
    for (let amountMinor = 1; amountMinor < 9_999_999; amountMinor = Math.ceil(amountMinor * 1.37)) {
      const currency = amountMinor % 2 === 0 ? 'JPY' : 'USD';
      const fragments = amount({ amountMinor, currency }).map((name) => samples(name, language));
      for (const [i, fragment] of fragments.entries()) {
        const step = Math.abs((fragments[i + 1]?.[0] ?? 0) - (fragment.at(-1) ?? 0));
        expect(dbfs(Math.max(1, step)), `${language} ${amountMinor}`).toBeLessThan(-50);
      }
    }
  }
});

test('a sentence is short, silence within it too, and all prompts together stay small', () => {
  let bytes = 0;
  for (const language of book.languages) {
    for (const name of book.namesOf(language)) bytes += book.get(name, language, 'PCMU').length;
    for (const name of SENTENCES) {
      const values = samples(name, language);
      expect(values.length / 8000, `${language} ${name}`).toBeLessThan(9.5);
      const loud = Array.from(
        { length: Math.floor(values.length / 80) },
        (_, i) => rms(values.slice(i * 80, i * 80 + 80)) > 60,
      );
      const silences = loud
        .map((sounds) => (sounds ? 's' : '.'))
        .join('')
        .split(/s+/);
      expect(Math.max(...silences.map((silence) => silence.length * 10)), `${language} ${name}`).toBeLessThan(900);
    }
  }
  expect(bytes).toBeLessThan(8_000_000);
});

test('the pause between two sentences is 700 ms of silence, a breath 200', () => {
  expect(book.lengthMs('pause', 'ja')).toBe(700);
  expect(book.lengthMs('breath', 'ja')).toBe(200);
  expect(peak(samples('pause', 'en'))).toBe(0);
});

test('the hold music is soft, and its loop has no seam', () => {
  const values = samples('hold-music', 'en');
  expect(dbfs(rms(values))).toBeCloseTo(-24, 0);
  expect(dbfs(peak(values))).toBeLessThan(-6);
  const steps = values.map((value, i) => Math.abs(value - (values[i - 1] ?? values.at(-1) ?? 0)));
  expect(steps[0] ?? Number.POSITIVE_INFINITY).toBeLessThan(peak(steps));
});

test('comfort is hardly heard, ringback is', () => {
  expect(dbfs(rms(samples('comfort', 'ja')))).toBeLessThan(-55);
  expect(dbfs(rms(samples('ringback', 'ja').slice(0, 8000)))).toBeCloseTo(-20, 0);
});

test('A-law sounds like µ-law', () => {
  const [mu, a] = [samples('opening', 'ja', 'PCMU'), samples('opening', 'ja', 'PCMA')];
  const difference = rms(mu.map((value, i) => value - (a[i] ?? 0)));
  expect(dbfs(difference)).toBeLessThan(dbfs(rms(mu)) - 30);
});

test('a missing file stops the start and is named', () => {
  const folder = mkdtempSync(join(tmpdir(), 'prompts-'));
  try {
    for (const part of ['ja', 'en', 'sounds'])
      cpSync(join(PROMPTS_FOLDER, part), join(folder, part), { recursive: true });
    rmSync(join(folder, 'en', 'opening.ulaw'));
    expect(() => loadPrompts(folder)).toThrow(/en\/opening\.ulaw/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("a merchant's own sound is heard by its customers alone, at both paces, until it is dropped or forgotten", () => {
  const replaceable = loadPrompts();
  const [own, others] = ['m'.repeat(26), 'n'.repeat(26)];
  const sound = Uint8Array.from({ length: 8000 }, (_, i) => i % 256);
  const ready = replaceable.get('opening', 'ja', 'PCMU');
  const heard = (merchant: string) => replaceable.forMerchant(merchant).get('opening', 'ja', 'PCMU');
  expect(replaceable.put(own, 'ja', 'opening', sound).ok).toBe(true);
  expect(heard(own)).toEqual(sound);
  expect(replaceable.forMerchant(own).lengthMs('opening', 'ja', 'slow')).toBe(1250);
  expect(replaceable.forMerchant(own).get('opening', 'ja', 'PCMA')).toHaveLength(8000);
  expect(heard(others)).toBe(ready);
  expect(replaceable.forMerchant(own).get('opening', 'en', 'PCMU')).toBe(replaceable.get('opening', 'en', 'PCMU'));
  replaceable.drop(own, 'ja', 'opening');
  expect(heard(own)).toBe(ready);
  replaceable.put(own, 'ja', 'opening', sound);
  replaceable.forget();
  expect(heard(own)).toBe(ready);
});

test('merchants can only replace what there is, and only so much of it', () => {
  const replaceable = loadPrompts();
  const own = 'm'.repeat(26);
  const long = new Uint8Array(9_000_000);
  const put = (name: string, language = 'ja', sound = long) => replaceable.put(own, language, name, sound);
  expect(put('hold-music')).toEqual({ ok: false, error: 'no-such-prompt' });
  expect(put('opening', 'de')).toEqual({ ok: false, error: 'no-such-prompt' });
  expect(put('opening').ok).toBe(true);
  expect(put('opening').ok).toBe(true);
  expect(put('expiry')).toEqual({ ok: false, error: 'too-many-prompts' });
  replaceable.drop(own, 'ja', 'opening');
  expect(put('expiry').ok).toBe(true);
});
