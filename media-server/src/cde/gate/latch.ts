import type { RtpHeader } from '../../rtp/packet.ts';
import type { FarSide } from '../contract.ts';

type Address = NonNullable<FarSide['rtp']>;

/** A latched source counts as alive for so long after its last packet, ms. */
const ALIVE_MS = 200;
/** On another host a source may only take over after a longer silence: a phone that is quiet for a breath keeps its call. */
const OTHER_HOST_ALIVE_MS = 2000;
/** Packets in a row, of one SSRC, from one address, before it is followed. */
const IN_A_ROW = 2;
/** How far numbers may step between two packets "in a row", loss and order allowed for. */
const ROW_STEP = 5;

/**
 * Where the customer's RTP comes from and goes to. SDP gives the first guess; the first valid packets settle it
 * (symmetric RTP, RFC 4961), for addresses in SDP may be private. A live source is left only for the address that SDP
 * announced; a silent one for whoever sends steadily.
 */
export class Latch {
  #announced: Address | undefined;
  #source: Address | undefined;
  #heardAt = Number.NEGATIVE_INFINITY;
  #target: Address | undefined;

  // Who is being considered.
  #ip = '';
  #port = 0;
  #ssrc = -1;
  #sequence = 0;
  #row = 0;

  /** Where RTP is to be sent: the latched source, before that SDP's address. */
  get target(): Address | undefined {
    return this.#target;
  }

  /** Whether a packet's source is the latched one. */
  isSource(ip: string, port: number): boolean {
    return this.#source !== undefined && this.#source.port === port && this.#source.ip === ip;
  }

  /** The address as SDP now has it, or none. */
  announce(address: Address | undefined): void {
    const before = this.#announced;
    this.#announced = address;
    if (!address || (before && before.ip === address.ip && before.port === address.port)) return;
    // An SDP that proved wrong once (NAT) is no reason to leave a source that is heard; its packets will tell.
    const wasRight = !this.#source || (before && this.isSource(before.ip, before.port));
    if (wasRight) this.#target = address;
  }

  /** Whether this packet is the customer's. The header's payload type is one that was negotiated. */
  accept(header: RtpHeader, ip: string, port: number, now: number): boolean {
    if (this.isSource(ip, port)) {
      this.#heardAt = now;
      return true;
    }
    const announced = this.#announced?.port === port && this.#announced.ip === ip;
    if (this.#source === undefined && (announced || this.#announced === undefined)) {
      this.#take(ip, port, now);
      return true;
    }
    const step = ((header.sequence - this.#sequence) << 16) >> 16;
    const follows = ip === this.#ip && port === this.#port && header.ssrc === this.#ssrc;
    if (follows && step > 0 && step <= ROW_STEP) this.#row++;
    else this.#row = 1;
    this.#ip = ip;
    this.#port = port;
    this.#ssrc = header.ssrc;
    this.#sequence = header.sequence;
    if (this.#row < IN_A_ROW) return false;
    if (this.#source && !announced) {
      const alive = ip === this.#source.ip ? ALIVE_MS : OTHER_HOST_ALIVE_MS;
      if (now - this.#heardAt < alive) return false;
    }
    this.#take(ip, port, now);
    return true;
  }

  #take(ip: string, port: number, now: number): void {
    this.#source = this.#target = { ip, port };
    this.#heardAt = now;
    this.#row = 0;
  }
}
