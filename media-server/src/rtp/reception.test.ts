import { expect, test } from 'vitest';
import { Reception } from './reception.ts';
import { readRtcp, writeReport } from './rtcp.ts';

test('loss is what is missing from the numbers, over wraps and changed SSRCs', () => {
  const reception = new Reception();
  for (let i = 0; i < 100; i++) if (i % 10 !== 5) reception.packet(1, (65_500 + i) & 0xffff, i * 160, i * 20);
  expect(reception.lost).toBe(10);
  reception.packet(2, 7, 0, 2000);
  reception.packet(2, 9, 320, 2040);
  expect(reception.lost).toBe(11);
});

test('events take numbers of the stream but say nothing of its timing', () => {
  const reception = new Reception();
  reception.packet(1, 1, 0, 0);
  for (let i = 0; i < 5; i++) reception.aside(1, 2 + i);
  reception.packet(1, 7, 960, 120);
  expect(reception.lost).toBe(0);
  expect(reception.jitterMs).toBe(0);
});

test('jitter is that of RFC 3550', () => {
  const reception = new Reception();
  // Packets that are 10 ms early and late by turns differ by 20 ms: jitter nears 20 ms.
  for (let i = 0; i < 400; i++) reception.packet(1, i, i * 160, i * 20 + (i % 2 ? 10 : -10));
  expect(reception.jitterMs).toBeGreaterThan(19);
  expect(reception.jitterMs).toBeLessThan(20.1);
});

test('a report tells the other side what we sent and how we receive, and is read back', () => {
  const reception = new Reception();
  for (const i of [0, 1, 3]) reception.packet(77, i, i * 160, i * 20);
  const packet = writeReport({
    sent: { ssrc: 5, packets: 100, bytes: 16_000, timestamp: 123 },
    received: reception.report(),
    now: 61_500,
    lastSenderTime: 0x1234_5678,
    sinceSenderReportMs: 1000,
    name: 'abcdefgh',
  });
  expect(packet.length % 4).toBe(0);
  const heard = readRtcp(packet, 77);
  expect(heard?.sender).toBe(5);
  expect(heard?.senderTime).toBe(((61 << 16) | 0x8000) >>> 0);
  expect(heard?.ours).toEqual({ fractionLost: 64, lost: 1, jitter: 0 });
  expect(readRtcp(packet, 78)?.ours).toBeUndefined();
});

test('a side that sent nothing reports as a receiver, and junk is no report', () => {
  const sent = { ssrc: 5, packets: 0, bytes: 0, timestamp: 0 };
  const packet = writeReport({
    sent,
    received: undefined,
    now: 0,
    lastSenderTime: 0,
    sinceSenderReportMs: 0,
    name: 'a',
  });
  expect(packet[1]).toBe(201);
  expect(readRtcp(packet, 1)?.sender).toBe(-1);
  expect(readRtcp(packet.subarray(0, packet.length - 3), 1)).toBeUndefined();
  expect(readRtcp(new Uint8Array(60), 1)).toBeUndefined();
});
