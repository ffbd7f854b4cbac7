import { randomBytes, randomInt } from 'node:crypto';
import { closeSync, constants, openSync, readFileSync, statSync, writeSync } from 'node:fs';
import { z } from 'zod';

/**
 * A file of keys, JSON. The first key is worked with; those after it only read what they made, until that is gone. To
 * rotate, put a new key in front; to forget an old one, take it out.
 */
const KeyFile = z.strictObject({
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
type KeyFile = z.infer<typeof KeyFile>;

/** A key as it is used. */
export interface Key {
  readonly id: string;
  readonly bytes: Buffer;
}

/** Others' rights to a file. */
const OTHERS = 0o077;
const LETTERS = 'abcdefghijklmnopqrstuvwxyz';
const ID_LETTERS = 8;

/** Why there are no keys; the message names the setting and the file, says what to do, and never quotes a key. */
export class KeyFileError extends Error {}

/**
 * The keys of a file that nobody but its owner may read.
 * @param setting the file's, for messages
 * @param make whether the file is made with a fresh key (0600) where it isn't there
 * @throws KeyFileError
 */
export function openKeyFile(setting: string, file: string, make: boolean): Key[] {
  let mode: number;
  try {
    mode = statSync(file).mode;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT') throw new KeyFileError(`${setting}: ${file} can't be read (${code})`);
    if (!make) throw new KeyFileError(`${setting}: ${file} isn't there, and its keys are needed: bring it back`);
    return [usable(madeKeyFile(setting, file))];
  }
  if ((mode & OTHERS) !== 0) {
    throw new KeyFileError(`${setting}: ${file} may be read by others than its owner: chmod 600 ${file}`);
  }
  return readKeyFile(setting, file).keys.map(usable);
}

/** @throws KeyFileError */
export function readKeyFile(setting: string, file: string): KeyFile {
  let given: unknown;
  try {
    given = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    const { code = 'it is no JSON' } = error as NodeJS.ErrnoException;
    throw new KeyFileError(`${setting}: ${file} can't be read (${code})`);
  }
  const read = KeyFile.safeParse(given);
  if (read.success) return read.data;
  const places = read.error.issues.map(({ path }) => path.join('.') || 'its top');
  throw new KeyFileError(`${setting}: ${file} doesn't fit at ${places.join(', ')}`);
}

/** A fresh key with a name of its own. */
export function newKey(): KeyFile['keys'][number] {
  const id = Array.from({ length: ID_LETTERS }, () => LETTERS.charAt(randomInt(LETTERS.length))).join('');
  return { id, key: randomBytes(32).toString('base64') };
}

export function keyFileText(file: KeyFile): string {
  return `${JSON.stringify(file, null, 2)}\n`;
}

function madeKeyFile(setting: string, file: string): KeyFile['keys'][number] {
  const fresh = newKey();
  try {
    // A write comes back when it is on the disk: fsync is refused under Node's permission model.
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_DSYNC;
    const handle = openSync(file, flags, 0o600);
    writeSync(handle, keyFileText({ keys: [fresh] }));
    closeSync(handle);
  } catch (error) {
    throw new KeyFileError(`${setting}: ${file} can't be made (${(error as NodeJS.ErrnoException).code})`);
  }
  return fresh;
}

function usable({ id, key }: KeyFile['keys'][number]): Key {
  return { id, bytes: Buffer.from(key, 'base64') };
}
