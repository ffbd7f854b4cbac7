import { RTP_HEADER_BYTES, type RtpHeader, timestampAhead, writeRtp } from '../../rtp/packet.ts';
import { StreamRewriter } from '../../rtp/stream-rewriter.ts';

/** Bytes and samples of a tick's frame: 20 ms. */
export const FRAME_BYTES = 160;
const SAMPLES_PER_MS = 8;
/** Longest packet sent, ms. */
const PTIME_LIMIT = 60;
/** Longest packet taken from the SFU, ms. */
const TAKEN_LIMIT_MS = 160;
/** A gap in the SFU's sound up to this long is filled with silence when packets are cut anew, samples. */
const FILL_LIMIT = 800;

/** The one clean stream towards the customer: own SSRC, no header extension, the packet length that was negotiated. */
export class FarStream {
  readonly rewriter: StreamRewriter;
  packets = 0;
  bytes = 0;
  readonly #silence: number;
  readonly #send: (packet: Uint8Array) => void;
  #payloadType = 0;
  #packetBytes = FRAME_BYTES;
  // Sound that doesn't fill a packet yet.
  readonly #held = new Uint8Array((PTIME_LIMIT + TAKEN_LIMIT_MS) * SAMPLES_PER_MS);
  #length = 0;
  #marker = false;
  /** The SFU's stream that was cut last, and where its sound ended. */
  #cutSsrc = -1;
  #cutEnd = 0;

  constructor(rewriter: StreamRewriter, silence: number, send: (packet: Uint8Array) => void) {
    this.rewriter = rewriter;
    this.#silence = silence;
    this.#send = send;
  }

  /** `ptime` ms of sound per packet. */
  setFormat(payloadType: number, ptime: number): void {
    const packetBytes = Math.min(ptime, PTIME_LIMIT) * SAMPLES_PER_MS;
    if (packetBytes !== this.#packetBytes) this.clear();
    this.#payloadType = payloadType;
    this.#packetBytes = packetBytes;
  }

  /** A frame of our own. `marker`: sound begins with it. */
  frame(sound: Uint8Array, marker: boolean, now: number): void {
    this.#cutSsrc = -1;
    this.#cut(sound, 0, sound.length, marker, now);
  }

  /** A packet of the SFU's: in place and with its own timing if it has the right length, else cut anew. */
  forward(packet: Uint8Array, header: RtpHeader, now: number): void {
    const { ssrc, sequence, timestamp, start, end } = header;
    const bytes = end - start;
    if (bytes === this.#packetBytes && this.#length === 0) {
      this.#cutSsrc = -1;
      if (!this.rewriter.rewrite(ssrc, sequence, timestamp, bytes, header.marker, now)) return;
      const at = start - RTP_HEADER_BYTES;
      const { rewriter } = this;
      writeRtp(packet, at, this.#payloadType, rewriter.marker, rewriter.sequence, rewriter.timestamp, rewriter.ssrc);
      this.#count(bytes);
      this.#send(packet.subarray(at, end));
      return;
    }
    if (bytes > TAKEN_LIMIT_MS * SAMPLES_PER_MS) return;
    if (ssrc === this.#cutSsrc) {
      const gap = timestampAhead(timestamp, this.#cutEnd);
      if (gap < 0 && gap > -FILL_LIMIT) return;
      if (gap > 0 && gap <= FILL_LIMIT) this.#cut(new Uint8Array(gap).fill(this.#silence), 0, gap, false, now);
    }
    this.#cutSsrc = ssrc;
    this.#cutEnd = (timestamp + bytes) >>> 0;
    this.#cut(packet, start, end, header.marker, now);
  }

  /** A telephone-event of a key: its packets bear the timestamp of its beginning (RFC 4733 §2.2.1). */
  event(payload: Uint8Array, payloadType: number, begins: boolean, timestamp: number, now: number): void {
    this.rewriter.next(FRAME_BYTES, begins, now);
    const packet = Buffer.allocUnsafe(RTP_HEADER_BYTES + payload.length);
    writeRtp(packet, 0, payloadType, begins, this.rewriter.sequence, timestamp, this.rewriter.ssrc);
    packet.set(payload, RTP_HEADER_BYTES);
    this.#count(payload.length);
    this.#send(packet);
  }

  /** Throws away what doesn't fill a packet yet, and forgets the SFU's stream. */
  clear(): void {
    this.#held.fill(this.#silence);
    this.#length = 0;
    this.#marker = false;
    this.#cutSsrc = -1;
    this.rewriter.interrupt();
  }

  #cut(sound: Uint8Array, start: number, end: number, marker: boolean, now: number): void {
    if (marker) this.#marker = true;
    for (let at = start; at < end; ) {
      const take = Math.min(end - at, this.#packetBytes - this.#length);
      for (let i = 0; i < take; i++) this.#held[this.#length + i] = sound[at + i] as number;
      this.#length += take;
      at += take;
      if (this.#length === this.#packetBytes) this.#emit(now);
    }
  }

  #emit(now: number): void {
    const bytes = this.#length;
    const { rewriter } = this;
    rewriter.next(bytes, this.#marker, now);
    // A fresh buffer for each packet: the kernel may take it later than this returns.
    const packet = Buffer.allocUnsafe(RTP_HEADER_BYTES + bytes);
    writeRtp(packet, 0, this.#payloadType, rewriter.marker, rewriter.sequence, rewriter.timestamp, rewriter.ssrc);
    packet.set(this.#held.subarray(0, bytes), RTP_HEADER_BYTES);
    this.#length = 0;
    this.#marker = false;
    this.#count(bytes);
    this.#send(packet);
  }

  #count(bytes: number): void {
    this.packets++;
    this.bytes += bytes;
  }
}
