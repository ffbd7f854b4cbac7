import type { TelephoneEvent } from './telephone-event.ts';

/** A telephone's keys, each at the place of its event code (RFC 4733 §3.2). */
export const KEYS = '0123456789*#';

const FRAME_UNITS = 160;
/** A tap is made at least 80 ms long, or receivers may take it for noise. */
const LEAST_FRAMES = 4;
/** A key held down ends after 8 s: its duration is a 16-bit count of samples. */
const MOST_FRAMES = 400;
/** The end goes three times (RFC 4733 §2.5.1.4). */
const ENDS = 3;
/** Frames without an event between the last end and the next key. */
const REST_FRAMES = 1;
/** Keys that wait behind the one under way; further ones are lost. */
const WAITING_LIMIT = 64;
/** −dBm0, the level most phones send. */
const VOLUME = 10;

interface Press {
  readonly event: number;
  released: boolean;
  /** Frames since it began; grows no more once it ended. */
  frames: number;
  /** Ends sent, and then frames of rest. */
  after: number;
}

export interface KeyReport extends TelephoneEvent {
  /** The key's first report: all its packets have the timestamp of this one (RFC 4733 §2.2). */
  readonly first: boolean;
}

/**
 * Key presses as telephone-event reports, one or none per 20-ms frame of 8 kHz (RFC 4733): from the frame after the key
 * went down until it is up, then the end three times. Keys pressed faster than that wait their turn.
 */
export class KeyPresses {
  readonly #presses: Press[] = [];

  /** Whether a key sounds: no sound of the line goes out meanwhile. */
  get down(): boolean {
    const current = this.#presses[0];
    return current !== undefined && current.after === 0;
  }

  /** A key goes down, which lets go of the one before. False: too many wait, or it is no key. */
  press(key: string): boolean {
    const event = key.length === 1 ? KEYS.indexOf(key) : -1;
    if (event < 0 || this.#presses.length > WAITING_LIMIT) return false;
    this.release();
    this.#presses.push({ event, released: false, frames: 0, after: 0 });
    return true;
  }

  /** The key that is down, if one is, goes up. */
  release(): void {
    const last = this.#presses.at(-1);
    if (last) last.released = true;
  }

  /** Forgets all keys. */
  clear(): void {
    this.#presses.length = 0;
  }

  /** The report of the frame that begins now. */
  next(): KeyReport | undefined {
    if ((this.#presses[0]?.after ?? 0) >= ENDS + REST_FRAMES) this.#presses.shift();
    const current = this.#presses[0];
    if (!current) return undefined;
    const ended = current.after > 0;
    const first = current.frames === 0;
    if (!ended) current.frames++;
    const end = ended || (current.released && current.frames >= LEAST_FRAMES) || current.frames >= MOST_FRAMES;
    if (end) current.after++;
    if (current.after > ENDS) return undefined;
    const duration = current.frames * FRAME_UNITS;
    return { event: current.event, end, volume: VOLUME, duration, first };
  }
}
