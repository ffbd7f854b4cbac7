import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { type Codec, type Language } from '../contract.ts';
import { MU_TO_A } from '../../rtp/g711.ts';
import { allAmountFragments } from './amount.ts';
import { PLAIN_SOUNDS, type PromptName, SENTENCES } from './names.ts';

/** Where the ready prompts lie: one folder per language, and `sounds` for what has no language. */
export const PROMPTS_FOLDER = import.meta.dirname;

/** All ready sounds of all languages, in memory (about 3 MB per codec). */
export interface PromptBook {
  readonly languages: readonly Language[];
  /** 8 kHz G.711 bytes, 8 per millisecond; not to be changed. Throws where the language has no such prompt: a bug. */
  get(name: PromptName, language: Language, codec: Codec): Uint8Array;
  lengthMs(name: PromptName, language: Language): number;
}

/** Every prompt that a language must have. */
export function promptsOf(language: Language): readonly PromptName[] {
  return [...SENTENCES, ...allAmountFragments(language)];
}

/** What is read of a `prompts.json`; the rest of it is for rendering and for people. */
const Manifest = z.object({
  prompts: z.record(z.string(), z.object({ file: z.string().regex(/^[a-z0-9-]+\.ulaw$/) })),
});

/**
 * Reads all prompts of all languages from `folder`. Throws an error for the start to show, which names the file that
 * is missing or unreadable.
 */
export function loadPrompts(folder: string = PROMPTS_FOLDER): PromptBook {
  const languages = languagesIn(folder);
  const plain = loadFolder(join(folder, 'sounds'), PLAIN_SOUNDS);
  const books = new Map(
    languages.map((language) => [
      language,
      new Map([...plain, ...loadFolder(join(folder, language), promptsOf(language))]),
    ]),
  );
  const find = (name: PromptName, language: Language): Sound => {
    const sound = books.get(language)?.get(name);
    if (!sound) throw new Error(`There is no prompt ${name} in ${language}`);
    return sound;
  };
  return {
    languages,
    get: (name, language, codec) => find(name, language)[codec],
    lengthMs: (name, language) => find(name, language).PCMU.length / 8,
  };
}

/** A folder that is named as a language and has a list of prompts is one. */
export function languagesIn(folder: string = PROMPTS_FOLDER): readonly Language[] {
  return readdirSync(folder)
    .filter((name) => /^[a-z]{2}(-[A-Z]{2})?$/.test(name) && existsSync(join(folder, name, 'prompts.json')))
    .sort();
}

type Sound = Readonly<Record<Codec, Uint8Array>>;

function loadFolder(folder: string, names: readonly PromptName[]): Map<PromptName, Sound> {
  const list = join(folder, 'prompts.json');
  const manifest = Manifest.safeParse(JSON.parse(read(list).toString('utf8')));
  if (!manifest.success) throw new Error(`${list} is no list of prompts: ${z.prettifyError(manifest.error)}`);
  return new Map(
    names.map((name) => {
      const entry = manifest.data.prompts[name];
      if (!entry) throw new Error(`${list} lacks the prompt ${name}`);
      const bytes = read(join(folder, entry.file));
      if (bytes.length === 0) throw new Error(`The prompt ${join(folder, entry.file)} is empty`);
      return [name, { PCMU: Uint8Array.from(bytes), PCMA: Uint8Array.from(bytes, (byte) => MU_TO_A[byte] as number) }];
    }),
  );
}

function read(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new Error(`Can't read the prompt file ${file}`, { cause: error });
  }
}
