import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { keysIn } from '../../cde/keys/recorded-keys.ts';
import { encodeSample, LINEAR, MU_TO_A } from '../../rtp/g711.ts';
import { speechLevel } from '../../shared/speech-sound.ts';
import { convertSound } from './convert.ts';
import { soundConverter } from './converter.ts';
import { muLawWav } from './wav.ts';

const inThread = soundConverter(new URL('../../prompt-thread.ts', import.meta.url));
const convert = (bytes: Buffer) =>
  convertSound(bytes, { encode: (sample) => encodeSample('PCMU', sample), laws: LINEAR, keysIn });
const SPOKEN = readFileSync(join(import.meta.dirname, 'testing/spoken.mp3'));

type Wave = (seconds: number) => number;
interface Form {
  readonly rate?: number;
  readonly seconds?: number;
  readonly channels?: number;
  readonly bits?: 8 | 16 | 24 | 32;
  readonly float?: boolean;
}

/** Speech-like: a voice's harmonics, four syllables a second. */
const voice: Wave = (t) =>
  [150, 300, 450, 900, 1500, 2400].reduce((sum, hz, i) => sum + Math.sin(2 * Math.PI * hz * t) / (i + 2), 0) *
  0.25 *
  Math.max(0, Math.sin(2 * Math.PI * 2 * t));
const keyFive: Wave = (t) => 0.2 * (Math.sin(2 * Math.PI * 770 * t) + Math.sin(2 * Math.PI * 1336 * t));

function wav(wave: Wave, { rate = 44_100, seconds = 2, channels = 1, bits = 16, float = false }: Form = {}): Buffer {
  const count = Math.round(rate * seconds);
  const data = Buffer.alloc((count * channels * bits) / 8);
  for (let i = 0; i < count * channels; i++) {
    const value = Math.max(-1, Math.min(1, wave(Math.floor(i / channels) / rate)));
    const at = (i * bits) / 8;
    if (float) data.writeFloatLE(value, at);
    else if (bits === 8) data.writeUInt8(Math.round(128 + value * 127), at);
    else data.writeIntLE(Math.round(value * (2 ** (bits - 1) - 1)), at, bits / 8);
  }
  const head = Buffer.alloc(44);
  head.write('RIFF', 0, 'latin1');
  head.writeUInt32LE(36 + data.length, 4);
  head.write('WAVEfmt ', 8, 'latin1');
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(float ? 3 : 1, 20);
  head.writeUInt16LE(channels, 22);
  head.writeUInt32LE(rate, 24);
  head.writeUInt32LE((rate * channels * bits) / 8, 28);
  head.writeUInt16LE((channels * bits) / 8, 32);
  head.writeUInt16LE(bits, 34);
  head.write('data', 36, 'latin1');
  head.writeUInt32LE(data.length, 40);
  return Buffer.concat([head, data]);
}

const linear = (ulaw: Uint8Array) => Float64Array.from(ulaw, (byte) => LINEAR.PCMU[byte] ?? 0);

async function prompt(bytes: Buffer): Promise<Float64Array> {
  const converted = await convert(bytes);
  if (!converted.ok) throw new Error(converted.error.message);
  expect(converted.value.lengthMs).toBe(Math.round(converted.value.ulaw.length / 8));
  return linear(converted.value.ulaw);
}

async function refusal(bytes: Buffer): Promise<string> {
  const converted = await convert(bytes);
  return converted.ok ? 'taken' : converted.error.message;
}

test('every usual WAV becomes 8 kHz at −18 dBFS, trimmed and without a click at its ends', async () => {
  const forms: Form[] = [
    { rate: 8000 },
    { rate: 16_000, bits: 24 },
    { rate: 44_100, channels: 2 },
    { rate: 48_000, bits: 32, float: true },
    { rate: 96_000, bits: 32 },
    { rate: 22_050, bits: 8 },
  ];
  for (const form of forms) {
    const quietAround: Wave = (t) => (t < 0.5 || t > 1.5 ? 0 : voice(t));
    const samples = await prompt(wav(quietAround, form));
    const said = JSON.stringify(form);
    expect(Math.abs(speechLevel(samples) + 18), said).toBeLessThan(1);
    expect(samples.length / 8, said).toBeGreaterThan(650);
    expect(samples.length / 8, said).toBeLessThan(1100);
    expect(Math.max(...samples.map(Math.abs)), said).toBeLessThan(32_768 * 10 ** (-1 / 20));
    for (const edge of [samples.at(0), samples.at(-1)]) expect(Math.abs(edge ?? NaN), said).toBeLessThan(64);
  }
});

test('what a telephone has no band for is taken out instead of folded into it', async () => {
  const whistle: Wave = (t) => voice(t) + 0.2 * Math.sin(2 * Math.PI * 5000 * t);
  const [plain, whistled] = [await prompt(wav(voice)), await prompt(wav(whistle))];
  const power = (samples: Float64Array, hz: number) => {
    let [re, im] = [0, 0];
    for (const [i, sample] of samples.entries()) {
      re += sample * Math.cos((2 * Math.PI * hz * i) / 8000);
      im += sample * Math.sin((2 * Math.PI * hz * i) / 8000);
    }
    return Math.hypot(re, im) / samples.length;
  };
  // 5000 Hz would come back as 3000.
  expect(power(whistled, 3000)).toBeLessThan(10);
  expect(power(whistled, 900) / power(plain, 900)).toBeGreaterThan(0.8);
});

test('an MP3 is decoded to the speech that is in it', async () => {
  const samples = await prompt(SPOKEN);
  const original = linear(readFileSync(join(import.meta.dirname, '../../cde/prompts/en/confirm.ulaw')));
  expect(samples.length / original.length).toBeCloseTo(1, 1);
  expect(Math.abs(speechLevel(samples) + 18)).toBeLessThan(1);
});

test('the sound that the API hands out is taken back, and so is A-law', async () => {
  const ready = readFileSync(join(import.meta.dirname, '../../cde/prompts/ja/card-number.ulaw'));
  const again = await prompt(muLawWav(ready));
  expect(again.length / ready.length).toBeCloseTo(1, 1);
  expect(Math.abs(speechLevel(again) + 18)).toBeLessThan(1);
  const aLaw = muLawWav(Buffer.from(ready.map((byte) => MU_TO_A[byte] ?? 0)));
  aLaw.writeUInt16LE(6, 20);
  expect(Math.abs(speechLevel(await prompt(aLaw)) + 18)).toBeLessThan(1);
});

test('what can’t be a prompt is refused, and said why', async () => {
  expect(await refusal(wav(voice, { seconds: 0.1 }))).toBe('The sound is shorter than 0.15 seconds.');
  expect(await refusal(wav(voice, { seconds: 31, rate: 8000 }))).toBe('The sound is longer than 30 seconds.');
  expect(await refusal(wav(voice, { channels: 6 }))).toBe('The sound has 6 channels: send one or two.');
  expect(await refusal(wav(voice, { rate: 192_000, seconds: 1 }))).toContain('192000 samples a second');
  expect(await refusal(wav(voice, { rate: 4000 }))).toContain('4000 samples a second');
  expect(await refusal(wav(() => 0))).toBe('There is nothing to be heard in the sound.');
  expect(await refusal(wav((t) => voice(t) * 40))).toContain('cut off at its loudest places');
  expect(await refusal(wav((t) => (t < 1 ? voice(t) : t < 1.01 ? 0.9 : 0)))).toBe('taken');
  expect(await refusal(wav((t) => (t > 1 && t < 1.03 ? voice(t + 0.1) : 0)))).toContain(
    'Without the silence around it',
  );
  expect(await refusal(Buffer.from('hello'))).toBe('The file is no WAV and no MP3.');
  expect(await refusal(Buffer.alloc(0))).toBe('The file is no WAV and no MP3.');
  expect(await refusal(wav(voice).subarray(0, 30))).toBe('The WAV file holds no sound.');
  const adpcm = wav(voice);
  adpcm.writeUInt16LE(2, 20);
  expect(await refusal(adpcm)).toContain('another form (tag 2, 16 bits)');
  expect(await refusal(Buffer.concat([Buffer.from('ID3'), Buffer.alloc(5000, 7)]))).toContain('MP3 holds no sound');
});

test("a telephone key's tone within a sound is refused, wherever it is and in every rate", async () => {
  for (const rate of [8000, 44_100, 48_000]) {
    for (const at of [0, 0.7, 1.8]) {
      const hidden: Wave = (t) => (t >= at && t < at + 0.12 ? keyFive(t) : voice(t));
      expect(await refusal(wav(hidden, { rate })), `${rate} Hz, at ${at} s`).toContain("telephone keys' tones");
    }
  }
});

test('damaged and hostile files end with an answer', async () => {
  let seed = 7;
  const random = (below: number) => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return seed % below;
  };
  for (const whole of [SPOKEN, wav(voice, { seconds: 0.5 })]) {
    for (let round = 0; round < 30; round++) {
      const bytes = Buffer.from(whole.subarray(0, 100 + random(whole.length - 100)));
      for (let i = 0; i < 20; i++) bytes[random(bytes.length)] = random(256);
      expect(typeof (await convert(bytes)).ok).toBe('boolean');
    }
  }
});

test('sounds are converted in a thread, one after the other, and only so many wait', async () => {
  const files = [SPOKEN, wav(keyFive), ...Array.from({ length: 8 }, () => Buffer.from('x'))];
  const [spoken, key, ...others] = await Promise.all(files.map((file) => inThread(file)));
  if (!spoken?.ok || key?.ok !== false) throw new Error('the thread answers otherwise');
  expect(spoken.value.lengthMs).toBeGreaterThan(3000);
  expect(key.error.message).toContain("telephone keys' tones");
  const messages = others.map((answer) => (answer.ok ? 'taken' : answer.error.message));
  expect(messages.filter((message) => message.includes('no WAV'))).toHaveLength(6);
  expect(messages.filter((message) => message.includes('Too many'))).toHaveLength(2);
});

test('a thread that breaks is answered for', async () => {
  const broken = soundConverter(new URL('data:text/javascript,throw new Error("no")'));
  expect(await broken(SPOKEN)).toMatchObject({ ok: false, error: { code: 'sound-unfit' } });
});
