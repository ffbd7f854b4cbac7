import { expect, test } from 'vitest';
import { answerCustomer, offerToCustomer, readCustomerAnswer } from './customer-sdp.ts';

const PORT = { ip: '192.0.2.9', rtpPort: 40_000, sessionId: '7', version: 1 };

function offer(media: string[], more: string[] = []): string {
  return ['v=0', 'o=- 1 1 IN IP4 198.51.100.1', 's=-', 'c=IN IP4 198.51.100.1', 't=0 0', ...more, ...media, ''].join(
    '\r\n',
  );
}

function answered(text: string, only?: 'PCMU' | 'PCMA') {
  const answer = answerCustomer(text, PORT, only);
  if (!answer.ok) throw new Error(answer.error.why);
  return answer.value;
}

test('the first G.711 codec of the offer is taken, key events as offered', () => {
  const { codec, far, answer } = answered(
    offer(['m=audio 6000 RTP/AVP 18 8 0 96', 'a=rtpmap:96 telephone-event/8000', 'a=ptime:30']),
  );
  expect(codec).toBe('PCMA');
  expect(far).toEqual({
    rtp: { ip: '198.51.100.1', port: 6000 },
    rtcp: { ip: '198.51.100.1', port: 6001 },
    payloadType: 8,
    ptime: 30,
    keysIn: [{ payloadType: 96, rate: 8000 }],
    keysOut: { payloadType: 96, rate: 8000 },
    wantsSound: true,
  });
  expect(answer).toContain('m=audio 40000 RTP/AVP 8 96\r\n');
  expect(answer).toContain('a=fmtp:96 0-15\r\n');
});

test('every telephone-event rate that is offered is taken', () => {
  const { far } = answered(
    offer([
      'm=audio 6000 RTP/AVP 0 99 100 101',
      'a=rtpmap:99 telephone-event/48000',
      'a=rtpmap:100 telephone-event/16000',
      'a=rtpmap:101 telephone-event/8000',
    ]),
  );
  expect(far.keysIn.map(({ rate }) => rate)).toEqual([48_000, 16_000, 8000]);
  expect(far.keysOut?.payloadType).toBe(101);
});

test('hold in each of its forms is answered in kind and wants no sound', () => {
  for (const [line, mirrored] of [
    ['a=sendonly', 'a=recvonly'],
    ['a=inactive', 'a=inactive'],
  ] as const) {
    const { far, answer } = answered(offer(['m=audio 6000 RTP/AVP 0', line]));
    expect(far.wantsSound).toBe(false);
    expect(answer).toContain(`${mirrored}\r\n`);
  }
  const old = offer(['m=audio 6000 RTP/AVP 0']).replace('c=IN IP4 198.51.100.1', 'c=IN IP4 0.0.0.0');
  expect(answered(old).far).toMatchObject({ wantsSound: false });
  expect(answered(old).far.rtp).toBeUndefined();
});

test('other media lines are refused with port 0, in their places', () => {
  const { answer } = answered(offer(['m=video 7000 RTP/AVP 96', 'm=audio 6000 RTP/AVP 0', 'm=image 0 udptl t38']));
  expect(answer.match(/^m=.*$/gm)?.map((line) => line.trim().split(' ').slice(0, 2).join(' '))).toEqual([
    'm=video 0',
    'm=audio 40000',
    'm=image 0',
  ]);
});

test('no common codec, or another than the call speaks, is 488', () => {
  expect(answerCustomer(offer(['m=audio 6000 RTP/AVP 18']), PORT)).toMatchObject({ ok: false, error: { status: 488 } });
  expect(answerCustomer(offer(['m=audio 6000 RTP/AVP 0']), PORT, 'PCMA')).toMatchObject({
    ok: false,
    error: { status: 488 },
  });
  expect(answerCustomer(offer(['m=audio 6000 RTP/SAVP 0']), PORT)).toMatchObject({ ok: false, error: { status: 488 } });
});

test('hostile descriptions are refused, never thrown at', () => {
  for (const text of [
    '',
    'x',
    'v=0',
    'm=audio',
    'm=audio x RTP/AVP y',
    'a'.repeat(20_000),
    'm=\r\n'.repeat(100),
    'v=0\r\nm=audio 99999 RTP/AVP 0\r\n',
  ]) {
    expect(answerCustomer(text, PORT).ok).toBe(false);
    expect(readCustomerAnswer(text).ok).toBe(false);
  }
});

test('an answer to our offer is read, keys under either type', () => {
  expect(offerToCustomer(PORT, ['PCMU', 'PCMA'])).toContain('m=audio 40000 RTP/AVP 0 8 101\r\n');
  const read = readCustomerAnswer(offer(['m=audio 6000 RTP/AVP 8 97', 'a=rtpmap:97 telephone-event/8000']));
  if (!read.ok) throw new Error(read.error.why);
  expect(read.value.codec).toBe('PCMA');
  expect(read.value.far.keysIn.map(({ payloadType }) => payloadType)).toEqual([101, 97]);
});
