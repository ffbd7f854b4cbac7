/** Bytes of a telephone-event payload (RFC 4733 §2.3). */
export const EVENT_BYTES = 4;

/** One report on an event: duration in timestamp units so far, volume in −dBm0 (0 … 63). */
export interface TelephoneEvent {
  event: number;
  end: boolean;
  volume: number;
  duration: number;
}

/**
 * Reads the payload between `start` and `end`; false when it is too short. What follows the first event is left out:
 * senders that pack several into a packet repeat them (RFC 4733 §2.5.1.5).
 */
export function readEvent(packet: Uint8Array, start: number, end: number, into: TelephoneEvent): boolean {
  if (end - start < EVENT_BYTES) return false;
  const flags = packet[start + 1] as number;
  into.event = packet[start] as number;
  into.end = flags >= 0x80;
  into.volume = flags & 0x3f;
  into.duration = ((packet[start + 2] as number) << 8) | (packet[start + 3] as number);
  return true;
}

export function writeEvent(packet: Uint8Array, offset: number, report: TelephoneEvent): void {
  packet[offset] = report.event;
  packet[offset + 1] = (report.end ? 0x80 : 0) | (report.volume & 0x3f);
  packet[offset + 2] = report.duration >> 8;
  packet[offset + 3] = report.duration & 0xff;
}
