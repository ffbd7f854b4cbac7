import { expect, test } from 'vitest';
import { answer, offer, readAnswer } from './sdp.ts';

const own = { ip: '127.0.0.1', rtp: 5004, rtcp: 5007, sessionId: '42', version: 1 };
const theirs = (...lines: string[]) =>
  ['v=0', 'o=- 1 1 IN IP4 192.0.2.9', 's=-', 'c=IN IP4 192.0.2.9', 't=0 0', ...lines, ''].join('\r\n');

test('our offer has both laws, key events, and where RTCP goes', () => {
  expect(offer(own)).toContain('m=audio 5004 RTP/AVP 0 8 101\r\n');
  expect(offer(own)).toContain('a=rtcp:5007\r\n');
  expect(offer(own)).toContain('a=rtpmap:101 telephone-event/8000\r\n');
});

test('an answer tells the law, where packets go, and the type that keys have there', () => {
  const sdp = theirs('m=audio 6000 RTP/AVP 8 96', 'a=rtpmap:96 telephone-event/8000');
  expect(readAnswer(sdp)).toEqual({
    format: { law: 'PCMA', payloadType: 8, keysType: 96 },
    far: { ip: '192.0.2.9', port: 6000 },
    sends: true,
    hears: true,
  });
});

test('an offer is answered with the first law it has, its key type, and every other line refused', () => {
  const answered = answer(
    theirs(
      'm=audio 6000 RTP/AVP 9 8 0 100 101',
      'a=rtpmap:100 telephone-event/48000',
      'a=rtpmap:101 telephone-event/8000',
      'm=video 6002 RTP/AVP 31',
    ),
    own,
  );
  expect(answered?.agreement.format).toEqual({ law: 'PCMA', payloadType: 8, keysType: 101 });
  expect(answered?.sdp).toContain('m=audio 5004 RTP/AVP 8 101\r\n');
  expect(answered?.sdp).toContain('m=video 0 RTP/AVP 31\r\n');
});

test('hold is answered in kind: they send only, so we hear only', () => {
  const held = answer(theirs('m=audio 6000 RTP/AVP 0', 'a=sendonly'), own);
  expect(held?.agreement).toMatchObject({ sends: false, hears: true });
  expect(held?.sdp).toContain('a=recvonly');
  const dead = answer(theirs('m=audio 6000 RTP/AVP 0', 'a=inactive'), own);
  expect(dead?.agreement).toMatchObject({ sends: false, hears: false });
  expect(dead?.sdp).toContain('a=inactive');
  const old = answer(theirs('m=audio 6000 RTP/AVP 0').replaceAll('192.0.2.9', '0.0.0.0'), own);
  expect(old?.agreement.sends).toBe(false);
});

test('what has no G.711 over plain RTP, or is no description, is not taken', () => {
  for (const sdp of [
    theirs('m=audio 6000 RTP/AVP 9'),
    theirs('m=audio 0 RTP/AVP 0'),
    theirs('m=audio 6000 RTP/SAVP 0'),
    theirs('m=video 6000 RTP/AVP 0'),
    theirs(),
    'hello',
    '',
  ]) {
    expect(answer(sdp, own)).toBeUndefined();
    expect(readAnswer(sdp)).toBeUndefined();
  }
});
