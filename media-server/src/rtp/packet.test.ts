import { expect, test } from 'vitest';
import { emptyHeader, isRtcp, readRtp, sequenceAhead, timestampAhead, writeRtp } from './packet.ts';
import { chances, rtp, sound, withExtension } from './test-packets.ts';

test('a header comes back as it was written', () => {
  const packet = new Uint8Array(20);
  writeRtp(packet, 4, 101, true, 65_535, 0xffff_fffe, 0x8000_0001);
  const header = emptyHeader();
  expect(readRtp(packet.subarray(4), header)).toBe(true);
  expect(header).toEqual({
    payloadType: 101,
    marker: true,
    sequence: 65_535,
    timestamp: 0xffff_fffe,
    ssrc: 0x8000_0001,
    start: 12,
    end: 16,
  });
});

test('CSRCs, a header extension and padding are no payload', () => {
  const header = emptyHeader();
  const extended = withExtension(rtp(sound(7)));
  expect(extended.length).toBe(188);
  expect(readRtp(extended, header)).toBe(true);
  expect(extended.subarray(header.start, header.end)).toEqual(Buffer.from(sound(7)));

  const padded = Buffer.concat([rtp(sound(7)), Buffer.from([0, 0, 0, 4])]);
  padded[0] = 0xa0;
  expect(readRtp(padded, header)).toBe(true);
  expect(header.end - header.start).toBe(160);

  const mixed = Buffer.concat([rtp(sound(7)).subarray(0, 12), Buffer.alloc(8), sound(7)]);
  mixed[0] = 0x82;
  expect(readRtp(mixed, header)).toBe(true);
  expect(header.start).toBe(20);
});

test('what is no RTP packet is refused, and no bytes make the reader fail or point outside', () => {
  const header = emptyHeader();
  expect(readRtp(new Uint8Array(0), header)).toBe(false);
  expect(readRtp(new Uint8Array(11).fill(0x80), header)).toBe(false);
  expect(readRtp(new Uint8Array(12), header)).toBe(false);
  const chance = chances(1);
  for (let i = 0; i < 20_000; i++) {
    const bytes = Uint8Array.from({ length: Math.floor(chance() * 40) }, () => chance() * 256);
    if (bytes.length > 0) bytes[0] = 0x80 | ((bytes[0] as number) & 0x3f);
    if (!readRtp(bytes, header)) continue;
    expect(header.start).toBeGreaterThanOrEqual(12);
    expect(header.start).toBeLessThanOrEqual(header.end);
    expect(header.end).toBeLessThanOrEqual(bytes.length);
  }
});

test('RTCP is told from RTP on one port', () => {
  expect(isRtcp(Uint8Array.of(0x80, 200))).toBe(true);
  expect(isRtcp(Uint8Array.of(0x81, 201))).toBe(true);
  expect(isRtcp(rtp(sound(0)))).toBe(false);
  expect(isRtcp(rtp(sound(0), { payloadType: 101, marker: true }))).toBe(false);
});

test('numbers are compared around their wrap', () => {
  expect(sequenceAhead(2, 65_534)).toBe(4);
  expect(sequenceAhead(65_534, 2)).toBe(-4);
  expect(timestampAhead(10, 0xffff_fff6)).toBe(20);
});
