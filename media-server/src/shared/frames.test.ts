import { expect, test } from 'vitest';
import { encodeFrame, FrameDecoder, PULSE } from './frames.ts';

const LIMIT = 64;

function header(length: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(length);
  return bytes;
}

test('a message comes out of its frame as it went in', () => {
  const message = { type: 'hello', words: ['カード', 'é'], count: 3 };
  expect(new FrameDecoder(LIMIT).push(encodeFrame(message, LIMIT))).toEqual({ ok: true, value: [message] });
});

test('frames cut at every byte, or glued together, give the same messages', () => {
  const messages = [{ a: 1 }, 'two', [3], null];
  const stream = Buffer.concat(messages.map((message) => encodeFrame(message, LIMIT)));
  for (let size = 1; size <= stream.length; size++) {
    const decoder = new FrameDecoder(LIMIT);
    const got: unknown[] = [];
    for (let at = 0; at < stream.length; at += size) {
      const result = decoder.push(stream.subarray(at, at + size));
      if (!result.ok) throw new Error(result.error);
      got.push(...result.value);
    }
    expect(got).toEqual(messages);
  }
});

test('a length above the limit ends the stream before its bytes are waited for', () => {
  const decoder = new FrameDecoder(LIMIT);
  expect(decoder.push(header(LIMIT + 1))).toEqual({ ok: false, error: 'frame-too-long' });
  expect(decoder.push(encodeFrame(1, LIMIT))).toEqual({ ok: false, error: 'frame-too-long' });
});

test('a message as long as the limit passes, one byte more is the sender’s bug', () => {
  const text = 'x'.repeat(LIMIT - 2);
  expect(new FrameDecoder(LIMIT).push(encodeFrame(text, LIMIT))).toEqual({ ok: true, value: [text] });
  expect(() => encodeFrame(`${text}x`, LIMIT)).toThrow(RangeError);
});

test('an empty frame and bytes that are no JSON end the stream', () => {
  expect(new FrameDecoder(LIMIT).push(header(0))).toEqual({ ok: false, error: 'frame-empty' });
  const garbage = Buffer.from([0xff, 0x00, 0x7b]);
  expect(new FrameDecoder(LIMIT).push(Buffer.concat([header(3), garbage]))).toEqual({ ok: false, error: 'not-json' });
  expect(new FrameDecoder(LIMIT).push(Buffer.from('GET / HTTP/1.1\r\n'))).toEqual({
    ok: false,
    error: 'frame-too-long',
  });
});

test('pulses between messages are left out where they are agreed on', () => {
  const stream = Buffer.concat([PULSE, encodeFrame(1, LIMIT), PULSE, PULSE, encodeFrame(2, LIMIT), PULSE]);
  for (let size = 1; size <= stream.length; size++) {
    const decoder = new FrameDecoder(LIMIT, true);
    const got: unknown[] = [];
    for (let at = 0; at < stream.length; at += size) {
      const result = decoder.push(stream.subarray(at, at + size));
      if (!result.ok) throw new Error(result.error);
      got.push(...result.value);
    }
    expect(got).toEqual([1, 2]);
  }
});
