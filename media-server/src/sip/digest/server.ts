import { createHmac, timingSafeEqual } from 'node:crypto';
import { err, ok, type Result } from '../../shared/result.ts';
import type { Headers } from '../messages/message.ts';
import { decodeUtf8, unquote } from '../messages/scan.ts';
import { ALGORITHMS, type Algorithm, type DigestFields, escaped, formatDigest, parseDigest } from './fields.ts';
import { digestResponse } from './hash.ts';

/** Credentials for our realm, read but not yet believed. */
export interface DigestCredentials {
  /** The user name, unescaped. */
  readonly user: string;
  readonly algorithm: Algorithm;
  readonly fields: DigestFields;
}

/** Stored HA1 of a user, hex, for each algorithm. */
export interface StoredHa1 {
  readonly md5: string;
  readonly sha256: string;
}

/**
 * `stale`: the password is right, the nonce is too old, used up or not of this process: challenge again with `stale`, and the
 * client repeats without asking anybody (RFC 7616 §3.3). `wrong`: user or password is wrong.
 */
export type Verdict = 'right' | 'wrong' | 'stale';

export interface DigestServerOptions {
  readonly realm: string;
  /** 32 random bytes, of this process alone. */
  readonly key: Buffer;
  /** How long a nonce is good, ms. */
  readonly nonceMs?: number;
  /** How many used nonces are remembered. Beyond it the oldest become stale. */
  readonly nonces?: number;
}

const DEFAULT_NONCE_MS = 300_000;
const DEFAULT_NONCES = 10_000;
const NONCE = /^([0-9a-f]{12})([0-9a-f]{10})([0-9a-f]{32})$/;
const NC = /^[0-9a-f]{8}$/i;
const NO_HA1 = '-';

/**
 * The server's side of digest (RFC 7616, 8760): challenges, and checks what comes back. A nonce is its time, a count and an
 * HMAC over both, so that challenging costs no memory; only nonces that a right password was used with are remembered, with
 * the highest nc seen. nc must rise: a repeated request is stale. Time is given in, in ms.
 */
export class DigestServer {
  readonly #realm: string;
  readonly #key: Buffer;
  readonly #nonceMs: number;
  readonly #noncesLimit: number;
  readonly #used = new Map<string, { readonly madeAt: number; nc: number }>();
  /** Nonces made up to here may have been forgotten though they were used. */
  #forgottenUpTo = -1;
  #count = 0;

  constructor({ realm, key, nonceMs = DEFAULT_NONCE_MS, nonces = DEFAULT_NONCES }: DigestServerOptions) {
    this.#realm = escaped(realm);
    this.#key = key;
    this.#nonceMs = nonceMs;
    this.#noncesLimit = nonces;
  }

  /**
   * Values of two WWW-Authenticate (or Proxy-Authenticate) headers. MD5 stands first: sip.js knows nothing else and gives up
   * at a first challenge that it doesn't know; others take the strongest.
   */
  challenges(now: number, stale = false): string[] {
    const nonce = this.#newNonce(now);
    return ALGORITHMS.map((algorithm) => {
      const fields = new Map([
        ['realm', this.#realm],
        ['nonce', nonce],
        ['algorithm', algorithm],
        ['qop', 'auth'],
      ]);
      if (stale) fields.set('stale', 'true');
      return formatDigest(fields, 'challenge');
    });
  }

  /** The credentials for our realm among the headers of that name; `none` if there are none that we could check. */
  credentials(headers: Headers, name: 'Authorization' | 'Proxy-Authorization'): Result<DigestCredentials, 'none'> {
    for (const value of headers.all(name)) {
      const fields = parseDigest(value);
      if (!fields.ok || fields.value.get('realm') !== this.#realm) continue;
      const user = fields.value.get('username');
      const written = (fields.value.get('algorithm') ?? 'MD5').toUpperCase();
      const algorithm = ALGORITHMS.find((known) => known === written);
      if (user === undefined || algorithm === undefined) continue;
      return ok({ user: decodeUtf8(unquote(`"${user}"`)), algorithm, fields: fields.value });
    }
    return err('none');
  }

  /**
   * Checks credentials against the user's stored HA1 (undefined: no such user, which takes as long). The digest's own uri
   * is taken: proxies on the way may have rewritten the request's (RFC 3261 §22.4).
   */
  verify(credentials: DigestCredentials, method: string, stored: StoredHa1 | undefined, now: number): Verdict {
    const { fields, algorithm } = credentials;
    const nonce = fields.get('nonce') ?? '';
    const nc = fields.get('nc') ?? '';
    const cnonce = fields.get('cnonce');
    const uri = fields.get('uri');
    const response = fields.get('response');
    const isAuth = fields.get('qop')?.toLowerCase() === 'auth';
    if (!isAuth || !NC.test(nc) || cnonce === undefined || uri === undefined || response === undefined) return 'wrong';
    const secret = algorithm === 'MD5' ? stored?.md5 : stored?.sha256;
    const expected = digestResponse({ algorithm, ha1: secret ?? NO_HA1, method, uri, nonce, auth: { nc, cnonce } });
    if (!sameText(expected, response.toLowerCase()) || secret === undefined) return 'wrong';
    return this.#use(nonce, Number.parseInt(nc, 16), now) ? 'right' : 'stale';
  }

  #use(nonce: string, nc: number, now: number): boolean {
    const madeAt = this.#timeOf(nonce);
    if (madeAt === undefined || madeAt > now || now - madeAt > this.#nonceMs) return false;
    const used = this.#used.get(nonce);
    if (used) {
      if (nc <= used.nc) return false;
      used.nc = nc;
      return true;
    }
    if (madeAt <= this.#forgottenUpTo) return false;
    this.#forget(now);
    this.#used.set(nonce, { madeAt, nc });
    return true;
  }

  #forget(now: number): void {
    for (const [nonce, { madeAt }] of this.#used) {
      const isFull = this.#used.size >= this.#noncesLimit;
      if (!isFull && now - madeAt <= this.#nonceMs) return;
      this.#used.delete(nonce);
      this.#forgottenUpTo = Math.max(this.#forgottenUpTo, madeAt);
    }
  }

  #newNonce(now: number): string {
    this.#count = (this.#count + 1) % 2 ** 40;
    const head = Math.floor(now).toString(16).padStart(12, '0') + this.#count.toString(16).padStart(10, '0');
    return head + this.#mac(head);
  }

  /** When a nonce of ours was made; undefined if it isn't ours. */
  #timeOf(nonce: string): number | undefined {
    const [, time = '', count = '', mac = ''] = NONCE.exec(nonce) ?? [];
    return mac !== '' && sameText(this.#mac(time + count), mac) ? Number.parseInt(time, 16) : undefined;
  }

  #mac(head: string): string {
    return createHmac('sha256', this.#key).update(head).update(this.#realm).digest('hex').slice(0, 32);
  }
}

function sameText(a: string, b: string): boolean {
  const [bytesA, bytesB] = [Buffer.from(a, 'latin1'), Buffer.from(b, 'latin1')];
  return bytesA.length === bytesB.length && timingSafeEqual(bytesA, bytesB);
}
