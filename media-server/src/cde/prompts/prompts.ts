import { type Id } from '../../shared/ids.ts';
import { err, ok, type Result } from '../../shared/result.ts';
import { type Codec, type Language } from '../contract.ts';
import { encodeSample, LINEAR, MU_TO_A, SILENCE } from '../../rtp/g711.ts';
import { languagesIn, PROMPTS_FOLDER, readLanguage, readPlainSounds } from './language.ts';
import { MerchantSounds } from './merchant-sounds.ts';
import { type PromptName } from './names.ts';
import { slowed } from './pace.ts';
import { type Speech } from './speech.ts';

/** How fast the guide speaks; slow in gentle mode. */
export type Pace = 'normal' | 'slow';

/** Slow speech takes a quarter longer. */
const SLOW_SPEED = 0.8;
/** The pause between two sentences where the guide speaks slowly, ms. */
const SLOW_PAUSE_MS = 1200;

/** All ready sounds of all languages, in memory (about 7 MB per codec). */
export interface PromptBook {
  readonly languages: readonly Language[];
  /** Every prompt of a language: its sentences, and the fragments that its rules can ask for. */
  namesOf(language: Language): readonly PromptName[];
  /** 8 kHz G.711 bytes, 8 per millisecond; not to be changed. Throws where the language has no such prompt: a bug. */
  get(name: PromptName, language: Language, codec: Codec, pace?: Pace): Uint8Array;
  lengthMs(name: PromptName, language: Language, pace?: Pace): number;
  /** How the language says numbers, amounts and references. */
  speech(language: Language): Speech;
  /** The same, with the merchant's own sounds where it has some. */
  forMerchant(merchant: Id): PromptBook;
}

type PutRefusal = 'no-such-prompt' | 'too-many-prompts';

/** A book whose sounds merchants can replace by their own. */
export interface ReplaceableBook extends PromptBook {
  /** From now on the merchant's customers hear this µ-law sound; or why not. */
  put(merchant: Id, language: Language, name: string, ulaw: Uint8Array): Result<void, PutRefusal>;
  /** From now on they hear the ready sound again. */
  drop(merchant: Id, language: Language, name: string): void;
  /** No merchant has a sound of its own any more. */
  forget(): void;
}

/**
 * Reads all prompts of all languages from `folder`. Throws an error for the start to show, which names the file that
 * is missing or unreadable, or the rule that doesn't fit.
 */
export function loadPrompts(folder: string = PROMPTS_FOLDER): ReplaceableBook {
  const plain = new Map([...readPlainSounds(folder)].map(([name, { ulaw }]) => [name, new Sound(ulaw)]));
  const books = new Map(
    languagesIn(folder).map((language) => {
      const { speech, prompts } = readLanguage(folder, language);
      const sounds = new Map([...prompts].map(([name, { ulaw }]) => [name, new Sound(ulaw)]));
      return [language, { speech, sounds }] as const;
    }),
  );
  const merchants = new MerchantSounds<Sound>();
  const book = (language: Language) => {
    const found = books.get(language);
    if (!found) throw new Error(`There is no language ${language}`);
    return found;
  };

  /** @param merchant whose own sounds come first, if any */
  function bookOf(merchant: Id | undefined): PromptBook {
    const find = (name: PromptName, language: Language, codec: Codec, pace: Pace): Uint8Array => {
      const own = merchant === undefined ? undefined : merchants.find(merchant, language, name);
      const spoken = own ?? book(language).sounds.get(name);
      if (spoken) return pace === 'slow' ? spoken.slow(codec) : spoken.get(codec);
      if (name === 'pause' && pace === 'slow') return SLOW_PAUSE[codec];
      const sound = plain.get(name);
      if (!sound) throw new Error(`There is no prompt ${name} in ${language}`);
      return sound.get(codec);
    };
    return {
      languages: [...books.keys()],
      namesOf: (language) => [...book(language).sounds.keys()],
      get: (name, language, codec, pace = 'normal') => find(name, language, codec, pace),
      lengthMs: (name, language, pace = 'normal') => find(name, language, 'PCMU', pace).length / 8,
      speech: (language) => book(language).speech,
      forMerchant: bookOf,
    };
  }

  return {
    ...bookOf(undefined),
    put(merchant, language, name, ulaw) {
      if (!books.get(language)?.sounds.has(name as PromptName)) return err('no-such-prompt');
      return merchants.put(merchant, language, name, new Sound(ulaw)) ? ok(undefined) : err('too-many-prompts');
    },
    drop: (merchant, language, name) => merchants.drop(merchant, language, name),
    forget: () => merchants.clear(),
  };
}

const SLOW_PAUSE: Readonly<Record<Codec, Uint8Array>> = {
  PCMU: new Uint8Array(SLOW_PAUSE_MS * 8).fill(SILENCE.PCMU),
  PCMA: new Uint8Array(SLOW_PAUSE_MS * 8).fill(SILENCE.PCMA),
};

/** One prompt; what isn't µ-law at normal pace is made when it is first asked for. */
class Sound {
  readonly #ulaw: Uint8Array;
  #alaw: Uint8Array | undefined;
  #slow: Sound | undefined;

  constructor(ulaw: Uint8Array) {
    this.#ulaw = ulaw;
  }

  get bytes(): number {
    return this.#ulaw.length;
  }

  get(codec: Codec): Uint8Array {
    if (codec === 'PCMU') return this.#ulaw;
    return (this.#alaw ??= Uint8Array.from(this.#ulaw, (byte) => MU_TO_A[byte] as number));
  }

  slow(codec: Codec): Uint8Array {
    this.#slow ??= new Sound(slowUlaw(this.#ulaw));
    return this.#slow.get(codec);
  }
}

function slowUlaw(ulaw: Uint8Array): Uint8Array {
  const samples = Int16Array.from(ulaw, (byte) => LINEAR.PCMU[byte] as number);
  return Uint8Array.from(slowed(samples, SLOW_SPEED), (sample) => encodeSample('PCMU', sample));
}
