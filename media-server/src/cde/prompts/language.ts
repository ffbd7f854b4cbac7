import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { type Language } from '../contract.ts';
import { PLAIN_SOUNDS, type PromptName, SENTENCES } from './names.ts';
import { readRules } from './rules.ts';
import { createSpeech, type Speech } from './speech.ts';

/** Where the ready prompts lie: one folder per language, and `sounds` for what has no language. */
export const PROMPTS_FOLDER = import.meta.dirname;

/** What is read of a `prompts.json`; the rest of it is for rendering and for people. */
const Manifest = z.object({
  rules: z.unknown().optional(),
  prompts: z.record(
    z.string(),
    z.object({ file: z.string().regex(/^[a-z0-9-]+\.ulaw$/), text: z.string().max(400).optional() }),
  ),
});

/** One prompt as its folder has it. */
interface ReadyPrompt {
  /** What is said; empty for a plain sound. */
  readonly text: string;
  readonly ulaw: Uint8Array;
}

/** One language's folder, read and found to be whole. */
export interface LanguageFolder {
  readonly language: Language;
  readonly speech: Speech;
  /** Every prompt that the dialogues and the language's own rules can ask for. */
  readonly prompts: ReadonlyMap<PromptName, ReadyPrompt>;
}

/** A folder that is named as a language and has a list of prompts is one. */
export function languagesIn(folder: string = PROMPTS_FOLDER): readonly Language[] {
  return readdirSync(folder)
    .filter((name) => /^[a-z]{2}(-[A-Z]{2})?$/.test(name) && existsSync(join(folder, name, 'prompts.json')))
    .sort();
}

/** Reads a language. Throws an error for the start to show: which file, which rule, which prompt. */
export function readLanguage(folder: string, language: Language): LanguageFolder {
  const list = join(folder, language, 'prompts.json');
  const manifest = readManifest(list);
  const rules = readRules(manifest.rules);
  if (!rules.ok)
    throw new Error(`The rules in ${list} don't fit:\n${rules.error.map((line) => `  ${line}`).join('\n')}`);
  const names = [...new Set([...SENTENCES, ...rules.value.fragments])] as PromptName[];
  const prompts = readPrompts(list, manifest, names);
  return { language, speech: createSpeech(language, rules.value), prompts };
}

/** Reads the sounds that have no language. */
export function readPlainSounds(folder: string): ReadonlyMap<PromptName, ReadyPrompt> {
  const list = join(folder, 'sounds', 'prompts.json');
  return readPrompts(list, readManifest(list), PLAIN_SOUNDS);
}

function readManifest(list: string): z.infer<typeof Manifest> {
  const manifest = Manifest.safeParse(JSON.parse(read(list).toString('utf8')));
  if (manifest.success) return manifest.data;
  throw new Error(`${list} is no list of prompts: ${z.prettifyError(manifest.error)}`);
}

function readPrompts(
  list: string,
  manifest: z.infer<typeof Manifest>,
  names: readonly PromptName[],
): Map<PromptName, ReadyPrompt> {
  const missing = names.filter((name) => !Object.hasOwn(manifest.prompts, name));
  if (missing.length > 0) throw new Error(`${list} lacks ${missing.length} prompts: ${missing.slice(0, 20).join(' ')}`);
  return new Map(
    names.map((name) => {
      const { file, text = '' } = manifest.prompts[name] as { file: string; text?: string };
      const ulaw = read(join(list, '..', file));
      if (ulaw.length === 0) throw new Error(`The prompt ${join(list, '..', file)} is empty`);
      return [name, { text, ulaw: Uint8Array.from(ulaw) }];
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
