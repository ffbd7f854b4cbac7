import { expect, test } from 'vitest';
import { LINEAR } from '../../rtp/g711.ts';
import { SENTENCES } from './names.ts';
import { slowed } from './pace.ts';
import { loadPrompts } from './prompts.ts';

const tone = (hertz: number, seconds: number) =>
  Int16Array.from({ length: seconds * 8000 }, (_, i) => 8000 * Math.sin((2 * Math.PI * hertz * i) / 8000));

/** Power at a frequency, as a part of all. */
function share(samples: Int16Array, hertz: number): number {
  let [re, im, all] = [0, 0, 0];
  for (const [i, sample] of samples.entries()) {
    re += sample * Math.cos((2 * Math.PI * hertz * i) / 8000);
    im += sample * Math.sin((2 * Math.PI * hertz * i) / 8000);
    all += sample * sample;
  }
  return (2 * (re * re + im * im)) / samples.length / all;
}

test('slower speech takes a quarter longer at the same pitch and level', () => {
  for (const hertz of [120, 220, 700, 1900]) {
    const slow = slowed(tone(hertz, 1), 0.8);
    expect(slow).toHaveLength(10_000);
    for (let at = 0; at < 9600; at += 800) {
      expect(share(slow.subarray(at, at + 800), hertz), `${hertz} Hz`).toBeGreaterThan(0.95);
    }
    expect(Math.max(...slow.slice(400, -400))).toBeGreaterThan(7500);
    expect(Math.max(...slow)).toBeLessThanOrEqual(8000);
  }
});

test('what is too short to be slowed stays as it is, and faster speech is refused', () => {
  expect(slowed(tone(500, 0.03), 0.8)).toHaveLength(240);
  expect(() => slowed(tone(500, 1), 1.1)).toThrow(RangeError);
});

test('in gentle mode sentences and the pauses between them are longer, waiting sounds are not', () => {
  const book = loadPrompts();
  for (const language of book.languages) {
    for (const name of SENTENCES.slice(0, 20)) {
      const ratio = book.lengthMs(name, language, 'slow') / book.lengthMs(name, language);
      expect(ratio, name).toBeCloseTo(1.25, 2);
      expect(book.get(name, language, 'PCMA', 'slow')).toHaveLength(book.get(name, language, 'PCMU', 'slow').length);
    }
    expect(book.lengthMs('pause', language, 'slow')).toBe(1200);
    expect(book.lengthMs('hold-music', language, 'slow')).toBe(book.lengthMs('hold-music', language));
  }
});

test('a slowed prompt clicks nowhere: no step is steeper than in the prompt itself', () => {
  const book = loadPrompts();
  for (const language of book.languages) {
    for (const name of ['opening', 'confirm', 'card-number', 'expiry', 'use-keypad'] as const) {
      const steepest = (pace: 'normal' | 'slow') => {
        const samples = Array.from(book.get(name, language, 'PCMU', pace), (byte) => LINEAR.PCMU[byte] ?? 0);
        return Math.max(...samples.map((sample, i) => Math.abs(sample - (samples[i - 1] ?? 0))));
      };
      expect(steepest('slow'), `${language} ${name}`).toBeLessThanOrEqual(1.1 * steepest('normal'));
    }
  }
});
