import { err, ok, type Result } from '../../shared/result.ts';
import type { Headers } from './message.ts';
import { formatParams, type Params, parseParams } from './params.ts';
import { elementEnd, endOf, type Malformed, quotedEnd, skipBlank, TOKEN, trimBlank } from './scan.ts';
import { parseHostPort } from './uri.ts';

/** One hop of a request (RFC 3261 §20.42). */
export interface Via {
  /** Upper case: UDP, TCP, TLS, WS, WSS, SCTP or a word not known here. */
  readonly transport: string;
  /** sent-by: lower case, IPv6 in brackets. */
  readonly host: string;
  readonly port?: number;
  /** branch, received, rport, maddr, ttl and others. */
  readonly params: Params;
}

/** Reads one element (see `splitList`). The protocol version is not compared: 505 needs a Via to go back to. */
export function parseVia(value: string): Result<Via, Malformed> {
  const name = word(value, 0);
  const version = name && slashed(value, name.end);
  const transport = version && slashed(value, version.end);
  if (!transport || name.text.toUpperCase() !== 'SIP') return err('malformed');
  const hostStart = skipBlank(value, transport.end);
  if (hostStart === transport.end) return err('malformed');
  const sentBy = parseSentBy(value, hostStart);
  if (!sentBy) return err('malformed');
  const params = parseParams(value, sentBy.end);
  if (!params.ok) return params;
  return ok({
    transport: transport.text.toUpperCase(),
    host: sentBy.host,
    ...(sentBy.port !== undefined && { port: sentBy.port }),
    params: params.value,
  });
}

function word(value: string, at: number): { text: string; end: number } | undefined {
  const start = skipBlank(value, at);
  const end = endOf(TOKEN, value, start);
  return end > start ? { text: value.slice(start, end), end } : undefined;
}

function slashed(value: string, at: number): { text: string; end: number } | undefined {
  const slash = skipBlank(value, at);
  return value[slash] === '/' ? word(value, slash + 1) : undefined;
}

function parseSentBy(value: string, at: number): ReturnType<typeof parseHostPort> {
  const sentBy = parseHostPort(value, at);
  if (!sentBy || sentBy.port !== undefined) return sentBy;
  // Spaces around the colon are legal here and nowhere else (COLON in §25.1).
  const colon = skipBlank(value, sentBy.end);
  if (value[colon] !== ':') return sentBy;
  const portStart = skipBlank(value, colon + 1);
  const portEnd = endOf(TOKEN, value, portStart);
  const spaced = parseHostPort(`${sentBy.host}:${value.slice(portStart, portEnd)}`, 0);
  return spaced && { ...spaced, end: portEnd };
}

/** Writes a Via. */
export function formatVia(via: Via): string {
  const port = via.port === undefined ? '' : `:${via.port}`;
  return `SIP/2.0/${via.transport} ${via.host}${port}${formatParams(via.params)}`;
}

/** The topmost Via. */
export function topVia(headers: Headers): Result<Via, Malformed> {
  const line = headers.get('via');
  return line === undefined ? err('malformed') : parseVia(line.slice(0, elementEnd(line, 0)));
}

/**
 * Writes where a request came from into its topmost Via: `received` always (RFC 3581 §4 wants it with rport, RFC 3261
 * §18.2.1 where sent-by differs), and the value of an `rport` that has none. A `received` the sender wrote is dropped;
 * all other octets stay.
 */
export function markReceived(headers: Headers, source: { readonly ip: string; readonly port: number }): void {
  const line = headers.removeFirst('via');
  if (line === undefined) return;
  const end = elementEnd(line, 0);
  const [sentBy = '', ...params] = splitParams(line.slice(0, end));
  const kept = params
    .filter((param) => nameOf(param) !== 'received')
    .map((param) => (nameOf(param) === 'rport' ? `rport=${source.port}` : param));
  headers.prepend('Via', `${[sentBy, ...kept, `received=${source.ip}`].join(';')}${line.slice(end)}`);
}

function nameOf(param: string): string {
  const equals = param.indexOf('=');
  return trimBlank(equals < 0 ? param : param.slice(0, equals)).toLowerCase();
}

function splitParams(element: string): string[] {
  const parts: string[] = [];
  let start = 0;
  for (let i = 0; i < element.length; i++) {
    if (element[i] === ';') {
      parts.push(element.slice(start, i));
      start = i + 1;
    } else if (element[i] === '"') {
      const end = quotedEnd(element, i);
      if (end < 0) break;
      i = end - 1;
    }
  }
  parts.push(element.slice(start));
  return parts;
}
