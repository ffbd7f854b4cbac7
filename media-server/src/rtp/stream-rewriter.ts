import { sequenceAhead, timestampAhead } from './packet.ts';

/** A step within these belongs to the same run of packets; beyond them the source has jumped. */
const SEQUENCE_STEP_LIMIT = 250;
const TIMESTAMP_STEP_LIMIT = 16_000;
/** How far a timestamp's step may differ from the time that passed, in timestamp units, to be a pause and no jump. */
const PAUSE_TOLERANCE = 8000;
const SAMPLES_PER_MS = 8;

/**
 * Makes one clean outgoing stream of sound (8000 Hz) from whatever comes: SSRCs that change, numbers and timestamps
 * that jump, pauses, packets left out on purpose, frames of our own in between. Loss and order of a source are passed
 * on as they are, so that the receiver's jitter buffer sees what really happened.
 */
export class StreamRewriter {
  readonly ssrc: number;
  /** Of the packet that was just made. */
  sequence: number;
  timestamp: number;
  marker = false;

  #lastSequence: number;
  #lastTimestamp: number;
  #lastSamples = 0;
  #lastAt = 0;
  #sent = false;

  #source = -1;
  #sequenceOffset = 0;
  #timestampOffset = 0;
  #highest = 0;
  #highestTimestamp = 0;
  #highestAt = 0;
  /** Source numbers before this one belong to an earlier offset and can't be placed any more. */
  #since = 0;

  /** Start values are random so that nothing can be told from them (RFC 3550 §5.1). */
  constructor(ssrc: number, sequence: number, timestamp: number) {
    this.ssrc = ssrc;
    this.sequence = this.#lastSequence = sequence & 0xffff;
    this.timestamp = this.#lastTimestamp = timestamp >>> 0;
  }

  /** Whether anything was sent yet. */
  get started(): boolean {
    return this.#sent;
  }

  /**
   * Places a source's packet of `samples` in the stream: sets `sequence`, `timestamp` and `marker`. False: it came too
   * late to have a place.
   */
  rewrite(ssrc: number, sequence: number, timestamp: number, samples: number, marker: boolean, now: number): boolean {
    const continues = ssrc === this.#source && this.#continues(sequence, timestamp, now);
    if (continues) {
      const ahead = sequenceAhead(sequence, this.#highest);
      if (ahead <= 0 && sequenceAhead(sequence, this.#since) < 0) return false;
      this.sequence = (sequence + this.#sequenceOffset) & 0xffff;
      this.timestamp = (timestamp + this.#timestampOffset) >>> 0;
      this.marker = marker;
      if (ahead <= 0) return true;
    } else {
      this.#step(now);
      this.marker = true;
      this.#source = ssrc;
      this.#since = sequence;
      this.#sequenceOffset = this.sequence - sequence;
      this.#timestampOffset = this.timestamp - timestamp;
    }
    this.#advance(sequence, timestamp, now);
    this.#note(samples, now);
    return true;
  }

  /** A packet of the source that isn't passed on: the numbers are closed up as if it had never been. */
  leaveOut(ssrc: number, sequence: number): void {
    if (ssrc !== this.#source) return;
    const ahead = sequenceAhead(sequence, this.#highest);
    if (ahead <= 0 || ahead > SEQUENCE_STEP_LIMIT) return;
    this.#sequenceOffset--;
    this.#highest = sequence;
    this.#since = (sequence + 1) & 0xffff;
  }

  /** A frame of our own. A source that goes on afterwards is placed anew. `marker`: sound begins with it. */
  next(samples: number, marker: boolean, now: number): void {
    const contiguous = this.#sent && this.#source < 0;
    // Our own frames are paced by their length, so that a late timer isn't written into the timestamps.
    if (contiguous && Math.abs((now - this.#lastAt) * SAMPLES_PER_MS - this.#lastSamples) < PAUSE_TOLERANCE) {
      this.sequence = (this.#lastSequence + 1) & 0xffff;
      this.timestamp = (this.#lastTimestamp + this.#lastSamples) >>> 0;
    } else this.#step(now);
    this.#source = -1;
    this.marker = marker;
    this.#note(samples, now);
  }

  /** Forgets the source: its next packet follows the last one sent, with the time that passed between. */
  interrupt(): void {
    this.#source = -1;
  }

  /** The timestamp that belongs to a moment, for sender reports. */
  timestampAt(now: number): number {
    return (this.#lastTimestamp + Math.round((now - this.#lastAt) * SAMPLES_PER_MS)) >>> 0;
  }

  #continues(sequence: number, timestamp: number, now: number): boolean {
    const ahead = sequenceAhead(sequence, this.#highest);
    if (ahead > SEQUENCE_STEP_LIMIT || ahead < -SEQUENCE_STEP_LIMIT) return false;
    const step = timestampAhead(timestamp, this.#highestTimestamp);
    if (step >= -TIMESTAMP_STEP_LIMIT && step <= TIMESTAMP_STEP_LIMIT) return true;
    return Math.abs(step - (now - this.#highestAt) * SAMPLES_PER_MS) < PAUSE_TOLERANCE;
  }

  #advance(sequence: number, timestamp: number, now: number): void {
    this.#highest = sequence;
    this.#highestTimestamp = timestamp;
    this.#highestAt = now;
  }

  /** The next number, and a timestamp as far on as time has gone, at least past what was sent. */
  #step(now: number): void {
    if (!this.#sent) return;
    const elapsed = Math.round((now - this.#lastAt) * SAMPLES_PER_MS);
    this.sequence = (this.#lastSequence + 1) & 0xffff;
    this.timestamp = (this.#lastTimestamp + Math.max(this.#lastSamples, elapsed)) >>> 0;
  }

  #note(samples: number, now: number): void {
    this.#sent = true;
    this.#lastSequence = this.sequence;
    this.#lastTimestamp = this.timestamp;
    this.#lastSamples = samples;
    this.#lastAt = now;
  }
}
