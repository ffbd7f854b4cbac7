import { timestampAhead } from '../../rtp/packet.ts';
import type { TelephoneEvent } from '../../rtp/telephone-event.ts';

/** The highest event that is a key of a dialogue: 0 … 9, 10 `*`, 11 `#`. Above stand A–D, flash and others. */
export const HIGHEST_KEY = 11;
/** What `packet` returns when no press begins. */
export const NO_KEY = -1;

/** Presses that late or repeated packets are known by: more than anybody presses while a packet is under way. */
const REMEMBERED = 16;
/** Packets of a press that ended longer ago than this are of no use, ms; what is further back is another clock. */
const STALE_MS = 1000;
const ANOTHER_CLOCK_MS = 10_000;
/** Time between reports until it was seen (RFC 4733 §2.5.1.2 has 50 ms as the default). */
const USUAL_INTERVAL_MS = 50;
const LONGEST_INTERVAL_MS = 200;
/** An event without an end is over after so many intervals of silence. */
const SILENT_INTERVALS = 3;
/** A segment's duration at most (RFC 4733 §2.5.1.3). */
const SEGMENT = 0xffff;

/**
 * Tells presses from telephone-event packets (RFC 4733), however they arrive: a press is told by its SSRC, timestamp
 * and event, never by the marker, so that lost beginnings and ends, repeats and a changed order don't matter.
 */
export class KeyReceiver {
  // When the last presses began; which keys they were is not kept. Columns, so that nothing is allocated per packet.
  readonly #ssrcs = new Float64Array(REMEMBERED).fill(-1);
  readonly #timestamps = new Float64Array(REMEMBERED);
  #next = 0;

  // The newest press.
  #ssrc = -1;
  #timestamp = 0;
  #event = NO_KEY;
  #duration = 0;
  #rate = 8000;
  #ended = true;
  #heardAt = Number.NEGATIVE_INFINITY;
  #interval = USUAL_INTERVAL_MS;

  /**
   * One report. Returns the key when a press begins with it, else `NO_KEY`. `rate` is the payload type's clock rate in
   * Hz, `now` monotonic milliseconds.
   */
  packet(ssrc: number, timestamp: number, rate: number, report: TelephoneEvent, now: number): number {
    if (ssrc === this.#ssrc && timestamp === this.#timestamp) {
      // Another event at the same time is another press: some phones never move the timestamp on.
      if (report.event === this.#event) {
        this.#goOn(report, now);
        return NO_KEY;
      }
    } else if (this.#known(ssrc, timestamp)) return NO_KEY;
    const behindMs = this.#behindMs(ssrc, timestamp, rate);
    if (behindMs > STALE_MS && now - this.#heardAt <= ANOTHER_CLOCK_MS) return NO_KEY;
    const sameEvent = report.event === this.#event && !this.#ended;
    const older = behindMs > 0;
    const again = sameEvent && !older && this.#isContinued(ssrc, timestamp, rate, report.duration, now);
    this.#remember(ssrc, timestamp);
    if (!older) {
      this.#ssrc = ssrc;
      this.#timestamp = timestamp;
      this.#event = report.event;
      this.#duration = report.duration;
      this.#rate = rate;
      this.#ended = report.end;
      this.#interval = USUAL_INTERVAL_MS;
    }
    this.#heardAt = now;
    return again || report.event > HIGHEST_KEY ? NO_KEY : report.event;
  }

  /** Whether the newest event still lasts: no end was heard and it isn't silent for more than three intervals. */
  lasts(now: number): boolean {
    return !this.#ended && now - this.#heardAt <= this.#interval * SILENT_INTERVALS;
  }

  /** When the newest event was last known to last, monotonic ms; `-Infinity` before the first. */
  endedAt(now: number): number {
    if (this.#ended) return this.#heardAt;
    return Math.min(now, this.#heardAt + this.#interval * SILENT_INTERVALS);
  }

  /** Forgets which keys were pressed. Packets of a press that was under way count as a new one afterwards. */
  reset(): void {
    this.#ssrcs.fill(-1);
    this.#timestamps.fill(0);
    this.#ssrc = -1;
    this.#event = NO_KEY;
    this.#timestamp = this.#duration = 0;
    this.#ended = true;
  }

  #known(ssrc: number, timestamp: number): boolean {
    for (let i = 0; i < REMEMBERED; i++) {
      if (this.#timestamps[i] === timestamp && this.#ssrcs[i] === ssrc) return true;
    }
    return false;
  }

  #remember(ssrc: number, timestamp: number): void {
    this.#ssrcs[this.#next] = ssrc;
    this.#timestamps[this.#next] = timestamp;
    this.#next = (this.#next + 1) % REMEMBERED;
  }

  #goOn(report: TelephoneEvent, now: number): void {
    // Repeats of the end keep the event's time from growing, but quiet begins after the last of them.
    if (!this.#ended && now > this.#heardAt) {
      this.#interval = Math.min(LONGEST_INTERVAL_MS, Math.max(USUAL_INTERVAL_MS, now - this.#heardAt));
    }
    this.#heardAt = now;
    this.#duration = report.duration;
    if (report.end) this.#ended = true;
  }

  /** How long before the newest press a report's press began; 0 where it began later or can't be compared. */
  #behindMs(ssrc: number, timestamp: number, rate: number): number {
    if (!this.#isStream(ssrc, rate)) return 0;
    const behindMs = (-timestampAhead(timestamp, this.#timestamp) * 1000) / rate;
    return behindMs > 0 && behindMs < ANOTHER_CLOCK_MS ? behindMs : 0;
  }

  /** Whether timestamps can be compared with the newest press's: types of other rates have clocks of their own. */
  #isStream(ssrc: number, rate: number): boolean {
    return ssrc === this.#ssrc && rate === this.#rate;
  }

  /** Whether a report with a new timestamp or SSRC belongs to the press that lasts. */
  #isContinued(ssrc: number, timestamp: number, rate: number, duration: number, now: number): boolean {
    const silent = now - this.#heardAt;
    if (silent > LONGEST_INTERVAL_MS * SILENT_INTERVALS) return false;
    if (!this.#isStream(ssrc, rate)) {
      // A gateway that changed its SSRC in mid-press goes on counting the duration; a new press begins with a short one.
      return duration > this.#duration && silent <= this.#interval * SILENT_INTERVALS;
    }
    // Segments follow one another by the greatest duration; some senders cut them one report earlier.
    const step = timestampAhead(timestamp, this.#timestamp);
    return step <= SEGMENT + 1 && step >= SEGMENT - (USUAL_INTERVAL_MS * this.#rate) / 1000;
  }
}
