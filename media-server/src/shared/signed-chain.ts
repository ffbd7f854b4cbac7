import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';

/** What a record may hold: no fractions, no dates, so that its bytes are the same wherever it is written. */
export type Plain = string | number | boolean | null | readonly Plain[] | { readonly [name: string]: Plain };

/** What stands before the bytes that are signed, so that no signature fits anything else. */
const DOMAIN = 'tonegate-receipt-v1\n';

/** Before the first record of a chain. */
export const NO_DIGEST = '0'.repeat(64);

/**
 * JSON with sorted names and without spaces (RFC 8785, for strings, safe integers, booleans and null only).
 * @throws TypeError for a number that is no safe integer
 */
export function canonical(value: Plain): string {
  if (typeof value === 'number' && !Number.isSafeInteger(value)) throw new TypeError(`${value} is no safe integer`);
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (isList(value)) return `[${value.map(canonical).join(',')}]`;
  const names = Object.keys(value).sort();
  return `{${names.map((name) => `${JSON.stringify(name)}:${canonical(value[name] as Plain)}`).join(',')}}`;
}

function isList(value: Plain): value is readonly Plain[] {
  return Array.isArray(value);
}

/** SHA-256 of a record's canonical bytes, hex: what the next record of its chain names. */
export function digestOf(record: Plain): string {
  return createHash('sha256').update(canonical(record)).digest('hex');
}

/** Signs records with one Ed25519 key (RFC 8032). */
export class RecordSigner {
  readonly #key: KeyObject;
  readonly #public: KeyObject;
  readonly publicKey: string;
  /** First 16 hex digits of the public key's SHA-256 (of its SPKI DER). */
  readonly keyId: string;

  /**
   * @param privateKey PKCS#8 PEM
   * @throws Error where it isn't an Ed25519 key; the message doesn't quote it
   */
  constructor(privateKey: string) {
    try {
      this.#key = createPrivateKey(privateKey);
    } catch {
      throw new Error('the receipt key is no private key in PEM');
    }
    if (this.#key.asymmetricKeyType !== 'ed25519') throw new Error('the receipt key is no Ed25519 key');
    const key = createPublicKey(this.#key);
    this.#public = key;
    this.publicKey = key.export({ type: 'spki', format: 'pem' }).toString();
    this.keyId = createHash('sha256')
      .update(key.export({ type: 'spki', format: 'der' }))
      .digest('hex')
      .slice(0, 16);
  }

  /** base64url */
  sign(record: Plain): string {
    return sign(null, Buffer.from(DOMAIN + canonical(record)), this.#key).toString('base64url');
  }

  /** Whether the signature is this key's own, over this record. */
  fits(record: Plain, signature: string): boolean {
    return verify(null, Buffer.from(DOMAIN + canonical(record)), this.#public, Buffer.from(signature, 'base64url'));
  }
}
