import { LINEAR, type Law } from '../rtp/g711.ts';
import { emptyHeader, readRtp, sequenceAhead } from '../rtp/packet.ts';

/** Sound of one packet that is passed on, samples: 60 ms. */
const SAMPLES_LIMIT = 480;
/** Sequence numbers further behind than this are a new beginning, not a late packet. */
const LATE_LIMIT = 100;

/** What the phone hears: the far side's packets, in order, as linear samples. */
export class IncomingStream {
  readonly #header = emptyHeader();
  #ssrc = -1;
  #sequence = 0;

  /** The packet's sound; nothing for one that is late, a repeat, no sound or no RTP. */
  take(packet: Uint8Array, format: { readonly law: Law; readonly payloadType: number }): Int16Array | undefined {
    const header = this.#header;
    if (!readRtp(packet, header) || header.payloadType !== format.payloadType) return undefined;
    const ahead = sequenceAhead(header.sequence, this.#sequence);
    if (header.ssrc === this.#ssrc && ahead <= 0 && ahead > -LATE_LIMIT) return undefined;
    this.#ssrc = header.ssrc;
    this.#sequence = header.sequence;
    const linear = LINEAR[format.law];
    const samples = packet.subarray(header.start, Math.min(header.end, header.start + SAMPLES_LIMIT));
    return Int16Array.from(samples, (byte) => linear[byte] as number);
  }
}
