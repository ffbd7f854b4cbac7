import { createHmac, hkdfSync } from 'node:crypto';
import type { Id } from '../../shared/ids.ts';
import { digitBuffer } from '../digit-buffers.ts';
import { type Key, openKeyFile } from '../vault/key-file.ts';

/** The setting of their keys. */
export const FINGERPRINT_SETTING = 'card.fingerprintKeyFile';
const ASCII_ZERO = 0x30;

/**
 * Keyed digests of card numbers, by which a merchant's card is known again without its number: HMAC-SHA-256 under a key
 * of the merchant's own (HKDF of the file's key). They stay in the ledger and the keys in their file; who has both can
 * try card numbers out, so neither leaves the card process, and the file belongs where the ledger's backups don't go.
 */
export class Fingerprints {
  readonly #file: string;
  #keys: readonly Key[];

  /**
   * Reads the key file; makes it with a fresh key (0600) where it isn't there.
   * @throws KeyFileError
   */
  static open(file: string): Fingerprints {
    return new Fingerprints(file, openKeyFile(FINGERPRINT_SETTING, file, true));
  }

  private constructor(file: string, keys: readonly Key[]) {
    this.#file = file;
    this.#keys = keys;
  }

  /**
   * Reads the key file anew: after a key was put in front of it, or taken out.
   * @throws KeyFileError, and all is as it was
   */
  reload(): void {
    this.#keys = openKeyFile(FINGERPRINT_SETTING, this.#file, false);
  }

  /** `<key id>.<base64url of 32 bytes>` under the newest key. `number`: one byte per digit, 0…9; read, not zeroed. */
  of(merchant: Id, number: Buffer): string {
    const [newest] = this.#keys;
    if (!newest) throw new Error('there is no key');
    return `${newest.id}.${digest(newest.bytes, merchant, number)}`;
  }

  /** Whether a fingerprint made earlier is of this card; undefined where its key is gone. */
  matches(merchant: Id, number: Buffer, fingerprint: string): boolean | undefined {
    const [id, made] = fingerprint.split('.');
    const key = this.#keys.find((one) => one.id === id);
    return key && digest(key.bytes, merchant, number) === made;
  }
}

function digest(master: Buffer, merchant: Id, number: Buffer): string {
  const key = Buffer.from(hkdfSync('sha256', master, Buffer.alloc(0), `pan-fp|${merchant}`, 32));
  const ascii = digitBuffer(number.length);
  try {
    for (let at = 0; at < number.length; at++) ascii[at] = ASCII_ZERO + (number[at] ?? 0);
    return createHmac('sha256', key).update(ascii).digest('base64url');
  } finally {
    ascii.fill(0);
    key.fill(0);
  }
}
