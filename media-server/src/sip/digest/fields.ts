import { err, ok, type Result } from '../../shared/result.ts';
import { endOf, type Malformed, quote, quotedEnd, skipBlank, TOKEN, visibleExcept } from '../messages/scan.ts';

/**
 * The parameters of a Digest challenge or credentials (RFC 7616 §3.3, §3.4) by lower-case name. Values are as between
 * the quotes, backslashes included: RFC 7616's `unq` doesn't touch them, and both sides must hash the same octets.
 */
export type DigestFields = ReadonlyMap<string, string>;

/** Hash functions known here, weakest first (RFC 8760 §2.3). */
export const ALGORITHMS = ['MD5', 'SHA-256'] as const;
export type Algorithm = (typeof ALGORITHMS)[number];

const VALUE = visibleExcept(',"\\');
const FIELDS_LIMIT = 32;

/**
 * Reads `Digest name=value, name="value"`. `other-scheme` for another authentication scheme. One header line holds one
 * challenge (RFC 3261 §20.44).
 */
export function parseDigest(value: string): Result<DigestFields, Malformed | 'other-scheme'> {
  const schemeEnd = endOf(TOKEN, value, 0);
  if (value.slice(0, schemeEnd).toLowerCase() !== 'digest') return err('other-scheme');
  const fields = new Map<string, string>();
  let at = skipBlank(value, schemeEnd);
  while (at < value.length) {
    const nameEnd = endOf(TOKEN, value, at);
    const name = value.slice(at, nameEnd).toLowerCase();
    const equals = skipBlank(value, nameEnd);
    if (name === '' || value[equals] !== '=' || fields.has(name) || fields.size >= FIELDS_LIMIT)
      return err('malformed');
    const start = skipBlank(value, equals + 1);
    const quoted = value[start] === '"';
    const end = quoted ? quotedEnd(value, start) : endOf(VALUE, value, start);
    if (end < start) return err('malformed');
    fields.set(name, quoted ? value.slice(start + 1, end - 1) : value.slice(start, end));
    at = skipBlank(value, end);
    if (at === value.length) break;
    if (value[at] !== ',') return err('malformed');
    at = skipBlank(value, at + 1);
  }
  return ok(fields);
}

const UNQUOTED = new Set(['algorithm', 'nc', 'stale']);

/**
 * Writes `Digest name="value", …`; values must be as `parseDigest` gives them. `qop` is quoted in a challenge, where it is
 * a list, and isn't in credentials (RFC 7616 §3.4).
 */
export function formatDigest(fields: DigestFields, of: 'challenge' | 'credentials'): string {
  const parts: string[] = [];
  for (const [name, value] of fields) {
    const plain = UNQUOTED.has(name) || (name === 'qop' && of === 'credentials');
    parts.push(plain ? `${name}=${value}` : `${name}="${value}"`);
  }
  return `Digest ${parts.join(', ')}`;
}

/** A user or realm of ours as it stands between the quotes: octets of UTF-8, backslashes before quotes. */
export function escaped(text: string): string {
  return quote(Buffer.from(text, 'utf8').toString('latin1')).slice(1, -1);
}
