import { RTP_HEADER_BYTES, writeRtp } from './packet.ts';
import { EVENT_BYTES, writeEvent } from './telephone-event.ts';

/** Packets and chances for tests. */

/** Numbers of 0 … 1 that are the same for the same seed (mulberry32). */
export function chances(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export interface Made {
  payloadType?: number;
  marker?: boolean;
  sequence?: number;
  timestamp?: number;
  ssrc?: number;
}

/** An RTP packet with this payload. */
export function rtp(payload: Uint8Array, made: Made = {}): Buffer {
  const packet = Buffer.alloc(RTP_HEADER_BYTES + payload.length);
  const { payloadType = 0, marker = false, sequence = 0, timestamp = 0, ssrc = 1 } = made;
  writeRtp(packet, 0, payloadType, marker, sequence & 0xffff, timestamp >>> 0, ssrc);
  packet.set(payload, RTP_HEADER_BYTES);
  return packet;
}

/** The same with the header extension that mediasoup sends: `bede 0003` and 12 bytes. */
export function withExtension(packet: Buffer): Buffer {
  const extension = Buffer.alloc(16);
  extension.set([0xbe, 0xde, 0x00, 0x03]);
  extension.fill(0xee, 4);
  const extended = Buffer.concat([packet.subarray(0, 12), extension, packet.subarray(12)]);
  extended[0] = (extended[0] as number) | 0x10;
  return extended;
}

/** `ms` of sound that is one byte over and over, so that it is known again. */
export function sound(byte: number, ms = 20): Uint8Array {
  return new Uint8Array(ms * 8).fill(byte);
}

export function event(key: number, duration: number, end = false): Uint8Array {
  const payload = new Uint8Array(EVENT_BYTES);
  writeEvent(payload, 0, { event: key, end, volume: 10, duration });
  return payload;
}
