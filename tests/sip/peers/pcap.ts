import { writeFile } from 'node:fs/promises';

export interface PcapOptions {
  /** Keys in order; `,` is a second of silence. */
  readonly keys?: string;
  /** How keys are sent: RFC 4733 events (the sound stops meanwhile, as phones do it), tones in the sound, or both. */
  readonly as?: 'events' | 'tones' | 'both';
  readonly codec?: 'PCMU' | 'PCMA';
  /** Payload type of events. */
  readonly eventType?: number;
  /** Length of a key and of the gap after it, ms. */
  readonly onMs?: number;
  readonly offMs?: number;
  /** Sound before the first key and after the last, ms. */
  readonly leadMs?: number;
  readonly tailMs?: number;
  /** End packets of an event. */
  readonly ends?: number;
  /** Level of a tone pair's lower tone, dBm0; the upper is 2 dB louder. */
  readonly level?: number;
}

interface Packet {
  readonly atMs: number;
  readonly bytes: Buffer;
}

const SAMPLES = 160;
const FRAME_MS = 20;
const EVENTS = '0123456789*#ABCD';
const KEYPAD = '123A456B789C*0#D';
const ROWS = [697, 770, 852, 941];
const COLUMNS = [1209, 1336, 1477, 1633];
const SSRC = 0x5eed0001;

/**
 * Writes one conformant RTP stream of 20 ms packets as a pcap file, for sipp to play: quiet noise, and keys. Returns its
 * length in ms.
 */
export async function makePcap(file: string, options: PcapOptions = {}): Promise<number> {
  const { keys = '', as = 'events', codec = 'PCMU', eventType = 101, ends = 3, level = -10 } = options;
  const { onMs = 100, offMs = 100, leadMs = 1000, tailMs = 500 } = options;
  const presses: { key: string; startMs: number; endMs: number }[] = [];
  let endMs = leadMs;
  for (const key of keys) {
    if (key !== ',') presses.push({ key, startMs: endMs, endMs: endMs + onMs });
    endMs += key === ',' ? 1000 : onMs + offMs;
  }
  const totalMs = endMs + tailMs;
  const packets: Packet[] = [];
  let sequence = 1000;
  const push = (atMs: number, type: number, marker: boolean, timestamp: number, payload: Buffer): void => {
    const head = Buffer.alloc(12);
    head[0] = 0x80;
    head[1] = type | (marker ? 0x80 : 0);
    head.writeUInt16BE(sequence++ & 0xffff, 2);
    head.writeUInt32BE((160_000 + timestamp) >>> 0, 4);
    head.writeUInt32BE(SSRC, 8);
    packets.push({ atMs, bytes: Buffer.concat([head, payload]) });
  };
  for (let atMs = 0; atMs < totalMs; atMs += FRAME_MS) {
    const press = presses.find(({ startMs, endMs: over }) => atMs >= startMs && atMs < over);
    const isEvent = press !== undefined && as !== 'tones';
    if (!isEvent || as === 'both') {
      push(
        atMs,
        codec === 'PCMA' ? 8 : 0,
        packets.length === 0,
        atMs * 8,
        sound(atMs, as === 'events' ? undefined : press?.key, codec, level),
      );
    }
    if (!isEvent) continue;
    const duration = (atMs - press.startMs + FRAME_MS) * 8;
    push(atMs, eventType, atMs === press.startMs, press.startMs * 8, event(press.key, false, duration));
    if (atMs + FRAME_MS < press.endMs) continue;
    for (let i = 1; i <= ends; i++)
      push(atMs + i, eventType, false, press.startMs * 8, event(press.key, true, duration));
  }
  await writeFile(file, pcap(packets.sort((a, b) => a.atMs - b.atMs)));
  return totalMs;
}

function event(key: string, isEnd: boolean, duration: number): Buffer {
  const payload = Buffer.from([EVENTS.indexOf(key), (isEnd ? 0x80 : 0) | 10, 0, 0]);
  payload.writeUInt16BE(Math.min(duration, 0xffff), 2);
  return payload;
}

/** 20 ms of quiet noise, with the tone pair of a key. */
function sound(atMs: number, key: string | undefined, codec: 'PCMU' | 'PCMA', level: number): Buffer {
  const at = key === undefined ? -1 : KEYPAD.indexOf(key);
  const payload = Buffer.alloc(SAMPLES);
  for (let i = 0; i < SAMPLES; i++) {
    const seconds = (atMs * 8 + i) / 8000;
    let sample = ((Math.imul(atMs * 8 + i, 2_654_435_761) >>> 0) / 2 ** 31 - 1) * amplitude(-65);
    if (at >= 0) {
      sample += Math.sin(2 * Math.PI * (ROWS[at >> 2] ?? 0) * seconds) * amplitude(level);
      sample += Math.sin(2 * Math.PI * (COLUMNS[at & 3] ?? 0) * seconds) * amplitude(level + 2);
    }
    const clipped = Math.max(-32_768, Math.min(32_767, Math.round(sample)));
    payload[i] = codec === 'PCMA' ? aLaw(clipped) : muLaw(clipped);
  }
  return payload;
}

/** Peak of a sine of that many dBm0: 0 dBm0 lies 3.14 dB below full scale in G.711. */
function amplitude(dbm0: number): number {
  return 32_767 * 10 ** ((dbm0 - 3.14) / 20);
}

function muLaw(sample: number): number {
  const magnitude = Math.min(32_635, Math.abs(sample)) + 132;
  const exponent = Math.max(0, 24 - Math.clz32(magnitude));
  return ~((sample < 0 ? 0x80 : 0) | (exponent << 4) | ((magnitude >> (exponent + 3)) & 15)) & 0xff;
}

function aLaw(sample: number): number {
  const magnitude = Math.min(32_767, sample < 0 ? -sample - 1 : sample);
  const exponent = Math.max(0, 24 - Math.clz32(magnitude));
  const mantissa = (magnitude >> (exponent === 0 ? 4 : exponent + 3)) & 15;
  return ((sample < 0 ? 0 : 0x80) | (exponent << 4) | mantissa) ^ 0x55;
}

/** RTP packets in UDP in IPv4 in Ethernet, as the old pcap format has them. */
function pcap(packets: readonly Packet[]): Buffer {
  const file = Buffer.alloc(24);
  file.writeUInt32LE(0xa1b2c3d4, 0);
  file.writeUInt16LE(2, 4);
  file.writeUInt16LE(4, 6);
  file.writeUInt32LE(65_535, 16);
  file.writeUInt32LE(1, 20);
  const parts: Buffer[] = [file];
  for (const { atMs, bytes } of packets) {
    const record = Buffer.alloc(16 + 42);
    record.writeUInt32LE(1_700_000_000 + Math.floor(atMs / 1000), 0);
    record.writeUInt32LE((atMs % 1000) * 1000, 4);
    record.writeUInt32LE(42 + bytes.length, 8);
    record.writeUInt32LE(42 + bytes.length, 12);
    record.writeUInt16BE(0x0800, 28);
    record[30] = 0x45;
    record.writeUInt16BE(28 + bytes.length, 32);
    record[38] = 64;
    record[39] = 17;
    record.writeUInt32BE(0x7f000001, 42);
    record.writeUInt32BE(0x7f000001, 46);
    record.writeUInt16BE(6000, 50);
    record.writeUInt16BE(6002, 52);
    record.writeUInt16BE(8 + bytes.length, 54);
    parts.push(record, bytes);
  }
  return Buffer.concat(parts);
}
