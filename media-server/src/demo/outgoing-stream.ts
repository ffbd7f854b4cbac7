import { encodeSample, type Law } from '../rtp/g711.ts';
import { RTP_HEADER_BYTES, writeRtp } from '../rtp/packet.ts';
import { EVENT_BYTES, writeEvent } from '../rtp/telephone-event.ts';
import type { KeyPresses, KeyReport } from '../rtp/key-presses.ts';

/** Samples of a 20-ms frame at 8 kHz. */
export const FRAME_SAMPLES = 160;

/** How the far side takes sound and keys, from its description. */
export interface StreamFormat {
  readonly law: Law;
  readonly payloadType: number;
  /** Payload type of telephone-event/8000, if it takes any. */
  readonly keysType?: number;
}

/** Where a stream's numbers begin; random as RFC 3550 §5.1 asks. */
export interface StreamStart {
  readonly ssrc: number;
  readonly sequence: number;
  readonly timestamp: number;
}

/** The phone's RTP, a 20-ms frame at a time: sound, or the report of a key that is down. */
export class OutgoingStream {
  readonly #ssrc: number;
  #sequence: number;
  #timestamp: number;
  /** Where the last key began: after a stall its time can't be told from its duration. */
  #keyBegan = 0;
  #started = false;

  constructor(start: StreamStart) {
    this.#ssrc = start.ssrc;
    this.#sequence = start.sequence;
    this.#timestamp = start.timestamp;
  }

  /**
   * The packets of the next frame, and time goes on by 20 ms.
   *
   * @param samples FRAME_SAMPLES linear samples; not sent while a key is down
   */
  next(format: StreamFormat, keys: KeyPresses, samples: Int16Array): Uint8Array[] {
    const packets: Uint8Array[] = [];
    const report = keys.next();
    if (report && format.keysType !== undefined) packets.push(this.#keyPacket(format.keysType, report));
    if (!report || report.end) packets.push(this.#soundPacket(format, samples));
    this.pass();
    return packets;
  }

  /** Time goes on by 20 ms of which nothing is sent (on hold). */
  pass(): void {
    this.#timestamp = (this.#timestamp + FRAME_SAMPLES) >>> 0;
  }

  #keyPacket(type: number, report: KeyReport): Uint8Array {
    const packet = new Uint8Array(RTP_HEADER_BYTES + EVENT_BYTES);
    if (report.first) this.#keyBegan = this.#timestamp;
    writeRtp(packet, 0, type, report.first, this.#nextSequence(), this.#keyBegan, this.#ssrc);
    writeEvent(packet, RTP_HEADER_BYTES, report);
    return packet;
  }

  #soundPacket({ law, payloadType }: StreamFormat, samples: Int16Array): Uint8Array {
    const packet = new Uint8Array(RTP_HEADER_BYTES + samples.length);
    writeRtp(packet, 0, payloadType, !this.#started, this.#nextSequence(), this.#timestamp, this.#ssrc);
    this.#started = true;
    samples.forEach((sample, i) => {
      packet[RTP_HEADER_BYTES + i] = encodeSample(law, sample);
    });
    return packet;
  }

  #nextSequence(): number {
    const sequence = this.#sequence;
    this.#sequence = (sequence + 1) & 0xffff;
    return sequence;
  }
}
