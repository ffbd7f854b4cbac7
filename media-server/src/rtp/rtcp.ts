import { readUint32, writeUint32 } from './packet.ts';
import type { ReceptionReport } from './reception.ts';

const SENDER_REPORT = 200;
const RECEIVER_REPORT = 201;
const SOURCE_DESCRIPTION = 202;
const BLOCK_BYTES = 24;
/** Packets of one compound that are looked at. */
const PACKET_LIMIT = 16;

/** What one side tells us: when it sent, and how it receives our stream. */
export interface HeardReport {
  /** The middle 32 bits of the sender report's NTP time (0: none was in it) and whose it is. */
  senderTime: number;
  sender: number;
  /** How our stream arrives, when a block speaks of it; loss in 256ths, jitter in timestamp units. */
  ours: { fractionLost: number; lost: number; jitter: number } | undefined;
}

/** Reads a compound packet (RFC 3550 §6.1); nothing when it is none. `ssrc` is that of our own stream. */
export function readRtcp(packet: Uint8Array, ssrc: number): HeardReport | undefined {
  const heard: HeardReport = { senderTime: 0, sender: -1, ours: undefined };
  let at = 0;
  for (let i = 0; at + 8 <= packet.length && i < PACKET_LIMIT; i++) {
    const first = packet[at] as number;
    const type = packet[at + 1] as number;
    const end = at + ((((packet[at + 2] as number) << 8) | (packet[at + 3] as number)) + 1) * 4;
    if (first >> 6 !== 2 || end > packet.length) return undefined;
    let block = at + 8;
    if (type === SENDER_REPORT) {
      if (end - at < 28) return undefined;
      heard.sender = readUint32(packet, at + 4);
      heard.senderTime = readUint32(packet, at + 10);
      block += 20;
    }
    if (type === SENDER_REPORT || type === RECEIVER_REPORT) {
      for (let n = first & 0x1f; n > 0 && block + BLOCK_BYTES <= end; n--, block += BLOCK_BYTES) {
        if (readUint32(packet, block) !== ssrc) continue;
        const loss = readUint32(packet, block + 4);
        heard.ours = { fractionLost: loss >>> 24, lost: (loss << 8) >> 8, jitter: readUint32(packet, block + 12) };
      }
    } else if (i === 0) return undefined;
    at = end;
  }
  return at > 0 ? heard : undefined;
}

export interface SentSoFar {
  ssrc: number;
  packets: number;
  bytes: number;
  /** The timestamp that belongs to the time of the report. */
  timestamp: number;
}

export interface ReportOptions {
  /** The stream we send; without packets a receiver report is made. */
  sent: SentSoFar;
  /** Monotonic ms. Only differences matter, so elapsed time stands for the time of day (RFC 3550 §6.4.1). */
  now: number;
  received: ReceptionReport | undefined;
  /** Middle 32 bits of the other's last sender report (0: none) and how long ago it came, ms. */
  lastSenderTime: number;
  sinceSenderReportMs: number;
  /** Canonical name: ASCII, at most 255 bytes (RFC 3550 §6.5.1). */
  name: string;
}

/** A compound of SR or RR with SDES (RFC 3550 §6.4, §6.5). */
export function writeReport(options: ReportOptions): Uint8Array {
  const { sent, received, name } = options;
  const sends = sent.packets > 0;
  const reportBytes = 8 + (sends ? 20 : 0) + (received ? BLOCK_BYTES : 0);
  // An SDES chunk ends with at least one zero byte, at a multiple of four.
  const descriptionBytes = 4 + Math.ceil((4 + 2 + name.length + 1) / 4) * 4;
  const packet = new Uint8Array(reportBytes + descriptionBytes);
  packet[0] = 0x80 | (received ? 1 : 0);
  packet[1] = sends ? SENDER_REPORT : RECEIVER_REPORT;
  packet[3] = reportBytes / 4 - 1;
  writeUint32(packet, 4, sent.ssrc);
  if (sends) {
    writeUint32(packet, 8, Math.floor(options.now / 1000));
    writeUint32(packet, 12, Math.floor(((options.now % 1000) / 1000) * 4_294_967_296));
    writeUint32(packet, 16, sent.timestamp);
    writeUint32(packet, 20, sent.packets);
    writeUint32(packet, 24, sent.bytes);
  }
  if (received) {
    const at = reportBytes - BLOCK_BYTES;
    writeUint32(packet, at, received.ssrc);
    writeUint32(packet, at + 4, ((received.fractionLost << 24) | (received.lost & 0xff_ffff)) >>> 0);
    writeUint32(packet, at + 8, received.highestSequence);
    writeUint32(packet, at + 12, received.jitter);
    writeUint32(packet, at + 16, options.lastSenderTime);
    if (options.lastSenderTime > 0) writeUint32(packet, at + 20, Math.round(options.sinceSenderReportMs * 65.536));
  }
  packet[reportBytes] = 0x81;
  packet[reportBytes + 1] = SOURCE_DESCRIPTION;
  packet[reportBytes + 3] = descriptionBytes / 4 - 1;
  writeUint32(packet, reportBytes + 4, sent.ssrc);
  packet[reportBytes + 8] = 1;
  packet[reportBytes + 9] = name.length;
  for (let i = 0; i < name.length; i++) packet[reportBytes + 10 + i] = name.charCodeAt(i);
  return packet;
}
