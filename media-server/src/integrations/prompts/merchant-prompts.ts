import type { Clock } from '../../shared/clock.ts';
import type { Id } from '../../shared/ids.ts';
import type { Logger } from '../../shared/logger.ts';
import { ok, type Problem, type Result } from '../../shared/result.ts';
import {
  allMerchantPrompts,
  deleteMerchantPrompt,
  findMerchantPrompt,
  listMerchantPrompts,
  type MerchantPromptFacts,
  putMerchantPrompt,
} from '../../storage/merchant-prompts.ts';
import type { Storage } from '../../storage/storage.ts';
import type { Convert } from './converter.ts';
import { type Unfit, unfit } from './recording.ts';

/** One merchant's own prompts: so many, and so long together, as the card process holds. */
const PROMPTS_LIMIT = 300;
const LENGTH_LIMIT_MS = 20 * 60 * 1000;
/** Between two sounds that are sent to the card process, ms: its queue never fills. */
const SEND_EVERY_MS = 20;

/** Commands to the card process. `ulaw` is base64. */
export type PromptCommand =
  | {
      readonly type: 'prompt-put';
      readonly merchant: Id;
      readonly language: string;
      readonly name: string;
      readonly ulaw: string;
    }
  | { readonly type: 'prompt-drop'; readonly merchant: Id; readonly language: string; readonly name: string };

/** The ready prompts that a merchant's own can stand for: µ-law at 8000 Hz and what is said. */
export interface ReadyPrompts {
  readonly languages: readonly string[];
  prompts(language: string): ReadonlyMap<string, { readonly text: string; readonly ulaw: Uint8Array }>;
}

export interface MerchantPromptsOptions {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly log: Logger;
  readonly convert: Convert;
  readonly ready: ReadyPrompts;
  /** To the card process; false while it is down, which forgets what it had. */
  readonly send: (command: PromptCommand) => boolean;
}

/** Which prompt of which merchant. */
export interface PromptKey {
  readonly merchant: Id;
  readonly language: string;
  readonly name: string;
}

/** One prompt as the merchant's customers hear it. */
export interface PromptFacts {
  readonly language: string;
  readonly name: string;
  /** What the ready prompt says, and so what a merchant's own has to say. */
  readonly text: string;
  readonly lengthMs: number;
  readonly own: Pick<MerchantPromptFacts, 'fileName' | 'lengthMs' | 'uploadedBy' | 'uploadedAt'> | undefined;
}

type Missing = Problem<'not-found'>;

/** Prompts that merchants replaced by their own: kept in the storage, sent to the card process, which plays them. */
export class MerchantPrompts {
  readonly #options: MerchantPromptsOptions;
  /** Changes and sendings, one after the other, so that the card process ends up with what is stored. */
  #work: Promise<unknown> = Promise.resolve();

  constructor(options: MerchantPromptsOptions) {
    this.#options = options;
  }

  /** The card process is up and has none: it is sent all. */
  cardUp(): void {
    const { log } = this.#options;
    void this.#inTurn(() => this.#sendAll()).catch((error: unknown) => {
      log.error({ error }, "merchants' prompts could not be sent: their customers hear the ready ones");
    });
  }

  /** Every prompt of these languages, with the words of each. */
  async list(merchant: Id, languages: readonly string[] = this.#options.ready.languages): Promise<PromptFacts[]> {
    const own = new Map(
      (await listMerchantPrompts(this.#options.storage, merchant)).map((facts) => [
        `${facts.language}/${facts.name}`,
        facts,
      ]),
    );
    return languages.flatMap((language) =>
      [...this.#ready(language)].map(([name, { text, ulaw }]) => ({
        language,
        name,
        text,
        lengthMs: Math.round(ulaw.length / 8),
        own: own.get(`${language}/${name}`),
      })),
    );
  }

  /** Its sound as µ-law at 8000 Hz: the merchant's own where there is one. */
  async sound(key: PromptKey): Promise<Uint8Array | undefined> {
    const ready = this.#ready(key.language).get(key.name);
    return ready && ((await findMerchantPrompt(this.#options.storage, key))?.ulaw ?? ready.ulaw);
  }

  /** Takes a WAV or MP3 file in place of a prompt; its customers hear it from now on. */
  async put(
    key: PromptKey,
    file: { readonly name: string; readonly bytes: Uint8Array },
    uploadedBy: Id,
  ): Promise<Result<PromptFacts, Unfit | Missing>> {
    const { storage, clock, convert } = this.#options;
    const ready = this.#ready(key.language).get(key.name);
    if (!ready) return missing();
    const converted = await convert(file.bytes);
    if (!converted.ok) return converted;
    const { ulaw, lengthMs } = converted.value;
    return this.#inTurn(async () => {
      const others = (await listMerchantPrompts(storage, key.merchant)).filter(
        ({ language, name }) => language !== key.language || name !== key.name,
      );
      const together = others.reduce((sum, other) => sum + other.lengthMs, lengthMs);
      if (others.length >= PROMPTS_LIMIT || together > LENGTH_LIMIT_MS)
        return unfit(
          `A merchant's own prompts may be ${PROMPTS_LIMIT}, and 20 minutes together: take others away first.`,
        );
      const own = { fileName: file.name, lengthMs, uploadedBy, uploadedAt: clock.now() };
      const { merchant, language, name } = key;
      await putMerchantPrompt(storage, { merchant, language, name, ulaw, ...own });
      this.#sendOne(key, ulaw);
      return ok({ language, name, text: ready.text, lengthMs: Math.round(ready.ulaw.length / 8), own });
    });
  }

  /** The ready prompt is played again. False: there was no other. */
  drop(key: PromptKey): Promise<boolean> {
    const { storage, send } = this.#options;
    return this.#inTurn(async () => {
      const dropped = await deleteMerchantPrompt(storage, key);
      const { merchant, language, name } = key;
      if (dropped) send({ type: 'prompt-drop', merchant, language, name });
      return dropped;
    });
  }

  async #sendAll(): Promise<void> {
    const { storage, clock } = this.#options;
    for (const key of await allMerchantPrompts(storage)) {
      // A prompt that an update of Tonegate took away stays stored: a later one may bring it back.
      if (!this.#ready(key.language).has(key.name)) continue;
      const prompt = await findMerchantPrompt(storage, key);
      if (!prompt) continue;
      // While it is down there is nothing to do: its next start asks for all again.
      if (!this.#sendOne(key, prompt.ulaw)) return;
      await new Promise<void>((resolve) => void clock.after(SEND_EVERY_MS, resolve));
    }
  }

  #sendOne({ merchant, language, name }: PromptKey, ulaw: Uint8Array): boolean {
    return this.#options.send({
      type: 'prompt-put',
      merchant,
      language,
      name,
      ulaw: Buffer.from(ulaw.buffer, ulaw.byteOffset, ulaw.byteLength).toString('base64'),
    });
  }

  #ready(language: string): ReadonlyMap<string, { readonly text: string; readonly ulaw: Uint8Array }> {
    const { ready } = this.#options;
    return ready.languages.includes(language) ? ready.prompts(language) : new Map();
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#work.then(work);
    this.#work = mine.catch(() => {});
    return mine;
  }
}

function missing(): { readonly ok: false; readonly error: Missing } {
  return { ok: false, error: { code: 'not-found', message: 'There is no such prompt in this language.' } };
}
