import { randomLetters } from '../../shared/ids.ts';
import { Reception, type ReceptionReport } from '../../rtp/reception.ts';
import { readRtcp, type SentSoFar, writeReport } from '../../rtp/rtcp.ts';
import type { FarSide } from '../contract.ts';

type Address = NonNullable<FarSide['rtp']>;

/** Time between reports, ms; each leg begins somewhere within the first, so that a thread's legs don't report at once. */
const INTERVAL_MS = 5000;
const NAME_LETTERS = 16;

/** What one of the two sides reported last. */
interface Heard {
  senderTime: number;
  at: number;
}

/** RTCP of one leg (RFC 3550 §6): what is told to each side, and what each side told. Nothing passes between them. */
export class Reports {
  /** How the SFU's sound arrives. */
  readonly fromSfu = new Reception();
  readonly #name = randomLetters(NAME_LETTERS);
  readonly #far: Heard = { senderTime: 0, at: 0 };
  readonly #sfu: Heard = { senderTime: 0, at: 0 };
  #source: Address | undefined;
  #dueAt: number;

  constructor(now: number) {
    this.#dueAt = now + INTERVAL_MS * (0.5 + Math.random() / 2);
  }

  /** Whether it is time to report; then the next time is set. */
  due(now: number): boolean {
    if (now < this.#dueAt) return false;
    this.#dueAt = now + INTERVAL_MS;
    return true;
  }

  /** RTCP from the customer's side; false when it is none. `ssrc`: our stream's. */
  heardFar(packet: Uint8Array, ssrc: number, ip: string, port: number, now: number): boolean {
    if (!note(packet, ssrc, this.#far, now)) return false;
    this.#source = { ip, port };
    return true;
  }

  heardSfu(packet: Uint8Array, ssrc: number, now: number): void {
    note(packet, ssrc, this.#sfu, now);
  }

  /** Where the customer's side takes RTCP: where it came from, as announced, or the port above RTP's. */
  targetAt(far: FarSide | undefined, rtp: Address | undefined): (Address & { multiplexed: boolean }) | undefined {
    if (!rtp || !far) return undefined;
    if (far.rtcp && far.rtp && far.rtcp.port === far.rtp.port && far.rtcp.ip === far.rtp.ip) {
      return { ...rtp, multiplexed: true };
    }
    if (this.#source?.ip === rtp.ip) return { ...this.#source, multiplexed: false };
    if (far.rtcp && rtp.ip === far.rtp?.ip) return { ...far.rtcp, multiplexed: false };
    return rtp.port < 65_535 ? { ip: rtp.ip, port: rtp.port + 1, multiplexed: false } : undefined;
  }

  forFar(sent: SentSoFar, received: ReceptionReport | undefined, now: number): Uint8Array {
    return this.#report(sent, received, this.#far, now);
  }

  forSfu(sent: SentSoFar, now: number): Uint8Array {
    return this.#report(sent, this.fromSfu.report(), this.#sfu, now);
  }

  #report(sent: SentSoFar, received: ReceptionReport | undefined, heard: Heard, now: number): Uint8Array {
    const sinceSenderReportMs = now - heard.at;
    return writeReport({
      sent,
      received,
      now,
      lastSenderTime: heard.senderTime,
      sinceSenderReportMs,
      name: this.#name,
    });
  }
}

function note(packet: Uint8Array, ssrc: number, heard: Heard, now: number): boolean {
  const report = readRtcp(packet, ssrc);
  if (!report) return false;
  if (report.senderTime > 0) {
    heard.senderTime = report.senderTime;
    heard.at = now;
  }
  return true;
}
