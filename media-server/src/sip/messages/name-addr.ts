import { err, ok, type Result } from '../../shared/result.ts';
import { formatParams, NO_PARAMS, type Params, parseParams } from './params.ts';
import {
  consistsOf,
  decodeUtf8,
  endOf,
  type Malformed,
  quote,
  quotedEnd,
  skipBlank,
  TOKEN,
  trimBlank,
  unquote,
  visibleExcept,
} from './scan.ts';
import { schemeOf } from './uri.ts';

/** One value of From, To, Contact, Route, Record-Route, P-Asserted-Identity, Refer-To (RFC 3261 §20.10). */
export interface NameAddr {
  /** Unquoted and read as UTF-8, for people. */
  readonly displayName?: string;
  /** The URI as it was written; any scheme. */
  readonly uri: string;
  /** Parameters of the header, outside `<>`: tag, expires, q, +sip.instance. */
  readonly params: Params;
}

// Wider than RFC 3261's `*(token LWS)`: names with UTF-8, '@' or brackets and no quotes occur. A comma stays refused (RFC 4475 §3.1.2.15).
const DISPLAY = visibleExcept('"<>,;:\\').fill(1, 0x20, 0x21).fill(1, 0x09, 0x0a);
// Without `<>` neither comma, question mark nor semicolon is the URI's (RFC 3261 §20.10).
const BARE_URI = visibleExcept('<>",?;');

/** Reads one element (see `splitList`). `*` of a REGISTER's Contact is not one. */
export function parseNameAddr(value: string): Result<NameAddr, Malformed> {
  const start = skipBlank(value, 0);
  let open: number;
  let displayName: string | undefined;
  if (value[start] === '"') {
    const end = quotedEnd(value, start);
    if (end < 0) return err('malformed');
    displayName = unquote(value.slice(start, end));
    open = skipBlank(value, end);
  } else {
    open = endOf(DISPLAY, value, start);
    displayName = trimBlank(value.slice(start, open));
    if (value[open] !== '<') return parseBare(value, start);
  }
  const close = value.indexOf('>', open);
  if (value[open] !== '<' || close < 0) return err('malformed');
  const uri = value.slice(open + 1, close);
  if (schemeOf(uri) === undefined) return err('malformed');
  const params = parseParams(value, close + 1);
  if (!params.ok) return params;
  return ok({ ...(displayName !== '' && { displayName: decodeUtf8(displayName) }), uri, params: params.value });
}

function parseBare(value: string, start: number): Result<NameAddr, Malformed> {
  const end = endOf(BARE_URI, value, start);
  const uri = value.slice(start, end);
  if (schemeOf(uri) === undefined) return err('malformed');
  const params = parseParams(value, end);
  return params.ok ? ok({ uri, params: params.value }) : params;
}

/** Writes it, always with `<>`; a display name that isn't plain words is quoted. */
export function formatNameAddr(address: {
  readonly displayName?: string | undefined;
  readonly uri: string;
  readonly params?: Params;
}): string {
  const { displayName, uri, params = NO_PARAMS } = address;
  const name = displayName ? `${consistsOf(TOKEN, displayName) ? displayName : quote(displayName)} ` : '';
  return `${name}<${uri}>${formatParams(params)}`;
}
