import type { KeyFormat } from '../contract.ts';
import { EVENT_BYTES, type TelephoneEvent, writeEvent } from '../../rtp/telephone-event.ts';

/** Ticks (20 ms) of a key, of its repeated ends, and of rest before the next. */
const KEY_TICKS = 5;
const ENDS = 3;
const REST_TICKS = 4;
const TICK_SECONDS = 0.02;
/** −dBm0, the level most phones send. */
const VOLUME = 10;
/** Keys that may wait. */
const WAITING_LIMIT = 16;

/** Keys towards the customer's side as telephone-events: 100 ms each, the end three times (RFC 4733 §2.5.1.4). */
export class KeySender {
  readonly #waiting: number[] = [];
  readonly #report: TelephoneEvent = { event: 0, end: false, volume: VOLUME, duration: 0 };
  #tick = 0;

  get sending(): boolean {
    return this.#waiting.length > 0;
  }

  /** Whether the next packet is a key's first. */
  get begins(): boolean {
    return this.#tick === 0;
  }

  add(key: number): boolean {
    if (this.#waiting.length >= WAITING_LIMIT) return false;
    this.#waiting.push(key);
    return true;
  }

  /** The payload of this tick, if it has one. */
  next(format: KeyFormat): Uint8Array | undefined {
    const tick = this.#tick++;
    if (this.#tick >= KEY_TICKS - 1 + ENDS + REST_TICKS) {
      this.#waiting.shift();
      this.#tick = 0;
    }
    if (tick >= KEY_TICKS - 1 + ENDS) return undefined;
    this.#report.event = this.#waiting[0] ?? 0;
    this.#report.end = tick >= KEY_TICKS - 1;
    this.#report.duration = Math.min(tick + 1, KEY_TICKS) * TICK_SECONDS * format.rate;
    const payload = new Uint8Array(EVENT_BYTES);
    writeEvent(payload, 0, this.#report);
    return payload;
  }

  clear(): void {
    this.#waiting.length = 0;
    this.#tick = 0;
  }
}
