import { err, ok, type Result } from '../../shared/result.ts';
import type { Headers } from './message.ts';
import { type Params, parseParams } from './params.ts';
import { consistsOf, endOf, type Malformed, parseWhole, skipBlank, splitList, TOKEN, trimBlank } from './scan.ts';

const CSEQ_MAX = 2 ** 31 - 1;
const SECONDS_MAX = 2 ** 32 - 1;

/** CSeq (RFC 3261 §20.16): 0 … 2^31-1 and the method, whose case counts. */
export interface CSeq {
  readonly number: number;
  readonly method: string;
}

export function parseCSeq(value: string): Result<CSeq, Malformed> {
  const words = blankSeparated(value);
  const number = parseWhole(words[0] ?? '', CSEQ_MAX);
  const method = words[1];
  if (number === undefined || method === undefined || words.length !== 2 || !consistsOf(TOKEN, method)) {
    return err('malformed');
  }
  return ok({ number, method });
}

/** RAck of a PRACK (RFC 3262 §7.2): the RSeq of the reliable response and the CSeq of its request. */
export interface RAck {
  readonly rseq: number;
  readonly cseq: CSeq;
}

export function parseRAck(value: string): Result<RAck, Malformed> {
  const [first = '', ...rest] = blankSeparated(value);
  const rseq = parseWhole(first, SECONDS_MAX);
  const cseq = parseCSeq(rest.join(' '));
  return rseq !== undefined && cseq.ok ? ok({ rseq, cseq: cseq.value }) : err('malformed');
}

/** RSeq (RFC 3262 §7.1): 1 … 2^32-1. */
export function parseRSeq(value: string): Result<number, Malformed> {
  const rseq = parseWhole(value, SECONDS_MAX);
  return rseq ? ok(rseq) : err('malformed');
}

/** Expires, Min-Expires, Retry-After, Min-SE, Session-Expires: a number of seconds (0 … 2^32-1) and parameters. */
export interface Seconds {
  readonly seconds: number;
  readonly params: Params;
}

export function parseSeconds(value: string): Result<Seconds, Malformed> {
  const end = endOf(TOKEN, value, 0);
  const seconds = parseWhole(value.slice(0, end), SECONDS_MAX);
  // Retry-After may carry a comment before its parameters (§20.33).
  const comment = skipBlank(value, end);
  const params = parseParams(value, value[comment] === '(' ? value.indexOf(')', comment) + 1 || value.length : end);
  return seconds !== undefined && params.ok ? ok({ seconds, params: params.value }) : err('malformed');
}

/** Session-Expires (RFC 4028 §4): seconds and who refreshes. A refresher that is neither is read as none. */
export interface SessionExpires {
  readonly seconds: number;
  readonly refresher?: 'uac' | 'uas';
}

export function parseSessionExpires(value: string): Result<SessionExpires, Malformed> {
  const interval = parseSeconds(value);
  if (!interval.ok) return interval;
  const { seconds, params } = interval.value;
  const refresher = params.get('refresher')?.toLowerCase();
  return ok(refresher === 'uac' || refresher === 'uas' ? { seconds, refresher } : { seconds });
}

export function formatSessionExpires({ seconds, refresher }: SessionExpires): string {
  return refresher ? `${seconds};refresher=${refresher}` : `${seconds}`;
}

/** Content-Type (RFC 3261 §20.15): `type` is lower case, without parameters, e.g. application/sdp. */
export interface ContentType {
  readonly type: string;
  readonly params: Params;
}

export function parseContentType(value: string): Result<ContentType, Malformed> {
  const semicolon = value.indexOf(';');
  const end = semicolon < 0 ? value.length : semicolon;
  const parts = value.slice(0, end).split('/', 3).map(trimBlank);
  const params = parseParams(value, end);
  if (parts.length !== 2 || !parts.every((part) => consistsOf(TOKEN, part)) || !params.ok) return err('malformed');
  return ok({ type: parts.join('/').toLowerCase(), params: params.value });
}

/** All words of the comma lists of that name: Allow (case counts), Supported, Require, Proxy-Require, Accept. */
export function listOf(headers: Headers, name: string): string[] {
  return headers.all(name).flatMap(splitList);
}

/** Whether an option tag (RFC 3261 §19.2) is in Supported, Require or another list of tags. */
export function hasOption(headers: Headers, name: string, tag: string): boolean {
  return listOf(headers, name).some((option) => option.toLowerCase() === tag);
}

/** The words of Privacy (RFC 3323 §4.2), lower case. */
export function privacyOf(headers: Headers): string[] {
  return headers.all('privacy').flatMap((value) => value.toLowerCase().split(';').map(trimBlank));
}

function blankSeparated(value: string): string[] {
  return trimBlank(value).split(/[ \t]+/);
}
