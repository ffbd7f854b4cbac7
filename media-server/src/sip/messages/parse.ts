import { err, ok, type Result } from '../../shared/result.ts';
import { parseCSeq } from './fields.ts';
import { Headers, type MessageLimits, type ParseFailure, type SipMessage, type SipRequest } from './message.ts';
import { COMPACT_NAMES } from './names.ts';
import { parseNameAddr } from './name-addr.ts';
import { consistsOf, DIGIT, endOf, everyElement, parseWhole, TOKEN, trimBlank } from './scan.ts';
import { parseUri } from './uri.ts';
import { parseVia, topVia } from './via.ts';

/** Headers that a message may have once; a second one is 400, whatever it says. By lower-case name. */
const SINGLE = new Map(
  [
    'From',
    'To',
    'Call-ID',
    'CSeq',
    'Max-Forwards',
    'Content-Length',
    'Content-Type',
    'Expires',
    'Session-Expires',
    'Min-SE',
    'RSeq',
    'RAck',
    'Event',
    'Refer-To',
    'Replaces',
  ].map((name) => [name.toLowerCase(), name]),
);

const CRLF = '\r\n';
const HEAD_END = Buffer.from('\r\n\r\n');
const CR = 0x0d;
const LF = 0x0a;

/** What is wrong with a message, before it is known whether anybody can be answered. */
interface Fault {
  readonly status: number;
  readonly reason: string;
}

/**
 * Reads one message. Checked here: the start line, the shape of every header line, limits, Via, From, To, Call-ID, CSeq,
 * Contact, Max-Forwards, Content-Length; all other headers are read by those who need them. On a stream `bytes` are one
 * message as the framer cut it, and Content-Length must be there (RFC 3261 §18.3); in a datagram what follows
 * the body is ignored (§18.3). Never throws.
 */
export function parseMessage(
  bytes: Buffer,
  limits: MessageLimits,
  framing: 'datagram' | 'stream',
): Result<SipMessage, ParseFailure> {
  if (bytes.length > limits.messageBytes) return err({ status: 513, reason: 'Message Too Large' });
  let start = 0;
  // Blank lines before the start line are ignored (§7.5).
  while (bytes[start] === CR && bytes[start + 1] === LF) start += 2;
  const headEnd = bytes.indexOf(HEAD_END, start);
  const head = readHead(bytes.toString('latin1', start, headEnd < 0 ? bytes.length : headEnd), limits);
  const { headers, startLine } = head;
  const rest = headEnd < 0 ? bytes.subarray(bytes.length) : bytes.subarray(headEnd + HEAD_END.length);
  const cut = cutBody(headers, rest, limits, framing);
  const missingEnd = headEnd < 0 ? bad('Headers Without an End') : undefined;
  const fault = head.fault ?? missingEnd ?? cut.fault;

  if (startLine.slice(0, 4).toUpperCase() === 'SIP/') {
    const status = readStatusLine(startLine);
    if (!status) return err(bad('Bad Status Line'));
    const wrong = fault ?? checkHeaders(headers);
    return wrong ? err(wrong) : ok({ kind: 'response', ...status, headers, body: cut.body });
  }

  const line = readRequestLine(startLine);
  if (!line) return err(bad('Bad Request Line'));
  const request: SipRequest = { kind: 'request', method: line.method, uri: line.uri, headers, body: cut.body };
  const wrong = line.fault ?? fault ?? checkHeaders(headers, line.method);
  if (!wrong) return ok(request);
  return err(canBeAnswered(request) ? { ...wrong, request } : wrong);
}

function bad(reason: string): Fault {
  return { status: 400, reason };
}

interface Head {
  readonly startLine: string;
  readonly headers: Headers;
  readonly fault: Fault | undefined;
}

function readHead(text: string, limits: MessageLimits): Head {
  const headers = new Headers();
  const seen = new Set<string>();
  let fault: Fault | undefined;
  let startLine: string | undefined;
  let at = 0;
  let lines = 0;
  while (at < text.length) {
    const line = readLine(text, at, limits.lineBytes);
    at = line.end;
    fault ??= line.fault;
    if (startLine === undefined) {
      startLine = line.text;
      continue;
    }
    if (lines++ >= limits.headers) return { startLine, headers, fault: fault ?? tooLarge('Too Many Headers') };
    const wrong = line.fault ? undefined : addHeader(headers, seen, line.text);
    fault ??= wrong;
  }
  return { startLine: startLine ?? '', headers, fault };
}

/** One line and its continuations (§7.3.1), each of these joined with one space. */
function readLine(text: string, at: number, lineBytes: number): { text: string; end: number; fault?: Fault } {
  let line = '';
  let end = at;
  let clean = true;
  do {
    const lf = text.indexOf('\n', end);
    const lineEnd = lf < 0 ? text.length : text[lf - 1] === '\r' ? lf - 1 : lf;
    const part = text.slice(end, lineEnd);
    // A CR or LF alone is no line end: two readers could see two different messages.
    if (part.includes('\r') || (lf >= 0 && lineEnd === lf)) clean = false;
    line = end === at ? part : `${line} ${trimBlank(part)}`;
    end = lf < 0 ? text.length : lf + 1;
  } while (text[end] === ' ' || text[end] === '\t');
  if (end - at > lineBytes + CRLF.length) return { text: '', end, fault: tooLarge('Line Too Long') };
  return clean ? { text: line, end } : { text: line, end, fault: bad('Bad Line End') };
}

function tooLarge(reason: string): Fault {
  return { status: 513, reason };
}

function addHeader(headers: Headers, seen: Set<string>, line: string): Fault | undefined {
  const nameEnd = endOf(TOKEN, line, 0);
  let colon = nameEnd;
  while (line[colon] === ' ' || line[colon] === '\t') colon++;
  if (nameEnd === 0 || line[colon] !== ':') return bad('Bad Header Line');
  const name = line.slice(0, nameEnd);
  headers.add(name, trimBlank(line.slice(colon + 1)));
  const lower = name.toLowerCase();
  const single = SINGLE.get(COMPACT_NAMES.get(lower)?.toLowerCase() ?? lower);
  if (single === undefined) return undefined;
  if (seen.has(single)) return bad(`More Than One ${single}`);
  seen.add(single);
  return undefined;
}

interface RequestLine {
  readonly method: string;
  readonly uri: string;
  readonly fault?: Fault;
}

/** `METHOD SP URI SP SIP/2.0`; undefined if it doesn't even begin like a request. */
function readRequestLine(line: string): RequestLine | undefined {
  const first = line.indexOf(' ');
  const last = line.lastIndexOf(' ');
  const method = line.slice(0, Math.max(first, 0));
  if (!consistsOf(TOKEN, method)) return undefined;
  const uri = line.slice(first + 1, Math.max(last, first + 1));
  const version = line.slice(last + 1).toUpperCase();
  if (!isVersion(version)) return { method, uri, fault: bad('Bad Request Line') };
  if (version !== 'SIP/2.0') return { method, uri, fault: { status: 505, reason: 'Version Not Supported' } };
  return isRequestUri(uri) ? { method, uri } : { method, uri, fault: bad('Bad Request-URI') };
}

function isVersion(text: string): boolean {
  if (!text.startsWith('SIP/')) return false;
  const majorEnd = endOf(DIGIT, text, 4);
  return majorEnd > 4 && text[majorEnd] === '.' && consistsOf(DIGIT, text.slice(majorEnd + 1));
}

/** Any absolute URI; a sip one without headers (RFC 3261 §19.1.1 forbids them here). Other schemes are 416, later. */
function isRequestUri(text: string): boolean {
  const uri = parseUri(text);
  return uri.ok ? uri.value.headers.length === 0 : uri.error === 'unknown-scheme';
}

function readStatusLine(line: string): { status: number; reason: string } | undefined {
  // The space before an empty reason phrase is required, and left out by some.
  if (line.slice(0, 8).toUpperCase() !== 'SIP/2.0 ' || !(line.length === 11 || line[11] === ' ')) return undefined;
  const status = parseWhole(line.slice(8, 11), 699);
  return status !== undefined && status >= 100 ? { status, reason: line.slice(12) } : undefined;
}

function cutBody(
  headers: Headers,
  rest: Buffer,
  limits: MessageLimits,
  framing: 'datagram' | 'stream',
): { readonly body: Buffer; readonly fault?: Fault } {
  const value = headers.get('content-length');
  if (value === undefined) {
    return framing === 'stream' ? { body: rest, fault: bad('No Content-Length') } : { body: rest };
  }
  const length = parseWhole(value, Number.MAX_SAFE_INTEGER);
  if (length === undefined) return { body: rest, fault: bad('Bad Content-Length') };
  if (length > limits.messageBytes) return { body: rest, fault: tooLarge('Message Too Large') };
  if (length > rest.length) return { body: rest, fault: bad('Body Shorter Than Content-Length') };
  return { body: rest.subarray(0, length) };
}

function checkHeaders(headers: Headers, method?: string): Fault | undefined {
  if (!headers.has('via')) return bad('Missing Via');
  for (const line of headers.all('via')) {
    if (!everyElement(line, (hop) => parseVia(hop).ok)) return bad('Bad Via');
  }
  for (const name of ['From', 'To']) {
    const value = headers.get(name);
    if (value === undefined) return bad(`Missing ${name}`);
    if (!parseNameAddr(value).ok) return bad(`Bad ${name}`);
  }
  if (!isCallId(headers.get('call-id'))) return bad('Bad Call-ID');
  const cseq = parseCSeq(headers.get('cseq') ?? '');
  if (!cseq.ok) return bad('Bad CSeq');
  if (method !== undefined && cseq.value.method !== method) return bad('CSeq Method Mismatch');
  const maxForwards = headers.get('max-forwards');
  if (maxForwards !== undefined && parseWhole(maxForwards, 255) === undefined) return bad('Bad Max-Forwards');
  for (const line of headers.all('contact')) {
    if (line !== '*' && line !== '' && !everyElement(line, isContact)) return bad('Bad Contact');
  }
  return undefined;
}

function isContact(value: string): boolean {
  const address = parseNameAddr(value);
  if (!address.ok) return false;
  const uri = parseUri(address.value.uri);
  return uri.ok || uri.error === 'unknown-scheme';
}

function isCallId(value: string | undefined): boolean {
  // RFC 3261's `word` is wider than a token and has no spaces; what exactly is in it matters to nobody.
  return value !== undefined && value !== '' && !/[ \t]/.test(value);
}

/** Whether a response can be made and find its way: the five headers are there, the topmost Via is whole. Never for ACK. */
function canBeAnswered(request: SipRequest): boolean {
  const { headers, method } = request;
  if (method === 'ACK') return false;
  const present = ['from', 'to', 'call-id', 'cseq'].every((name) => headers.get(name));
  return present && topVia(headers).ok;
}
