import { err, ok, type Result } from '../../shared/result.ts';
import { NO_PARAMS, type Params } from './params.ts';
import {
  charSet,
  consistsOf,
  decodeUtf8,
  endOf,
  HOST,
  IPV6,
  type Malformed,
  parseWhole,
  SCHEME,
  visibleExcept,
} from './scan.ts';

/**
 * A sip:, sips: or tel: URI (RFC 3261 §19.1, RFC 3966), escapes resolved. To route or answer, pass the URI's text on as
 * it came instead: two spellings can differ in meaning (§19.1.4).
 */
export interface SipUri {
  readonly scheme: 'sip' | 'sips' | 'tel';
  /** User part; for tel: the number without visual separators. */
  readonly user?: string;
  readonly password?: string;
  /** Lower case; IPv6 in brackets; empty for tel. */
  readonly host: string;
  /** 1–65535. */
  readonly port?: number;
  readonly params: Params;
  /** What follows `?`, in order. */
  readonly headers: readonly (readonly [name: string, value: string])[];
}

/** `unknown-scheme`: well-formed, but neither sip, sips nor tel (416, RFC 3261 §8.2.2.1). */
export type UriFault = Malformed | 'unknown-scheme';

const UNRESERVED = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.!~*'()";
const USER_PLAIN = charSet(`${UNRESERVED}&=+$,;?/`);
const PASSWORD_PLAIN = charSet(`${UNRESERVED}&=+$,`);
const PARAM_PLAIN = charSet(`${UNRESERVED}[]/:&+$`);
const HEADER_PLAIN = charSet(`${UNRESERVED}[]/?:+$`);
const URI_CHAR = visibleExcept('<>"');
const TEL_NUMBER = charSet('+0123456789abcdefABCDEF*#-.()');

/** Reads a URI. Malformed escapes, hosts and ports are refused; characters that users' parts may not hold but do (`#`) are not. */
export function parseUri(text: string): Result<SipUri, UriFault> {
  const scheme = schemeOf(text);
  if (scheme === undefined) return err('malformed');
  const rest = text.slice(scheme.length + 1);
  if (scheme === 'sip' || scheme === 'sips') return parseSip(scheme, rest);
  return scheme === 'tel' ? parseTel(rest) : err('unknown-scheme');
}

/** The lower-case scheme of something that has the shape of an absolute URI. */
export function schemeOf(text: string): string | undefined {
  const colon = endOf(SCHEME, text, 0);
  if (colon === 0 || text[colon] !== ':' || !/^[a-z]/i.test(text)) return undefined;
  if (colon + 1 === text.length || endOf(URI_CHAR, text, colon) !== text.length) return undefined;
  return text.slice(0, colon).toLowerCase();
}

function parseSip(scheme: 'sip' | 'sips', rest: string): Result<SipUri, Malformed> {
  // The only '@' ends the user part, which may hold ';' and '?' (RFC 4475 §3.1.1.2, §3.1.1.9).
  const at = rest.indexOf('@');
  let user: string | undefined;
  let password: string | undefined;
  if (at >= 0) {
    const colon = rest.indexOf(':');
    const hasPassword = colon >= 0 && colon < at;
    user = unescape(rest.slice(0, hasPassword ? colon : at));
    if (hasPassword) password = unescape(rest.slice(colon + 1, at));
    if (user === undefined || (hasPassword && password === undefined)) return err('malformed');
  }
  const hostPort = parseHostPort(rest, at + 1);
  if (!hostPort) return err('malformed');
  const question = rest.indexOf('?', hostPort.end);
  const paramsEnd = question < 0 ? rest.length : question;
  const params = parseUriParams(rest.slice(hostPort.end, paramsEnd));
  const headers = question < 0 ? [] : parseUriHeaders(rest.slice(question + 1));
  if (!params || !headers) return err('malformed');
  return ok({
    scheme,
    ...(user !== undefined && { user }),
    ...(password !== undefined && { password }),
    host: hostPort.host,
    ...(hostPort.port !== undefined && { port: hostPort.port }),
    params,
    headers,
  });
}

function parseTel(rest: string): Result<SipUri, Malformed> {
  const semicolon = rest.indexOf(';');
  const numberEnd = semicolon < 0 ? rest.length : semicolon;
  const written = rest.slice(0, numberEnd);
  const user = written.replace(/[-.()]/g, '');
  const params = parseUriParams(rest.slice(numberEnd));
  if (!consistsOf(TEL_NUMBER, written) || user.lastIndexOf('+') > 0 || !/[0-9a-f*#]/i.test(user) || !params) {
    return err('malformed');
  }
  return ok({ scheme: 'tel', user, host: '', params, headers: [] });
}

/** Reads `host[:port]` from `at`; `end` is the position after it. */
export function parseHostPort(
  text: string,
  at: number,
): { readonly host: string; readonly port?: number; readonly end: number } | undefined {
  let end: number;
  if (text[at] === '[') {
    const close = endOf(IPV6, text, at + 1);
    if (text[close] !== ']' || close < at + 3) return undefined;
    end = close + 1;
  } else {
    end = endOf(HOST, text, at);
    if (end === at) return undefined;
  }
  const host = text.slice(at, end).toLowerCase();
  if (text[end] !== ':') return { host, end };
  let portEnd = end + 1;
  while (portEnd < text.length && text.charCodeAt(portEnd) >= 0x30 && text.charCodeAt(portEnd) <= 0x39) portEnd++;
  const port = parseWhole(text.slice(end + 1, portEnd), 65_535);
  return port ? { host, port, end: portEnd } : undefined;
}

function parseUriParams(text: string): Params | undefined {
  if (text === '') return NO_PARAMS;
  if (text[0] !== ';') return undefined;
  const params = new Map<string, string | undefined>();
  for (const part of text.slice(1).split(';')) {
    const equals = part.indexOf('=');
    const name = unescape(equals < 0 ? part : part.slice(0, equals))?.toLowerCase();
    const value = equals < 0 ? undefined : unescape(part.slice(equals + 1));
    if (!name || params.has(name) || (equals >= 0 && value === undefined)) return undefined;
    params.set(name, value);
  }
  return params;
}

function parseUriHeaders(text: string): [string, string][] | undefined {
  const headers: [string, string][] = [];
  for (const part of text.split('&')) {
    const equals = part.indexOf('=');
    const name = unescape(part.slice(0, Math.max(equals, 0)));
    const value = unescape(part.slice(equals + 1));
    if (!name || value === undefined) return undefined;
    headers.push([name, value]);
  }
  return headers;
}

/** Resolves `%` escapes (octets, read as UTF-8); undefined if one isn't two hex digits, or a bare '@' is left. */
function unescape(text: string): string | undefined {
  if (text.includes('@')) return undefined;
  let percent = text.indexOf('%');
  if (percent < 0) return decodeUtf8(text);
  let plain = '';
  let from = 0;
  while (percent >= 0) {
    const hex = text.slice(percent + 1, percent + 3);
    if (!/^[0-9a-f]{2}$/i.test(hex)) return undefined;
    plain += text.slice(from, percent) + String.fromCharCode(Number.parseInt(hex, 16));
    from = percent + 3;
    percent = text.indexOf('%', from);
  }
  return decodeUtf8(plain + text.slice(from));
}

function escape(text: string, plain: Uint8Array): string {
  if (consistsOf(plain, text)) return text;
  let escaped = '';
  for (const octet of Buffer.from(text, 'utf8')) {
    escaped +=
      plain[octet] === 1 ? String.fromCharCode(octet) : `%${octet.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return escaped;
}

/** Writes a URI, escaping what its parts may not hold. */
export function formatUri(uri: SipUri): string {
  let text = `${uri.scheme}:`;
  if (uri.scheme === 'tel') text += uri.user ?? '';
  else {
    if (uri.user !== undefined) {
      text += escape(uri.user, USER_PLAIN);
      if (uri.password !== undefined) text += `:${escape(uri.password, PASSWORD_PLAIN)}`;
      text += '@';
    }
    text += uri.host;
    if (uri.port !== undefined) text += `:${uri.port}`;
  }
  for (const [name, value] of uri.params) {
    text += `;${escape(name, PARAM_PLAIN)}`;
    if (value !== undefined) text += `=${escape(value, PARAM_PLAIN)}`;
  }
  uri.headers.forEach(([name, value], index) => {
    text += `${index === 0 ? '?' : '&'}${escape(name, HEADER_PLAIN)}=${escape(value, HEADER_PLAIN)}`;
  });
  return text;
}

const COMPARED_ALWAYS = ['user', 'ttl', 'method', 'maddr', 'transport'];

/** Whether two URIs are the same (RFC 3261 §19.1.4), e.g. the Contacts of two registrations. */
export function sameUri(a: SipUri, b: SipUri): boolean {
  if (a.scheme !== b.scheme || a.user !== b.user || a.password !== b.password) return false;
  if (a.host !== b.host || a.port !== b.port || a.headers.length !== b.headers.length) return false;
  for (const name of COMPARED_ALWAYS) if (a.params.has(name) !== b.params.has(name)) return false;
  for (const [name, value] of a.params) {
    if (b.params.has(name) && value?.toLowerCase() !== b.params.get(name)?.toLowerCase()) return false;
  }
  return headersKey(a) === headersKey(b);
}

function headersKey(uri: SipUri): string {
  return JSON.stringify(uri.headers.map(([name, value]) => [name.toLowerCase(), value]).sort());
}
