import { createHash } from 'node:crypto';
import type { Algorithm } from './fields.ts';

const NODE_NAMES: Record<Algorithm, string> = { MD5: 'md5', 'SHA-256': 'sha256' };

/** H(data) of RFC 7616 §3.3 as lower-case hex; `text` is latin1, one character per octet. */
export function hash(algorithm: Algorithm, text: string): string {
  return createHash(NODE_NAMES[algorithm]).update(text, 'latin1').digest('hex');
}

/** HA1 as it is stored: hex of H(user:realm:password), in UTF-8 (RFC 7616 §3.4.2). As secret as the password within its realm. */
export function ha1(algorithm: Algorithm, user: string, realm: string, password: string): string {
  return createHash(NODE_NAMES[algorithm]).update(`${user}:${realm}:${password}`, 'utf8').digest('hex');
}

/** What a response is made of, apart from the password. All as octets in latin1. */
export interface ResponseInput {
  readonly algorithm: Algorithm;
  /** For `-sess` algorithms, the HA1 of the session (`sessionHa1`). */
  readonly ha1: string;
  readonly method: string;
  readonly uri: string;
  readonly nonce: string;
  /** Absent: RFC 2069's form without qop. */
  readonly auth?: { readonly nc: string; readonly cnonce: string };
}

/** The `response` field (RFC 7616 §3.4.1), for qop=auth or none. */
export function digestResponse({ algorithm, ha1: secret, method, uri, nonce, auth }: ResponseInput): string {
  const ha2 = hash(algorithm, `${method}:${uri}`);
  const middle = auth ? `${nonce}:${auth.nc}:${auth.cnonce}:auth` : nonce;
  return hash(algorithm, `${secret}:${middle}:${ha2}`);
}

/** HA1 of MD5-sess and SHA-256-sess (RFC 7616 §3.4.2). */
export function sessionHa1(algorithm: Algorithm, secret: string, nonce: string, cnonce: string): string {
  return hash(algorithm, `${secret}:${nonce}:${cnonce}`);
}
