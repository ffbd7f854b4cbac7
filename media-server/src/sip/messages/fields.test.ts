import { expect, test } from 'vitest';
import {
  formatSessionExpires,
  hasOption,
  listOf,
  parseContentType,
  parseCSeq,
  parseRAck,
  parseRSeq,
  parseSeconds,
  parseSessionExpires,
  privacyOf,
} from './fields.ts';
import { Headers } from './message.ts';

test('CSeq is below 2^31 and has one method', () => {
  expect(parseCSeq('0009   INVITE')).toEqual({ ok: true, value: { number: 9, method: 'INVITE' } });
  expect(parseCSeq('2147483647 INVITE').ok).toBe(true);
  for (const text of [
    '2147483648 INVITE',
    '-1 INVITE',
    '1',
    'INVITE',
    '1 IN VITE',
    '1.0 BYE',
    '1e3 BYE',
    '1 a/b',
    '',
  ]) {
    expect(parseCSeq(text).ok, text).toBe(false);
  }
});

test('RAck and RSeq are read', () => {
  expect(parseRAck('776656 1 INVITE')).toEqual({
    ok: true,
    value: { rseq: 776656, cseq: { number: 1, method: 'INVITE' } },
  });
  expect(parseRAck('776656 INVITE').ok).toBe(false);
  expect(parseRSeq('7')).toEqual({ ok: true, value: 7 });
  expect(parseRSeq('0').ok).toBe(false);
});

test('session timers are read and written', () => {
  expect(parseSessionExpires('1800;refresher=UAS')).toEqual({ ok: true, value: { seconds: 1800, refresher: 'uas' } });
  expect(parseSessionExpires('90 ; refresher=other')).toEqual({ ok: true, value: { seconds: 90 } });
  expect(parseSessionExpires('4294967296').ok).toBe(false);
  expect(formatSessionExpires({ seconds: 90, refresher: 'uac' })).toBe('90;refresher=uac');
});

test('Retry-After is read with its comment and parameters', () => {
  expect(parseSeconds('18000 (in a meeting);duration=3600')).toEqual({
    ok: true,
    value: { seconds: 18000, params: new Map([['duration', '3600']]) },
  });
  expect(parseSeconds('10 (open')).toEqual({ ok: true, value: { seconds: 10, params: new Map() } });
  expect(parseSeconds('soon').ok).toBe(false);
});

test('a content type is told from its parameters', () => {
  expect(parseContentType('Multipart/Mixed ;boundary="a;b"')).toEqual({
    ok: true,
    value: { type: 'multipart/mixed', params: new Map([['boundary', 'a;b']]) },
  });
  for (const text of ['', 'sdp', 'a/b/c', '/sdp', 'application/']) expect(parseContentType(text).ok, text).toBe(false);
});

test('lists of words go over several lines', () => {
  const headers = new Headers([
    ['Supported', 'timer, 100rel'],
    ['k', 'Path'],
    ['Privacy', 'ID;critical'],
  ]);
  expect(listOf(headers, 'supported')).toEqual(['timer', '100rel', 'Path']);
  expect(hasOption(headers, 'supported', 'path')).toBe(true);
  expect(hasOption(headers, 'require', 'path')).toBe(false);
  expect(privacyOf(headers)).toEqual(['id', 'critical']);
});
