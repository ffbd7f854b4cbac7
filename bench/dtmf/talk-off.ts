// Sound without keys, in which a detector must hear none: recorded voices and music that Debian's packages carry, and
// voices made on the spot.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { chances } from '../../media-server/src/rtp/test-packets.ts';
import { has, run } from './programs.ts';
import { type Engine, engines } from './voices.ts';

const RATE = 8000;
/** Heard at once. */
const PART_S = 600;
/** Short recordings joined into one piece. */
const JOINED = 100;
/** Parts of the whole, as far as the packages reach; the rest is for the engines. */
const RECORDED_SHARE = 0.45;
const MUSIC_SHARE = 0.2;

/** Debian's packages: each one's files have one rate and number of channels. */
const RECORDED = [
  ...['en', 'es', 'fr', 'it', 'ru'].map((language) => `asterisk-core-sounds-${language}-wav`),
  'asterisk-prompt-it-menardi-wav',
];
const MUSIC = ['asterisk-moh-opsound-wav', 'singularity-music'];

type Chance = () => number;

export interface Part {
  readonly source: string;
  /** Raw µ-law. */
  readonly bytes: Uint8Array;
}

/** About so many seconds of it in parts of at most ten minutes and a piece. Nothing where sox is missing. */
export function* talkOff(seconds: number, seed: number): Generator<Part> {
  if (!has('sox')) return;
  const chance = chances(seed);
  const folder = mkdtempSync(path.join(tmpdir(), 'talk-off-'));
  try {
    let left = seconds;
    for (const [packages, share] of [
      [RECORDED, RECORDED_SHARE],
      [MUSIC, MUSIC_SHARE],
    ] as const) {
      const there = packages.map((name) => ({ name, files: shuffled(soundsOf(name), chance) }));
      // One after the other, so that each has its part however short the run is.
      let wanted = seconds * share;
      for (const [i, { name, files }] of there.entries()) {
        const joined = packages === RECORDED ? JOINED : 1;
        const got = yield* parts(name, wanted / (there.length - i), recordings(files, joined, chance));
        wanted -= got;
        left -= got;
      }
    }
    const { there } = engines();
    const wav = path.join(folder, 'speech.wav');
    for (const [i, engine] of there.entries()) {
      left -= yield* parts(engine.name, left / (there.length - i), speech(engine, wav, chance));
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Packages that would make it richer and aren't there. */
export function missingForTalkOff(): string[] {
  return [...[...RECORDED, ...MUSIC].filter((name) => soundsOf(name).length === 0), ...engines().missing];
}

/** Puts pieces together until there are so many seconds or no more pieces; returns the seconds. */
function* parts(source: string, seconds: number, pieces: Iterable<Uint8Array>): Generator<Part, number> {
  let samples = 0;
  let open: Uint8Array[] = [];
  let length = 0;
  for (const piece of pieces) {
    const bytes = piece.subarray(0, Math.ceil(seconds * RATE) - samples);
    samples += bytes.length;
    length += bytes.length;
    open.push(bytes);
    const enough = samples >= seconds * RATE;
    if (length < PART_S * RATE && !enough) continue;
    yield { source, bytes: Buffer.concat(open) };
    open = [];
    length = 0;
    if (enough) break;
  }
  if (length > 0) yield { source, bytes: Buffer.concat(open) };
  return samples / RATE;
}

function* recordings(files: readonly string[], joined: number, chance: Chance): Generator<Uint8Array> {
  for (let i = 0; i < files.length; i += joined) yield muLaw(files.slice(i, i + joined), chance);
}

function* speech(engine: Engine, wav: string, chance: Chance): Generator<Uint8Array> {
  while (true) {
    engine.speak(chance, wav);
    yield muLaw([wav], chance);
  }
}

/** At a peak of −1 … −18 dBFS, as loud and soft callers have it. */
function muLaw(files: readonly string[], chance: Chance): Uint8Array {
  const peak = (-1 - chance() * 17).toFixed(1);
  const form = ['-t', 'ul', '-r', `${RATE}`, '-c', '1', '-'];
  return run('sox', ['-D', '-V1', ...files, ...form, 'gain', '-n', '-6', 'rate', `${RATE}`, 'gain', '-n', peak]);
}

function soundsOf(name: string): string[] {
  const { stdout } = spawnSync('dpkg-query', ['-L', name], { encoding: 'utf8' });
  // Its folder of silences is no speech.
  return (stdout ?? '').split('\n').filter((file) => /\.(wav|ogg)$/.test(file) && !file.includes('/silence/'));
}

function shuffled<T>(from: readonly T[], chance: Chance): T[] {
  return from
    .map((each) => ({ each, place: chance() }))
    .sort((a, b) => a.place - b.place)
    .map(({ each }) => each);
}
