import type { Codec, Language } from '../contract.ts';
import type { PromptName } from './names.ts';

/** All ready sounds of all languages, in memory (about 3 MB per codec). */
export interface PromptBook {
  /** 8 kHz G.711 bytes, 8 per millisecond; not to be changed. */
  get(name: PromptName, language: Language, codec: Codec): Uint8Array;
  lengthMs(name: PromptName, language: Language): number;
}
