import { type Id } from '../../shared/ids.ts';
import { type Language } from '../contract.ts';

/** One merchant's own sounds: 20 minutes of them. */
export const MERCHANT_SOUNDS_LIMIT = 300;
const MERCHANT_BYTES_LIMIT = 20 * 60 * 8000;
/** All merchants together. */
const ALL_BYTES_LIMIT = 256 * 1024 * 1024;

/** Sounds that merchants use in place of the ready ones, in memory: the server sends them anew on every connection. */
export class MerchantSounds<Sound extends { readonly bytes: number }> {
  readonly #merchants = new Map<Id, { readonly sounds: Map<string, Sound>; bytes: number }>();
  #bytes = 0;

  /** Takes a sound in place of an earlier one. False where it is too much. */
  put(merchant: Id, language: Language, name: string, sound: Sound): boolean {
    const own = this.#merchants.get(merchant) ?? { sounds: new Map<string, Sound>(), bytes: 0 };
    const key = keyOf(language, name);
    const before = own.sounds.get(key);
    const more = sound.bytes - (before?.bytes ?? 0);
    if (!before && own.sounds.size >= MERCHANT_SOUNDS_LIMIT) return false;
    if (own.bytes + more > MERCHANT_BYTES_LIMIT || this.#bytes + more > ALL_BYTES_LIMIT) return false;
    own.sounds.set(key, sound);
    own.bytes += more;
    this.#bytes += more;
    this.#merchants.set(merchant, own);
    return true;
  }

  /** Goes back to the ready sound; without effect where there is no other. */
  drop(merchant: Id, language: Language, name: string): void {
    const own = this.#merchants.get(merchant);
    const sound = own?.sounds.get(keyOf(language, name));
    if (!own || !sound) return;
    own.sounds.delete(keyOf(language, name));
    own.bytes -= sound.bytes;
    this.#bytes -= sound.bytes;
    if (own.sounds.size === 0) this.#merchants.delete(merchant);
  }

  clear(): void {
    this.#merchants.clear();
    this.#bytes = 0;
  }

  find(merchant: Id, language: Language, name: string): Sound | undefined {
    return this.#merchants.get(merchant)?.sounds.get(keyOf(language, name));
  }
}

function keyOf(language: Language, name: string): string {
  return `${language}/${name}`;
}
