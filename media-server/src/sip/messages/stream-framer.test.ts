import { expect, test } from 'vitest';
import { parseMessage } from './parse.ts';
import { StreamFramer } from './stream-framer.ts';
import { LIMITS, requestText, tortureMessages } from './testing.ts';

const invite = requestText({}, 'INVITE', 'v=0\r\n\r\nx');
const bye = requestText({ 'Content-Length': undefined, l: ' 0 ' }, 'BYE');

test('messages are cut the same however the stream is cut', () => {
  const stream = Buffer.from(`\r\n\r\n${invite}${bye}\r\n\r\n\r\n\r\n\r\n${invite}`);
  for (const size of [1, 2, 3, 7, 100, stream.length]) {
    const framer = new StreamFramer(LIMITS);
    const messages: string[] = [];
    let pings = 0;
    for (let at = 0; at < stream.length; at += size) {
      const framed = framer.push(stream.subarray(at, at + size));
      messages.push(...framed.messages.map(String));
      pings += framed.pings;
      expect(framed.broken).toBeUndefined();
    }
    expect(messages, `pieces of ${size}`).toEqual([invite, bye, invite]);
    expect(pings).toBe(3);
  }
});

test('a single CRLF is no ping', () => {
  const framer = new StreamFramer(LIMITS);
  expect(framer.push(Buffer.from('\r\n')).pings).toBe(0);
  expect(framer.push(Buffer.from('\r\n')).pings).toBe(1);
});

test('a folded Content-Length is found', () => {
  const framer = new StreamFramer(LIMITS);
  const text = invite.replace(/Content-Length: (\d+)/, 'CONTENT-LENGTH  :\r\n  $1');
  expect(framer.push(Buffer.from(text)).messages.map(String)).toEqual([text]);
});

test.each([
  ['no-content-length', requestText({ 'Content-Length': undefined })],
  ['bad-content-length', requestText({ 'Content-Length': '-1' })],
  ['bad-content-length', requestText({ 'Content-Length': '5' }).replace('\r\n\r\n', '\r\nl: 6\r\n\r\n')],
  ['too-large', requestText({ 'Content-Length': '65000', 'X-Long': 'y'.repeat(1000) })],
])('%s breaks the stream, after what came before it', (reason, text) => {
  const framer = new StreamFramer(LIMITS);
  const framed = framer.push(Buffer.from(bye + text + bye));
  expect(framed.messages.map(String)).toEqual([bye]);
  expect(framed.broken?.reason).toBe(reason);
  // The sender can still be told why.
  const parsed = parseMessage(framed.broken?.head ?? Buffer.alloc(0), LIMITS, 'stream');
  expect(!parsed.ok && parsed.error.request?.method).toBe('INVITE');
  expect(framer.push(Buffer.from(bye))).toEqual({ messages: [], pings: 0 });
});

test('a head that never ends is given up at the limit', () => {
  const framer = new StreamFramer(LIMITS);
  const piece = Buffer.alloc(10_000, 'x');
  const reasons = Array.from({ length: 8 }, () => framer.push(piece).broken?.reason);
  expect(reasons).toEqual([undefined, undefined, undefined, undefined, undefined, undefined, 'too-large', undefined]);
});

test('RFC 4475 §3.1.1.8: two requests in one piece are two messages on a stream', () => {
  const framed = new StreamFramer(LIMITS).push(tortureMessages().get('dblreq') ?? Buffer.alloc(0));
  expect(framed.messages.map((message) => message.toString().slice(0, 8))).toEqual(['REGISTER', 'INVITE s']);
});
