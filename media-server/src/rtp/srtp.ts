import { createCipheriv, createDecipheriv } from 'node:crypto';
import { readUint32, RTP_HEADER_BYTES } from './packet.ts';

/**
 * SRTP and SRTCP with AEAD_AES_256_GCM (RFC 3711, 6188, 7714), which is all that two ends of ours speak with each other:
 * no other suite, no MKI, no rekeying. The ciphers are Node's.
 */

/** Master key and salt of one direction, bytes. */
export const SRTP_KEY_BYTES = 44;
const MASTER_KEY_BYTES = 32;
const SALT_BYTES = 12;
const TAG_BYTES = 16;
/** How far behind its stream's newest a packet may be, and is still told from one that was there already. */
const WINDOW = 128;
/** Streams of one sender; beyond that the one that began first is forgotten. */
const STREAM_LIMIT = 64;
const RTCP_HEADER_BYTES = 8;
const RTCP_INDEX_BYTES = 4;
/** Of the word after an SRTCP packet's tag: the E flag, and the 31 bits of its index. */
const ENCRYPTED = 0x8000_0000;
const LABELS = { rtp: { key: 0, salt: 2 }, rtcp: { key: 3, salt: 5 } } as const;

interface SessionKeys {
  readonly key: Buffer;
  readonly salt: Buffer;
}

/**
 * Session key and salt from a master key and salt (RFC 3711 §4.3.1, with AES-256 by RFC 6188 §3). A salt shorter than 14
 * bytes counts as if zeros followed (RFC 7714 §11).
 */
export function deriveKeys(
  masterKey: Uint8Array,
  masterSalt: Uint8Array,
  labels: { readonly key: number; readonly salt: number },
): SessionKeys {
  const derive = (label: number, bytes: number) => {
    const iv = Buffer.alloc(16);
    iv.set(masterSalt);
    iv[7] = (iv[7] as number) ^ label;
    return createCipheriv('aes-256-ctr', masterKey, iv).update(Buffer.alloc(bytes));
  };
  return { key: derive(labels.key, MASTER_KEY_BYTES), salt: derive(labels.salt, 14) };
}

function sessionKeys(master: Buffer, labels: { readonly key: number; readonly salt: number }): SessionKeys {
  if (master.length !== SRTP_KEY_BYTES) throw new Error('an SRTP master key of another length');
  const { key, salt } = deriveKeys(master.subarray(0, MASTER_KEY_BYTES), master.subarray(MASTER_KEY_BYTES), labels);
  return { key, salt: salt.subarray(0, SALT_BYTES) };
}

/** Which packets of one stream were there: numbers with their rollovers (RFC 3711 §3.3.1), and a window of the latest. */
class Seen {
  #newest: number;
  #bits = 1n;

  constructor(newest: number) {
    this.#newest = newest;
  }

  /** The number with its rollovers that a packet's 16 bits stand for: the one nearest to the newest. Negative: before the first. */
  index(sequence: number): number {
    return this.#newest + (((sequence - this.#newest) << 16) >> 16);
  }

  has(index: number): boolean {
    const behind = this.#newest - index;
    return behind >= 0 && (behind >= WINDOW || ((this.#bits >> BigInt(behind)) & 1n) === 1n);
  }

  add(index: number): void {
    const ahead = index - this.#newest;
    if (ahead > 0) {
      this.#bits = BigInt.asUintN(WINDOW, ahead >= WINDOW ? 1n : (this.#bits << BigInt(ahead)) | 1n);
      this.#newest = index;
    } else this.#bits |= 1n << BigInt(-ahead);
  }
}

/** The streams of one sender, by SSRC. */
class Streams {
  readonly #streams = new Map<number, Seen>();

  /** The packet's number with its rollovers, or undefined where it was there before or is too old to tell. */
  fresh(ssrc: number, sequence: number): number | undefined {
    const seen = this.#streams.get(ssrc);
    const index = seen?.index(sequence) ?? sequence;
    return index < 0 || seen?.has(index) ? undefined : index;
  }

  /** Whether the packet of this number was there before, or is too old to tell. */
  known(ssrc: number, index: number): boolean {
    return this.#streams.get(ssrc)?.has(index) ?? false;
  }

  add(ssrc: number, index: number): void {
    const seen = this.#streams.get(ssrc);
    if (seen) return seen.add(index);
    if (this.#streams.size >= STREAM_LIMIT) this.#streams.delete(this.#streams.keys().next().value as number);
    this.#streams.set(ssrc, new Seen(index));
  }
}

/** RFC 7714 §8.1: the SSRC, the rollovers and the number, under the salt. */
function rtpIv(salt: Buffer, ssrc: number, index: number): Buffer {
  const iv = Buffer.alloc(SALT_BYTES);
  iv.writeUInt32BE(ssrc, 2);
  iv.writeUIntBE(index, 6, 6);
  return under(salt, iv);
}

/** RFC 7714 §9.1 */
function rtcpIv(salt: Buffer, ssrc: number, index: number): Buffer {
  const iv = Buffer.alloc(SALT_BYTES);
  iv.writeUInt32BE(ssrc, 2);
  iv.writeUInt32BE(index, 8);
  return under(salt, iv);
}

function under(salt: Buffer, iv: Buffer): Buffer {
  for (let i = 0; i < SALT_BYTES; i++) iv[i] = (iv[i] as number) ^ (salt[i] as number);
  return iv;
}

/** Encrypts `plain`, and authenticates it with `header`. */
export function seal(key: Buffer, iv: Buffer, header: Uint8Array, plain: Uint8Array): Buffer {
  const cipher = createCipheriv('aes-256-gcm', key, iv);
  cipher.setAAD(header);
  const sealed = cipher.update(plain);
  cipher.final();
  return Buffer.concat([sealed, cipher.getAuthTag()]);
}

/** What was sealed, or undefined where it wasn't by this key, or not with this header. */
function unseal(key: Buffer, iv: Buffer, header: Uint8Array, sealed: Uint8Array): Buffer | undefined {
  const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: TAG_BYTES });
  const end = sealed.length - TAG_BYTES;
  decipher.setAAD(header);
  decipher.setAuthTag(sealed.subarray(end));
  const plain = decipher.update(sealed.subarray(0, end));
  try {
    decipher.final();
    return plain;
  } catch {
    return undefined;
  }
}

/** Bytes of an RTP packet that stay in clear: its header, CSRCs and extension. Undefined: it is no RTP packet. */
function headerBytes(packet: Uint8Array): number | undefined {
  const first = packet[0] ?? 0;
  let bytes = RTP_HEADER_BYTES + (first & 0x0f) * 4;
  if (first >> 6 !== 2 || packet.length < bytes) return undefined;
  if (first & 0x10) {
    if (packet.length < bytes + 4) return undefined;
    bytes += 4 + (((packet[bytes + 2] as number) << 8) | (packet[bytes + 3] as number)) * 4;
  }
  return packet.length < bytes ? undefined : bytes;
}

/** What one end sends: RTP of its streams, and RTCP. */
export class SrtpSender {
  readonly #rtp: SessionKeys;
  readonly #rtcp: SessionKeys;
  readonly #streams = new Streams();
  #rtcpIndex = 0;

  /** @param master key and salt, `SRTP_KEY_BYTES` */
  constructor(master: Buffer) {
    this.#rtp = sessionKeys(master, LABELS.rtp);
    this.#rtcp = sessionKeys(master, LABELS.rtcp);
  }

  /**
   * An RTP packet as SRTP. Undefined: it is none, or its number was sent already or is too old to tell: a number that is
   * used twice would give away what both packets hold and the key of their authenticity (RFC 7714 §8.4).
   */
  rtp(packet: Uint8Array): Buffer | undefined {
    const start = headerBytes(packet);
    if (start === undefined) return undefined;
    const [ssrc, sequence] = [readUint32(packet, 8), ((packet[2] as number) << 8) | (packet[3] as number)];
    const index = this.#streams.fresh(ssrc, sequence);
    if (index === undefined) return undefined;
    this.#streams.add(ssrc, index);
    const clear = packet.subarray(0, start);
    const { key, salt } = this.#rtp;
    return Buffer.concat([clear, seal(key, rtpIv(salt, ssrc, index), clear, packet.subarray(start))]);
  }

  /** An RTCP packet as SRTCP. Undefined: it is none. */
  rtcp(packet: Uint8Array): Buffer | undefined {
    if (packet.length < RTCP_HEADER_BYTES || this.#rtcpIndex >= ENCRYPTED - 1) return undefined;
    const index = ++this.#rtcpIndex;
    const word = Buffer.alloc(RTCP_INDEX_BYTES);
    word.writeUInt32BE(ENCRYPTED + index);
    const clear = packet.subarray(0, RTCP_HEADER_BYTES);
    const { key, salt } = this.#rtcp;
    const iv = rtcpIv(salt, readUint32(packet, 4), index);
    const sealed = seal(key, iv, Buffer.concat([clear, word]), packet.subarray(RTCP_HEADER_BYTES));
    return Buffer.concat([clear, sealed, word]);
  }
}

/** What one end receives from the other. Whatever isn't the other's, or comes again, is undefined. */
export class SrtpReceiver {
  readonly #rtp: SessionKeys;
  readonly #rtcp: SessionKeys;
  readonly #streams = new Streams();
  readonly #reports = new Streams();

  /** @param master key and salt, `SRTP_KEY_BYTES` */
  constructor(master: Buffer) {
    this.#rtp = sessionKeys(master, LABELS.rtp);
    this.#rtcp = sessionKeys(master, LABELS.rtcp);
  }

  rtp(packet: Uint8Array): Buffer | undefined {
    const start = headerBytes(packet);
    if (start === undefined || packet.length < start + TAG_BYTES) return undefined;
    const [ssrc, sequence] = [readUint32(packet, 8), ((packet[2] as number) << 8) | (packet[3] as number)];
    const index = this.#streams.fresh(ssrc, sequence);
    if (index === undefined) return undefined;
    const clear = packet.subarray(0, start);
    const { key, salt } = this.#rtp;
    const plain = unseal(key, rtpIv(salt, ssrc, index), clear, packet.subarray(start));
    if (!plain) return undefined;
    this.#streams.add(ssrc, index);
    return Buffer.concat([clear, plain]);
  }

  rtcp(packet: Uint8Array): Buffer | undefined {
    const end = packet.length - RTCP_INDEX_BYTES;
    if (end < RTCP_HEADER_BYTES + TAG_BYTES) return undefined;
    const word = packet.subarray(end);
    const marked = readUint32(word, 0);
    if (marked < ENCRYPTED) return undefined;
    const index = marked - ENCRYPTED;
    const ssrc = readUint32(packet, 4);
    // Its index is written out: no rollover has to be guessed.
    if (this.#reports.known(ssrc, index)) return undefined;
    const clear = packet.subarray(0, RTCP_HEADER_BYTES);
    const { key, salt } = this.#rtcp;
    const header = Buffer.concat([clear, word]);
    const plain = unseal(key, rtcpIv(salt, ssrc, index), header, packet.subarray(RTCP_HEADER_BYTES, end));
    if (!plain) return undefined;
    this.#reports.add(ssrc, index);
    return Buffer.concat([clear, plain]);
  }
}
