/** What an RTP packet's header says (RFC 3550 §5.1), and where the payload lies in the packet. */
export interface RtpHeader {
  payloadType: number;
  marker: boolean;
  sequence: number;
  timestamp: number;
  ssrc: number;
  /** Offsets in bytes of the payload within the packet: CSRCs, header extension and padding left out. */
  start: number;
  end: number;
}

export const RTP_HEADER_BYTES = 12;

/** A header to read into, made once and used for every packet. */
export function emptyHeader(): RtpHeader {
  return { payloadType: 0, marker: false, sequence: 0, timestamp: 0, ssrc: 0, start: 0, end: 0 };
}

/** Reads a packet's header into `header`; false (and `header` of no meaning) when it is no RTP packet. */
export function readRtp(packet: Uint8Array, header: RtpHeader): boolean {
  const length = packet.length;
  if (length < RTP_HEADER_BYTES) return false;
  const first = packet[0] as number;
  if (first >> 6 !== 2) return false;
  const second = packet[1] as number;
  let start = RTP_HEADER_BYTES + (first & 0x0f) * 4;
  if (first & 0x10) {
    if (start + 4 > length) return false;
    start += 4 + (((packet[start + 2] as number) << 8) | (packet[start + 3] as number)) * 4;
  }
  let end = length;
  if (first & 0x20) {
    const padding = packet[length - 1] as number;
    if (padding === 0) return false;
    end -= padding;
  }
  if (start > end) return false;
  header.payloadType = second & 0x7f;
  header.marker = second >= 0x80;
  header.sequence = ((packet[2] as number) << 8) | (packet[3] as number);
  header.timestamp = readUint32(packet, 4);
  header.ssrc = readUint32(packet, 8);
  header.start = start;
  header.end = end;
  return true;
}

/** Whether a datagram of a multiplexed port is RTCP: packet types 192 … 223 (RFC 5761 §4). */
export function isRtcp(packet: Uint8Array): boolean {
  const type = packet[1] ?? 0;
  return type >= 192 && type <= 223;
}

/** Writes a plain header (no CSRC, no extension, no padding) at `offset`. */
export function writeRtp(
  packet: Uint8Array,
  offset: number,
  payloadType: number,
  marker: boolean,
  sequence: number,
  timestamp: number,
  ssrc: number,
): void {
  packet[offset] = 0x80;
  packet[offset + 1] = marker ? payloadType | 0x80 : payloadType;
  packet[offset + 2] = sequence >> 8;
  packet[offset + 3] = sequence & 0xff;
  writeUint32(packet, offset + 4, timestamp);
  writeUint32(packet, offset + 8, ssrc);
}

export function readUint32(bytes: Uint8Array, at: number): number {
  return (
    (((bytes[at] as number) << 24) |
      ((bytes[at + 1] as number) << 16) |
      ((bytes[at + 2] as number) << 8) |
      (bytes[at + 3] as number)) >>>
    0
  );
}

export function writeUint32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = (value >>> 16) & 0xff;
  bytes[at + 2] = (value >>> 8) & 0xff;
  bytes[at + 3] = value & 0xff;
}

/** How far sequence number `a` is ahead of `b`, −32768 … 32767. */
export function sequenceAhead(a: number, b: number): number {
  return ((a - b) << 16) >> 16;
}

/** How far timestamp `a` is ahead of `b`, −2³¹ … 2³¹−1. */
export function timestampAhead(a: number, b: number): number {
  return (a - b) | 0;
}
