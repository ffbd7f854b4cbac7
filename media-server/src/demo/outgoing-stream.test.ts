import { expect, test } from 'vitest';
import { emptyHeader, readRtp } from '../rtp/packet.ts';
import { KeyPresses } from '../rtp/key-presses.ts';
import { FRAME_SAMPLES, OutgoingStream } from './outgoing-stream.ts';

const format = { law: 'PCMU', payloadType: 0, keysType: 101 } as const;
const quiet = new Int16Array(FRAME_SAMPLES);
const begin = () => new OutgoingStream({ ssrc: 0xcafe, sequence: 65_534, timestamp: 2 ** 32 - 160 });

function read(packet: Uint8Array) {
  const header = emptyHeader();
  expect(readRtp(packet, header)).toBe(true);
  const { payloadType, marker, sequence, timestamp } = header;
  return { payloadType, marker, sequence, timestamp, bytes: header.end - header.start };
}

test('sound goes 160 bytes every 20 ms, its numbers running over their ends', () => {
  const stream = begin();
  const keys = new KeyPresses();
  const sent = [1, 2, 3].flatMap(() => stream.next(format, keys, quiet)).map(read);
  expect(sent).toEqual([
    { payloadType: 0, marker: true, sequence: 65_534, timestamp: 2 ** 32 - 160, bytes: 160 },
    { payloadType: 0, marker: false, sequence: 65_535, timestamp: 0, bytes: 160 },
    { payloadType: 0, marker: false, sequence: 0, timestamp: 160, bytes: 160 },
  ]);
});

test("a key's packets have the timestamp of its beginning, the marker once, and no sound beside them until its end", () => {
  const stream = begin();
  const keys = new KeyPresses();
  stream.next(format, keys, quiet);
  keys.press('9');
  keys.release();
  const sent = Array.from({ length: 7 }, () => stream.next(format, keys, quiet).map(read));
  const events = sent.flat().filter(({ payloadType }) => payloadType === 101);
  expect(events.map(({ timestamp }) => timestamp)).toEqual([0, 0, 0, 0, 0, 0]);
  expect(events.map(({ marker }) => marker)).toEqual([true, false, false, false, false, false]);
  expect(sent.map((packets) => packets.length)).toEqual([1, 1, 1, 2, 2, 2, 1]);
  const sequences = sent.flat().map(({ sequence }) => sequence);
  expect(sequences).toEqual(sequences.map((_, i) => (65_535 + i) & 0xffff));
  expect(sent.at(-1)?.[0]?.timestamp).toBe(6 * 160);
});

test('a stall in the middle of a key does not make it two keys', () => {
  const stream = begin();
  const keys = new KeyPresses();
  keys.press('1');
  const before = stream.next(format, keys, quiet).map(read);
  stream.pass();
  stream.pass();
  const after = stream.next(format, keys, quiet).map(read);
  expect(after[0]?.timestamp).toBe(before[0]?.timestamp);
});

test('time goes on while nothing is sent', () => {
  const stream = begin();
  const keys = new KeyPresses();
  stream.pass();
  stream.pass();
  expect(read(stream.next(format, keys, quiet)[0] as Uint8Array)).toMatchObject({ sequence: 65_534, timestamp: 160 });
});
