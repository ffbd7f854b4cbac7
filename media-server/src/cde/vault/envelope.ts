import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { z } from 'zod';
import { err, ok, type Result } from '../../shared/result.ts';
import type { KeyRing } from './key-ring.ts';

const CIPHER = 'aes-256-gcm';
const KEY_BYTES = 32;
/** What GCM is made for (NIST SP 800-38D §5.2.1.1). */
const IV_BYTES = 12;
const TAG_BYTES = 16;

/** Something sealed: it is encrypted under a key of its own (`dek`), and that key under the key `kid` of the ring. All bytes are base64. */
export const Envelope = z.strictObject({
  v: z.literal(1),
  kid: z.string(),
  iv: z.base64(),
  /** The wrapped key: its IV, the ciphertext, the tag. */
  dek: z.base64(),
  ct: z.base64(),
  tag: z.base64(),
});
export type Envelope = z.infer<typeof Envelope>;

/**
 * Whose and what a sealed thing is. It is authenticated, not stored: an envelope that was put in another's place, or
 * beside other settings than those it was sealed with, doesn't open.
 */
export interface Place {
  readonly merchant: string;
  readonly record: string;
  readonly field: string;
  readonly version: number;
  /** Digest of what stands beside it in the clear. */
  readonly beside: string;
}

/** `no-key`: the ring doesn't have the key any more. `not-authentic`: changed, swapped, or under another key of this name. */
export type WhyShut = 'no-key' | 'not-authentic';

/** Seals under the newest key of the ring. `plain` is read, not zeroed. */
export function seal(ring: KeyRing, place: Place, plain: Buffer): Envelope {
  const key = randomBytes(KEY_BYTES);
  try {
    const { id: kid, bytes } = ring.newest;
    const { iv, ct, tag } = encrypt(key, about(place), plain);
    const dek = wrap(bytes, kid, place, key);
    return { v: 1, kid, iv: base64(iv), dek, ct: base64(ct), tag: base64(tag) };
  } finally {
    key.fill(0);
  }
}

/** Opens; the caller zeroes what comes. */
export function open(ring: KeyRing, place: Place, sealed: Envelope): Result<Buffer, WhyShut> {
  const key = unwrap(ring, place, sealed);
  if (!key.ok) return key;
  try {
    return decrypt(key.value, about(place), bytesOf(sealed.iv), bytesOf(sealed.ct), bytesOf(sealed.tag));
  } finally {
    key.value.fill(0);
  }
}

/** The same under the newest key of the ring: only its key is wrapped anew, what is sealed stays as it is. */
export function rewrap(ring: KeyRing, place: Place, sealed: Envelope): Result<Envelope, WhyShut> {
  const key = unwrap(ring, place, sealed);
  if (!key.ok) return key;
  try {
    const { id: kid, bytes } = ring.newest;
    return ok({ ...sealed, kid, dek: wrap(bytes, kid, place, key.value) });
  } finally {
    key.value.fill(0);
  }
}

function wrap(kek: Buffer, kid: string, place: Place, key: Buffer): string {
  const { iv, ct, tag } = encrypt(kek, about(place, kid), key);
  return base64(Buffer.concat([iv, ct, tag]));
}

function unwrap(ring: KeyRing, place: Place, { kid, dek }: Envelope): Result<Buffer, WhyShut> {
  const kek = ring.find(kid);
  if (!kek) return err('no-key');
  const bytes = bytesOf(dek);
  if (bytes.length !== IV_BYTES + KEY_BYTES + TAG_BYTES) return err('not-authentic');
  const end = IV_BYTES + KEY_BYTES;
  const [iv, ct, tag] = [bytes.subarray(0, IV_BYTES), bytes.subarray(IV_BYTES, end), bytes.subarray(end)];
  return decrypt(kek, about(place, kid), iv, ct, tag);
}

function encrypt(key: Buffer, aad: Buffer, plain: Buffer): { iv: Buffer; ct: Buffer; tag: Buffer } {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv(CIPHER, key, iv, { authTagLength: TAG_BYTES }).setAAD(aad);
  const ct = Buffer.concat([cipher.update(plain), cipher.final()]);
  return { iv, ct, tag: cipher.getAuthTag() };
}

function decrypt(key: Buffer, aad: Buffer, iv: Buffer, ct: Buffer, tag: Buffer): Result<Buffer, WhyShut> {
  if (iv.length !== IV_BYTES || tag.length !== TAG_BYTES) return err('not-authentic');
  const cipher = createDecipheriv(CIPHER, key, iv, { authTagLength: TAG_BYTES }).setAAD(aad).setAuthTag(tag);
  const plain = Buffer.alloc(ct.length);
  try {
    cipher.update(ct).copy(plain);
    cipher.final();
    return ok(plain);
  } catch {
    plain.fill(0);
    return err('not-authentic');
  }
}

/** What is authenticated beside the ciphertext: of the wrapped key also under which key it is. */
function about({ merchant, record, field, version, beside }: Place, kid = ''): Buffer {
  return Buffer.from(JSON.stringify(['tonegate', 1, merchant, record, field, version, beside, kid]));
}

function base64(bytes: Buffer): string {
  return bytes.toString('base64');
}

function bytesOf(text: string): Buffer {
  return Buffer.from(text, 'base64');
}
