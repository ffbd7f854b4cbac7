import { expect, test } from 'vitest';
import { parseMessage } from './parse.ts';
import { responseTo } from './response.ts';
import { serialize } from './serialize.ts';
import { LIMITS, requestText } from './testing.ts';

function parse(text: string, framing: 'datagram' | 'stream' = 'datagram') {
  return parseMessage(Buffer.from(text, 'latin1'), LIMITS, framing);
}

/** What is answered, or `dropped`, or `accepted`. */
function answer(text: string, framing: 'datagram' | 'stream' = 'datagram'): string {
  const parsed = parse(text, framing);
  if (parsed.ok) return 'accepted';
  return parsed.error.request ? `${parsed.error.status} ${parsed.error.reason}` : 'dropped';
}

test('a request and a response are read', () => {
  const request = parse(requestText({}, 'INVITE', 'v=0\r\n'));
  expect(request.ok && request.value).toMatchObject({
    kind: 'request',
    method: 'INVITE',
    uri: 'sip:+81312345678@example.net',
  });
  expect(request.ok && request.value.body.toString()).toBe('v=0\r\n');
  const response = parse(requestText().replace(/^.*/, 'sip/2.0 180 Ringing now'));
  expect(response.ok && response.value).toMatchObject({ kind: 'response', status: 180, reason: 'Ringing now' });
});

test('what we answer with goes back byte for byte, odd spelling included', () => {
  const from = '"A\\"\xe5\xb1\xb1"   <sip:%61@b;x>  ;  tag = q';
  const parsed = parse(requestText({ From: from }));
  expect(parsed.ok && responseTo(parsed.value as never, 200).headers.get('from')).toBe(from);
});

test('blank lines before a message are ignored', () => {
  expect(answer(`\r\n\r\n${requestText()}`)).toBe('accepted');
});

test.each(['From', 'To', 'Call-ID', 'CSeq', 'Max-Forwards', 'Content-Length'])('%s twice is 400', (name) => {
  const text = requestText();
  const line = new RegExp(`^${name}: .*\r\n`, 'm').exec(text)?.[0] ?? '';
  expect(answer(text.replace(line, line + line))).toBe(`400 More Than One ${name}`);
});

test('a compact form counts as the same header', () => {
  expect(answer(requestText({ t: '<sip:x@y>' }))).toBe('400 More Than One To');
});

test.each([
  [{ CSeq: '7 BYE' }, '400 CSeq Method Mismatch'],
  [{ CSeq: '2147483648 INVITE' }, '400 Bad CSeq'],
  [{ 'Content-Length': '1' }, '400 Body Shorter Than Content-Length'],
  [{ 'Content-Length': '99999999' }, '513 Message Too Large'],
  [{ 'Content-Length': '-1' }, '400 Bad Content-Length'],
  [{ 'Max-Forwards': '256' }, '400 Bad Max-Forwards'],
  [{ 'Call-ID': 'a b' }, '400 Bad Call-ID'],
  [{ Contact: 'nobody' }, '400 Bad Contact'],
  [{ Contact: '<sip:a@b:99999>' }, '400 Bad Contact'],
  [{ Contact: '*' }, 'accepted'],
  [{ 'Bad Name': 'x' }, '400 Bad Header Line'],
  [{ Subject: 'a\rb' }, '400 Bad Line End'],
  [{ Subject: 'a\nX: b' }, '400 Bad Line End'],
  [{ Subject: 'a'.repeat(9000) }, '513 Line Too Long'],
  [{ Subject: `a${'\r\n b'.repeat(3000)}` }, '513 Line Too Long'],
  [{ Via: undefined }, 'dropped'],
  [{ Via: 'nonsense' }, 'dropped'],
  [{ From: undefined }, 'dropped'],
  [{ 'Call-ID': undefined }, 'dropped'],
])('%j is answered %s', (changes, expected) => {
  expect(answer(requestText(changes))).toBe(expected);
});

test('a header too many is 513, and what stands before it is enough to answer', () => {
  const headers = Object.fromEntries(Array.from({ length: 130 }, (_, i) => [`X-${i}`, 'y']));
  expect(answer(requestText(headers))).toBe('513 Too Many Headers');
});

test('a message beyond the limit is not even read', () => {
  expect(answer(requestText({}, 'INVITE', 'x'.repeat(70_000)))).toBe('dropped');
});

test('an unknown version is 505', () => {
  expect(answer(requestText().replace('SIP/2.0\r\n', 'SIP/3.0\r\n'))).toBe('505 Version Not Supported');
  expect(answer(requestText().replace('SIP/2.0\r\n', 'SIP/x\r\n'))).toBe('400 Bad Request Line');
});

test('an ACK is never answered, nor is a response or noise', () => {
  expect(answer(requestText({ CSeq: '1 BYE' }, 'ACK'))).toBe('dropped');
  expect(answer(requestText({ CSeq: 'x' }).replace(/^.*/, 'SIP/2.0 200 OK'))).toBe('dropped');
  expect(answer('')).toBe('dropped');
  expect(answer('\r\n\r\n')).toBe('dropped');
  expect(answer('\0\0\0\0')).toBe('dropped');
  expect(answer('GET / HTTP/1.1\r\nHost: x\r\n\r\n')).toBe('dropped');
});

test('a datagram without Content-Length has its rest as body, a stream without one is refused', () => {
  const text = `${requestText({ 'Content-Length': undefined })}rest`;
  const parsed = parse(text);
  expect(parsed.ok && parsed.value.body.toString()).toBe('rest');
  expect(answer(text, 'stream')).toBe('400 No Content-Length');
});

test('headers that do not end are refused', () => {
  expect(answer(requestText().slice(0, -2))).toBe('400 Headers Without an End');
});

test('writing sets Content-Length in octets and lets no line break through', () => {
  const parsed = parse(requestText());
  if (!parsed.ok || parsed.value.kind !== 'request') throw new Error('no request');
  const { value: request } = parsed;
  request.body = Buffer.from('山');
  request.uri = 'sip:a@b\r\nX: y';
  const text = serialize(request).toString('latin1');
  expect(text).toContain('INVITE sip:a@b  X: y SIP/2.0\r\n');
  expect(text.match(/content-length/gi)).toHaveLength(1);
  expect(text).toContain('Content-Length: 3\r\n\r\n');
});

test('responses carry what RFC 3261 §8.2.6.2 says and a To tag once', () => {
  const parsed = parse(requestText({ 'Record-Route': '<sip:p;lr>', Timestamp: '5', v: 'SIP/2.0/UDP second' }));
  if (!parsed.ok || parsed.value.kind !== 'request') throw new Error('no request');
  const names = (status: number) =>
    [...responseTo(parsed.value as never, status, undefined, 't').headers].map(([name]) => name);
  expect(names(100)).toEqual(['Via', 'Via', 'From', 'To', 'Call-ID', 'CSeq', 'Timestamp']);
  expect(names(180)).toEqual(['Via', 'Via', 'Record-Route', 'From', 'To', 'Call-ID', 'CSeq']);
  expect(names(404)).toEqual(['Via', 'Via', 'From', 'To', 'Call-ID', 'CSeq']);
  const to = (status: number) => responseTo(parsed.value as never, status, undefined, 't').headers.get('to');
  expect(to(100)).toBe('<sip:+81312345678@example.net;user=phone>');
  expect(to(486)).toBe('<sip:+81312345678@example.net;user=phone>;tag=t');
  expect(responseTo(parsed.value, 486).reason).toBe('Busy Here');
  parsed.value.headers.set('To', '<sip:x@y>;tag=mine');
  expect(to(200)).toBe('<sip:x@y>;tag=mine');
});
