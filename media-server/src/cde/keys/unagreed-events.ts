import type { RtpHeader } from '../../rtp/packet.ts';
import { EVENT_BYTES } from '../../rtp/telephone-event.ts';

/** Payload types that SDP gives a meaning (RFC 3551 §3). */
const DYNAMIC = 96;
/** The last key of RFC 4733 §3.2 and flash. */
const HIGHEST_EVENT = 16;
const NONE = -1;

/**
 * Key events under a payload type that was never negotiated: gateways that send 101 whatever the answer said. One packet
 * of four bytes may be anything; two of one timestamp that report the same event, the second no shorter than the first,
 * are an event, and from then on its type is the leg's.
 */
export class UnagreedEvents {
  #learnt = NONE;
  // The report that a second one must fit.
  #payloadType = NONE;
  #ssrc = 0;
  #timestamp = 0;
  #event = NONE;
  #duration = 0;

  /** Whether a packet of the customer's under a type that is neither sound nor a negotiated event is a key event. */
  recognises(packet: Uint8Array, header: RtpHeader): boolean {
    const { payloadType, ssrc, timestamp, start, end } = header;
    if (payloadType < DYNAMIC || end - start !== EVENT_BYTES) return false;
    const event = packet[start] as number;
    const isReserved = ((packet[start + 1] as number) & 0x40) !== 0;
    if (event > HIGHEST_EVENT || isReserved) return false;
    if (payloadType === this.#learnt) return true;
    const duration = ((packet[start + 2] as number) << 8) | (packet[start + 3] as number);
    const again =
      payloadType === this.#payloadType &&
      ssrc === this.#ssrc &&
      timestamp === this.#timestamp &&
      event === this.#event &&
      duration >= this.#duration;
    this.#payloadType = payloadType;
    this.#ssrc = ssrc;
    this.#timestamp = timestamp;
    this.#duration = duration;
    this.#event = again ? NONE : event;
    if (again) this.#learnt = payloadType;
    return again;
  }

  /** Forgets which key was looked at, and what was learnt: another description may give the types another meaning. */
  reset(): void {
    this.#learnt = this.#payloadType = this.#event = NONE;
    this.#ssrc = this.#timestamp = this.#duration = 0;
  }
}
