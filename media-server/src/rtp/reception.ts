import { sequenceAhead } from './packet.ts';

/** Packets that may come late or early before a stream counts as begun anew (RFC 3550 appendix A.1). */
const MAX_DROPOUT = 3000;
const MAX_MISORDER = 100;

/** What is told of a stream in a report block (RFC 3550 §6.4.1). */
export interface ReceptionReport {
  ssrc: number;
  /** Lost since the last report, in 256ths. */
  fractionLost: number;
  lost: number;
  highestSequence: number;
  /** In timestamp units. */
  jitter: number;
}

/**
 * Loss and interarrival jitter of what is received from one side (RFC 3550 appendix A.3 and A.8). When the SSRC
 * changes or the numbers jump, what was lost before stays counted.
 */
export class Reception {
  /** Timestamp units per millisecond. */
  readonly #rate: number;
  #ssrc = -1;
  #base = 0;
  #highest = 0;
  #cycles = 0;
  #received = 0;
  #lostBefore = 0;
  #expectedAtReport = 0;
  #receivedAtReport = 0;
  #transit = 0;
  #hasTransit = false;
  #jitter = 0;

  constructor(rate = 8000) {
    this.#rate = rate / 1000;
  }

  /** A packet of sound has come. */
  packet(ssrc: number, sequence: number, timestamp: number, now: number): void {
    this.#count(ssrc, sequence);
    this.#time(timestamp, now);
  }

  /** A packet whose timestamp says nothing of when it was sent (an event's is its beginning), nor begins a stream. */
  aside(ssrc: number, sequence: number): void {
    if (ssrc === this.#ssrc) this.#count(ssrc, sequence);
  }

  #count(ssrc: number, sequence: number): void {
    if (ssrc !== this.#ssrc) this.#begin(ssrc, sequence);
    else {
      const ahead = sequenceAhead(sequence, this.#highest);
      if (ahead > MAX_DROPOUT || ahead < -MAX_MISORDER) this.#begin(ssrc, sequence);
      else if (ahead > 0) {
        if (sequence < this.#highest) this.#cycles += 65_536;
        this.#highest = sequence;
      }
    }
    this.#received++;
  }

  #time(timestamp: number, now: number): void {
    const transit = (now * this.#rate - timestamp) % 4_294_967_296;
    if (this.#hasTransit) {
      const difference = Math.abs(transit - this.#transit);
      // A second is no jitter but a jump of the timestamps.
      if (difference < this.#rate * 1000) this.#jitter += (difference - this.#jitter) / 16;
    }
    this.#transit = transit;
    this.#hasTransit = true;
  }

  /** Packets lost so far; duplicates don't make up for them beyond zero. */
  get lost(): number {
    return this.#lostBefore + this.#lostNow();
  }

  get jitterMs(): number {
    return this.#jitter / this.#rate;
  }

  /** What to report, or nothing when nothing was received. Begins the next interval. */
  report(): ReceptionReport | undefined {
    if (this.#ssrc < 0) return undefined;
    const expected = this.#expected();
    const expectedSince = expected - this.#expectedAtReport;
    const lostSince = expectedSince - (this.#received - this.#receivedAtReport);
    this.#expectedAtReport = expected;
    this.#receivedAtReport = this.#received;
    return {
      ssrc: this.#ssrc,
      fractionLost:
        expectedSince <= 0 || lostSince <= 0 ? 0 : Math.min(255, Math.floor((lostSince * 256) / expectedSince)),
      lost: Math.min(0x7f_ffff, this.lost),
      highestSequence: (this.#cycles + this.#highest) >>> 0,
      jitter: Math.round(this.#jitter),
    };
  }

  #begin(ssrc: number, sequence: number): void {
    this.#lostBefore += this.#lostNow();
    this.#ssrc = ssrc;
    this.#base = this.#highest = sequence;
    this.#cycles = this.#received = this.#expectedAtReport = this.#receivedAtReport = 0;
    this.#hasTransit = false;
  }

  #expected(): number {
    return this.#ssrc < 0 ? 0 : this.#cycles + this.#highest - this.#base + 1;
  }

  #lostNow(): number {
    return Math.max(0, this.#expected() - this.#received);
  }
}
