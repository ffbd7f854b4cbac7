import { randomBytes, randomInt } from 'node:crypto';
import { closeSync, constants, openSync, readFileSync, statSync, writeSync } from 'node:fs';
import { z } from 'zod';

/** The key file, JSON. The first key seals; those after it only open, until nothing is sealed under them any more. */
const KekFile = z.strictObject({
  keys: z
    .array(
      z.strictObject({
        id: z.string().regex(/^[a-z]{4,12}$/),
        /** 32 random bytes, base64. */
        key: z.base64().refine((text) => Buffer.from(text, 'base64').length === 32, 'has to be 32 bytes'),
      }),
    )
    .min(1)
    .max(16)
    .refine((keys) => new Set(keys.map(({ id }) => id)).size === keys.length, 'names a key twice'),
});
type KekFile = z.infer<typeof KekFile>;

/** Others' rights to a file. */
const OTHERS = 0o077;
const LETTERS = 'abcdefghijklmnopqrstuvwxyz';
const ID_LETTERS = 8;

/** Why there is no ring; the message names the file and says what to do. */
export class KeyRingError extends Error {}

/** The keys that merchants' credentials are sealed under. They stay in their file and in the card process. */
export class KeyRing {
  readonly #keys: readonly { readonly kid: string; readonly bytes: Buffer }[];

  /**
   * @param make whether the file is made with a fresh key (0600) where it isn't there
   * @throws KeyRingError
   */
  static open(file: string, make: boolean): KeyRing {
    let mode: number;
    try {
      mode = statSync(file).mode;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'ENOENT') throw new KeyRingError(`card.kekFile: ${file} can't be read (${code})`);
      if (!make) {
        throw new KeyRingError(
          `card.kekFile: ${file} isn't there, and credentials are sealed under its keys: bring it back`,
        );
      }
      return KeyRing.#made(file);
    }
    if ((mode & OTHERS) !== 0) {
      throw new KeyRingError(`card.kekFile: ${file} may be read by others than its owner: chmod 600 ${file}`);
    }
    return new KeyRing(readKekFile(file));
  }

  static #made(file: string): KeyRing {
    const fresh = { keys: [newKek()] };
    try {
      // A write comes back when it is on the disk: fsync is refused under Node's permission model.
      const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_DSYNC;
      const handle = openSync(file, flags, 0o600);
      writeSync(handle, asText(fresh));
      closeSync(handle);
    } catch (error) {
      throw new KeyRingError(`card.kekFile: ${file} can't be made (${(error as NodeJS.ErrnoException).code})`);
    }
    return new KeyRing(fresh);
  }

  private constructor({ keys }: KekFile) {
    this.#keys = keys.map(({ id, key }) => ({ kid: id, bytes: Buffer.from(key, 'base64') }));
  }

  /** What seals. */
  get newest(): { readonly kid: string; readonly bytes: Buffer } {
    const [newest] = this.#keys;
    if (!newest) throw new Error('a ring without a key');
    return newest;
  }

  find(kid: string): Buffer | undefined {
    return this.#keys.find((key) => key.kid === kid)?.bytes;
  }
}

/** @throws KeyRingError that says where the file doesn't fit, and never quotes it */
export function readKekFile(file: string): KekFile {
  let given: unknown;
  try {
    given = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    const { code = 'it is no JSON' } = error as NodeJS.ErrnoException;
    throw new KeyRingError(`card.kekFile: ${file} can't be read (${code})`);
  }
  const read = KekFile.safeParse(given);
  if (read.success) return read.data;
  const places = read.error.issues.map(({ path }) => path.join('.') || 'its top');
  throw new KeyRingError(`card.kekFile: ${file} doesn't fit at ${places.join(', ')}`);
}

/** A fresh key with a name of its own. */
export function newKek(): KekFile['keys'][number] {
  const id = Array.from({ length: ID_LETTERS }, () => LETTERS.charAt(randomInt(LETTERS.length))).join('');
  return { id, key: randomBytes(32).toString('base64') };
}

export function asText(file: KekFile): string {
  return `${JSON.stringify(file, null, 2)}\n`;
}
