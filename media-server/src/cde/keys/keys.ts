import { sequenceAhead, timestampAhead, type RtpHeader } from '../../rtp/packet.ts';
import type { Law } from '../../rtp/g711.ts';
import { readEvent, type TelephoneEvent } from '../../rtp/telephone-event.ts';
import { HIGHEST_KEY, KeyReceiver, NO_KEY } from './key-receiver.ts';
import { ToneDetector } from './tone-detector.ts';

/** A tone this near to an event of the same key is the same press: gateways pass some of the tone before the event. */
const SAME_PRESS_MS = 120;
/** Presses are compared with those of the last so many ms and then forgotten. */
const REMEMBERED_MS = 2000;
const REMEMBERED = 8;
/** Without any sound for so long, time alone tells that a tone is over, ms. */
const SOUND_GONE_MS = 1000;
/** A jump of this many packets is another stream, not loss. */
const LOSS_LIMIT = 50;

/** What is told of the customer's presses. */
export interface KeyReport {
  /** A press begins: 0 … 9, 10 `*`, 11 `#`; `at` monotonic ms. */
  pressed(key: number, transport: 'event' | 'tone', at: number): void;
  /** A press that was told already has come by the other transport too. Once for each at most. */
  again(): void;
}

/** A press that was told or heard, kept for as long as the other transport may repeat it. */
class Press {
  key = NO_KEY;
  from = 0;
  to = 0;
  /** The other transport's sight of it was found; it stands for no other press. */
  paired = false;

  set(key: number, from: number, to: number): void {
    this.key = key;
    this.from = from;
    this.to = to;
    this.paired = false;
  }

  near(key: number, at: number): boolean {
    return this.key === key && at >= this.from - SAME_PRESS_MS && at <= this.to + SAME_PRESS_MS;
  }

  forget(before: number): void {
    if (this.key !== NO_KEY && this.to < before) this.set(NO_KEY, 0, 0);
  }
}

/** The customer's key presses, from events and tones, each told once. */
export class Keys {
  readonly #report: KeyReport;
  readonly #receiver = new KeyReceiver();
  readonly #detector: ToneDetector;
  readonly #event: TelephoneEvent = { event: 0, end: false, volume: 0, duration: 0 };
  readonly #events = Array.from({ length: REMEMBERED }, () => new Press());
  readonly #tones = Array.from({ length: REMEMBERED }, () => new Press());
  #nextEvent = 0;
  #nextTone = 0;

  #ssrc = -1;
  #sequence = 0;
  #soundEnd = 0;
  #soundAt = Number.NEGATIVE_INFINITY;
  #toneAt = Number.NEGATIVE_INFINITY;
  readonly #since: number;

  constructor(law: Law, report: KeyReport, now: number) {
    this.#detector = new ToneDetector(law);
    this.#report = report;
    this.#since = now;
  }

  /** Whether a tone or an event is there now. */
  lasts(now: number): boolean {
    return this.#detector.quietMs === 0 || this.#receiver.lasts(now);
  }

  /** A packet of telephone-event of the given clock rate (Hz). False: its payload is none. */
  event(packet: Uint8Array, header: RtpHeader, rate: number, now: number): boolean {
    const event = this.#event;
    if (!readEvent(packet, header.start, header.end, event)) return false;
    if (header.ssrc === this.#ssrc) this.#follow(header.sequence);
    const key = this.#receiver.packet(header.ssrc, header.timestamp, rate, event, now);
    if (key !== NO_KEY) {
      const told = this.#remember(this.#events, this.#nextEvent++, key, now, now);
      const tone = this.#tones.find((press) => !press.paired && press.near(key, now));
      if (tone) {
        tone.paired = told.paired = true;
        this.#report.again();
      } else this.#report.pressed(key, 'event', now);
    } else {
      const newest = this.#events[(this.#nextEvent + REMEMBERED - 1) % REMEMBERED] as Press;
      if (newest.key === event.event) newest.to = now;
    }
    event.event = event.duration = 0;
    return true;
  }

  /** A packet of sound. */
  sound(packet: Uint8Array, header: RtpHeader, now: number): void {
    const detector = this.#detector;
    if (header.ssrc !== this.#ssrc) {
      this.#ssrc = header.ssrc;
      if (this.#soundAt > Number.NEGATIVE_INFINITY) detector.lost(header.end - header.start);
    } else {
      const ahead = sequenceAhead(header.sequence, this.#sequence);
      if (ahead <= 0 && ahead > -LOSS_LIMIT) return;
      const missing = timestampAhead(header.timestamp, this.#soundEnd);
      if (ahead < 0 || ahead > LOSS_LIMIT || missing < 0) detector.lost(header.end - header.start);
      else if (missing > 0 && ahead > 1) detector.lost(missing);
      else if (missing > 0) detector.silent(missing);
    }
    this.#sequence = header.sequence;
    this.#soundEnd = (header.timestamp + header.end - header.start) >>> 0;
    this.#soundAt = now;
    for (const { code, agoMs } of detector.push(packet, header.start, header.end)) this.#tone(code, now - agoMs, now);
    const lasting = detector.lasting;
    if (lasting < 0) return;
    this.#toneAt = now;
    const newest = this.#tones[(this.#nextTone + REMEMBERED - 1) % REMEMBERED] as Press;
    if (newest.key === lasting) newest.to = now;
  }

  /**
   * For how many milliseconds no event and no tone was there, by the time since the last event's end and by the sound
   * heard since the last tone (a stream that stalls in the middle of a tone isn't quiet), at most since the beginning.
   */
  quietSince(now: number): number {
    if (this.#receiver.lasts(now)) return 0;
    const events = now - Math.max(this.#receiver.endedAt(now), this.#since);
    const byTime = now - Math.max(this.#toneAt, this.#since);
    const tones = now - this.#soundAt > SOUND_GONE_MS ? byTime : Math.min(byTime, this.#detector.quietMs);
    return Math.min(events, tones);
  }

  /** Wipes keys that are too old to be repeated; to be called every now and then. */
  forgetOld(now: number): void {
    for (let i = 0; i < REMEMBERED; i++) {
      (this.#events[i] as Press).forget(now - REMEMBERED_MS);
      (this.#tones[i] as Press).forget(now - REMEMBERED_MS);
    }
  }

  /** Forgets what was heard; zeroes what is held of sound and keys. */
  reset(): void {
    this.#receiver.reset();
    this.#detector.reset();
    for (const press of [...this.#events, ...this.#tones]) press.set(NO_KEY, 0, 0);
  }

  #tone(code: number, from: number, now: number): void {
    if (code > HIGHEST_KEY) return;
    const events = this.#events.filter((press) => press.near(code, from));
    if (events.length > 0) {
      const alone = events.find((press) => !press.paired);
      if (!alone) return;
      alone.paired = true;
      return this.#report.again();
    }
    this.#remember(this.#tones, this.#nextTone++, code, from, now);
    this.#report.pressed(code, 'tone', from);
  }

  /** An event took this number, so it is not missing from the sound. */
  #follow(sequence: number): void {
    if (sequenceAhead(sequence, this.#sequence) === 1) this.#sequence = sequence;
  }

  #remember(presses: readonly Press[], index: number, key: number, from: number, to: number): Press {
    const press = presses[index % REMEMBERED] as Press;
    press.set(key, from, to);
    return press;
  }
}
