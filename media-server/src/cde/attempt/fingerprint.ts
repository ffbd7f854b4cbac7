import { createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import type { Id } from '../../shared/ids.ts';

/**
 * The key file, JSON. The first key makes fingerprints; those after it only compare, until what they made is old. To
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

const ASCII_ZERO = 0x30;

/**
 * Keyed digests of card numbers, by which a merchant's card is known again without its number: HMAC-SHA-256 under a key
 * of the merchant's own (HKDF of the master key). They stay in the ledger, the keys beside it; who has both can try card
 * numbers out, so neither leaves the card process.
 */
export class Fingerprints {
  readonly #keys: readonly { readonly id: string; readonly key: Buffer }[];

  /**
   * Reads the key file; makes it with a fresh key (mode 0600) where it isn't there.
   * @throws Error that names the file
   */
  static open(file: string): Fingerprints {
    let text: string;
    try {
      text = readFileSync(file, 'utf8');
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'ENOENT') throw new Error(`fingerprintKeyFile: ${file} can't be read (${code})`);
      text = JSON.stringify({ keys: [{ id: 'first', key: randomBytes(32).toString('base64') }] });
      writeFileSync(file, text, { mode: 0o600, flag: 'wx', flush: true });
    }
    const read = KeyFile.safeParse(parsed(text));
    // What is wrong is said by its place alone: the message must not quote a key.
    if (!read.success)
      throw new Error(
        `fingerprintKeyFile: ${file} doesn't fit at ${read.error.issues.map(({ path }) => path.join('.')).join(', ')}`,
      );
    return new Fingerprints(read.data.keys.map(({ id, key }) => ({ id, key: Buffer.from(key, 'base64') })));
  }

  private constructor(keys: readonly { readonly id: string; readonly key: Buffer }[]) {
    this.#keys = keys;
  }

  /** `<key id>.<base64url of 32 bytes>` under the newest key. `number`: one byte per digit, 0…9; read, not zeroed. */
  of(merchant: Id, number: Buffer): string {
    const [newest] = this.#keys;
    if (!newest) throw new Error('there is no key');
    return `${newest.id}.${digest(newest.key, merchant, number)}`;
  }

  /** Whether a fingerprint made earlier is of this card; undefined where its key is gone. */
  matches(merchant: Id, number: Buffer, fingerprint: string): boolean | undefined {
    const [id, made] = fingerprint.split('.');
    const key = this.#keys.find((one) => one.id === id);
    return key && digest(key.key, merchant, number) === made;
  }
}

function digest(master: Buffer, merchant: Id, number: Buffer): string {
  const key = Buffer.from(hkdfSync('sha256', master, Buffer.alloc(0), `pan-fp|${merchant}`, 32));
  // Memory of its own, not of Node's pool, so that zeroing it leaves nothing.
  const ascii = Buffer.alloc(number.length);
  try {
    for (let at = 0; at < number.length; at++) ascii[at] = ASCII_ZERO + (number[at] ?? 0);
    return createHmac('sha256', key).update(ascii).digest('base64url');
  } finally {
    ascii.fill(0);
    key.fill(0);
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
