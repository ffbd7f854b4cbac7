import { err, ok, type Result } from '../../shared/result.ts';
import {
  charSet,
  consistsOf,
  endOf,
  type Malformed,
  quote,
  quotedEnd,
  skipBlank,
  TOKEN,
  TOKEN_CHARS,
  unquote,
  visibleExcept,
} from './scan.ts';

/** Parameters by lower-case name, in their order; `undefined` for one without a value. Quoted values are unquoted. */
export type Params = ReadonlyMap<string, string | undefined>;

export const NO_PARAMS: Params = new Map();

// Wider than RFC 3261's token: tags with ':' or '/' and bare IPv6 addresses in `received` occur.
const VALUE = visibleExcept(';,"<>\\');
const PLAIN = charSet(`${TOKEN_CHARS}[]:`);

/**
 * Reads `;name=value;name="quoted";name` from `at` to the end of the text (RFC 3261 §25.1 generic-param). A name that
 * comes twice is malformed (§7.3.1).
 */
export function parseParams(text: string, at = 0): Result<Params, Malformed> {
  let position = skipBlank(text, at);
  if (position === text.length) return ok(NO_PARAMS);
  const params = new Map<string, string | undefined>();
  while (position < text.length) {
    if (text[position] !== ';') return err('malformed');
    const nameStart = skipBlank(text, position + 1);
    const nameEnd = endOf(TOKEN, text, nameStart);
    if (nameEnd === nameStart) return err('malformed');
    const name = text.slice(nameStart, nameEnd).toLowerCase();
    if (params.has(name)) return err('malformed');
    position = skipBlank(text, nameEnd);
    if (text[position] !== '=') {
      params.set(name, undefined);
      continue;
    }
    const start = skipBlank(text, position + 1);
    const quoted = text[start] === '"';
    const end = quoted ? quotedEnd(text, start) : endOf(VALUE, text, start);
    if (end <= start) return err('malformed');
    const value = text.slice(start, end);
    params.set(name, quoted ? unquote(value) : value);
    position = skipBlank(text, end);
  }
  return ok(params);
}

/** `;name=value…`, values quoted where they must be. */
export function formatParams(params: Params): string {
  let text = '';
  for (const [name, value] of params) {
    if (value === undefined) text += `;${name}`;
    else text += `;${name}=${consistsOf(PLAIN, value) ? value : quote(value)}`;
  }
  return text;
}
