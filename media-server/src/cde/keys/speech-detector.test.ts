import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { encodeSample, type Law } from '../../rtp/g711.ts';
import { chances } from '../../rtp/test-packets.ts';
import { SpeechDetector } from './speech-detector.ts';
import { Recording } from './test-tones.ts';

/** How often speech was told in packets of 20 ms, and when first, ms; −1: never. */
function hear(bytes: Uint8Array, law: Law = 'PCMU'): { told: number; first: number } {
  const detector = new SpeechDetector(law);
  let told = 0;
  let first = -1;
  for (let at = 0; at + 160 <= bytes.length; at += 160) {
    if (!detector.push(bytes, at, at + 160)) continue;
    told++;
    if (first < 0) first = (at + 160) / 8;
  }
  return { told, first };
}

/** Syllables of a gliding pitch with harmonics under a formant, and pauses between them. */
function syllables(seconds: number, pitch: number, seed: number, level = 6000, law: Law = 'PCMU'): Uint8Array {
  const chance = chances(seed);
  const samples: number[] = [];
  let phase = 0;
  while (samples.length < seconds * 8000) {
    const length = Math.round(8000 * (0.12 + chance() * 0.12));
    const from = pitch * (0.75 + chance() * 0.5);
    const to = pitch * (0.75 + chance() * 0.5);
    const formant = 300 + chance() * 900;
    for (let i = 0; i < length; i++) {
      const hz = from + ((to - from) * i) / length;
      phase += (2 * Math.PI * hz) / 8000;
      let x = 0;
      for (let h = 1; h * hz < 3400; h++) x += Math.sin(h * phase) / (1 + ((h * hz - formant) / 250) ** 2);
      samples.push(x * level * Math.sin((Math.PI * i) / length) ** 0.5);
    }
    for (let i = 8000 * (0.04 + chance() * 0.08); i > 0; i--) samples.push((chance() - 0.5) * 20);
  }
  return Uint8Array.from(samples, (sample) => encodeSample(law, sample));
}

function voicesOf(language: string): Buffer {
  const folder = new URL(`../prompts/${language}/`, import.meta.url);
  const sounds = readdirSync(folder).filter((name) =>
    /^(card-number|expiry|declined|check-failed|too-short)\.ulaw$/.test(name),
  );
  return Buffer.concat(sounds.map((name) => readFileSync(new URL(name, folder))));
}

test('somebody who speaks is noticed within three seconds, high or low, loud or soft, by either law', () => {
  for (const pitch of [95, 130, 210, 300]) {
    for (const level of [800, 2500, 8000]) {
      for (const law of ['PCMU', 'PCMA'] as const) {
        const { first } = hear(syllables(4, pitch, pitch, level, law), law);
        expect(first, `${pitch} Hz ${level} ${law}`).toBeGreaterThanOrEqual(1200);
        expect(first, `${pitch} Hz ${level} ${law}`).toBeLessThan(3000);
      }
    }
  }
});

test('recorded voices are noticed, again and again while they go on', () => {
  for (const language of ['ja', 'en']) {
    const bytes = voicesOf(language);
    expect(bytes.length, language).toBeGreaterThan(8 * 8000);
    expect(hear(bytes).told, language).toBeGreaterThanOrEqual(Math.floor(bytes.length / 8000 / 4));
    const customer = readFileSync(new URL(`../../demo/voices/${language}/customer.ulaw`, import.meta.url));
    expect(hear(customer).told, language).toBeGreaterThanOrEqual(1);
  }
});

test('one word is no speech', () => {
  expect(hear(Buffer.concat([syllables(0.8, 120, 1), new Uint8Array(40_000).fill(0xff)])).told).toBe(0);
});

const chance = chances(9);
const quiet: [string, Recording][] = [
  ['silence', new Recording(chance).silence(20_000)],
  ['loud noise', new Recording(chance).silence(20_000).noise(-12)],
  ['soft noise', new Recording(chance).silence(20_000).noise(-50)],
  ['hum', new Recording(chance).silence(20_000).hum([50, 100, 150, 250, 350], -20)],
  ['hum of 60 Hz', new Recording(chance).silence(20_000).hum([60, 120, 180, 300, 420], -20)],
  ['a dial tone', new Recording(chance).silence(20_000).hum([400], -10)],
];
for (const on of [50, 100, 300]) {
  const keys = new Recording(chance);
  for (let key = 0; keys.ms < 20_000; key = (key + 1) % 12) keys.tone(key, on).silence(on);
  quiet.push([`keys of ${on} ms`, keys]);
}
const busy = new Recording(chance);
while (busy.ms < 20_000) busy.tone([480, 620], 500).silence(500);
quiet.push(['busy tone', busy]);
const coming = new Recording(chance);
for (let i = 0; i < 5; i++) coming.silence(2000).noise(-30);
quiet.push(['noise that grows', coming]);

test.each(quiet)('nobody speaks: %s', (_, recording) => {
  expect(hear(recording.bytes()).told).toBe(0);
});

test('what was heard before an interruption counts no more', () => {
  const detector = new SpeechDetector('PCMU');
  const voice = syllables(1.1, 120, 3);
  for (let i = 0; i < 8; i++) {
    expect(detector.push(voice)).toBe(false);
    detector.interrupt();
  }
});

test('packets of any length are heard alike', () => {
  const voice = syllables(6, 150, 4);
  const whole = new SpeechDetector('PCMU');
  expect(whole.push(voice)).toBe(true);
  const cut = new SpeechDetector('PCMU');
  let told = 0;
  for (let at = 0; at < voice.length; at += 77) if (cut.push(voice, at, Math.min(at + 77, voice.length))) told++;
  expect(told).toBe(hear(voice).told);
});
