import { type Key, openKeyFile } from './key-file.ts';

/** The setting of the keys that merchants' credentials are sealed under. */
export const KEK_SETTING = 'card.kekFile';

/** The keys that merchants' credentials are sealed under. They stay in their file and in the card process. */
export class KeyRing {
  readonly #keys: readonly Key[];

  /**
   * @param make whether the file is made with a fresh key (0600) where it isn't there
   * @throws KeyFileError
   */
  static open(file: string, make: boolean): KeyRing {
    return new KeyRing(openKeyFile(KEK_SETTING, file, make));
  }

  private constructor(keys: readonly Key[]) {
    this.#keys = keys;
  }

  /** What seals. */
  get newest(): Key {
    const [newest] = this.#keys;
    if (!newest) throw new Error('a ring without a key');
    return newest;
  }

  find(id: string): Buffer | undefined {
    return this.#keys.find((key) => key.id === id)?.bytes;
  }
}
