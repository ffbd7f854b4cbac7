import { mix } from '../../rtp/mixing.ts';
import type { Law } from '../../rtp/g711.ts';
import { FRAME_BYTES } from './far-stream.ts';

/** Streams of the SFU that one customer can hear at a time. */
export const INPUT_LIMIT = 4;
/** An input that sent within this time sounds together with others, ms. */
const TOGETHER_MS = 100;
/** An input that sent nothing for so long is gone, ms. */
const GONE_MS = 500;
/** Sound held of one input at most, and what must be there before it begins: a frame more than is taken at a time. */
const HELD_BYTES = FRAME_BYTES * 8;
const PRIMED_BYTES = FRAME_BYTES * 2;

interface Input {
  ssrc: number;
  heardAt: number;
  held: Uint8Array;
  length: number;
  primed: boolean;
}

/** The SFU's streams to one customer. One alone is passed on as it comes; several are held and mixed on the tick. */
export class SfuInputs {
  readonly #law: Law;
  #inputs: Input[] = [];
  #mixing = false;

  constructor(law: Law) {
    this.#law = law;
  }

  /** Whether the sound is taken from `frame` now, instead of being passed on at arrival. */
  get mixing(): boolean {
    return this.#mixing;
  }

  /** A packet of an input has come; false when there are too many of them. Its sound is held only while mixing. */
  heard(ssrc: number, packet: Uint8Array, start: number, end: number, now: number): boolean {
    let input = this.#inputs.find((each) => each.ssrc === ssrc);
    if (!input) {
      if (this.#inputs.length >= INPUT_LIMIT) this.#forgetGone(now);
      if (this.#inputs.length >= INPUT_LIMIT) return false;
      input = { ssrc, heardAt: now, held: new Uint8Array(HELD_BYTES), length: 0, primed: false };
      this.#inputs.push(input);
    }
    input.heardAt = now;
    if (!this.#mixing && this.#inputs.length > 1) {
      this.#mixing = this.#inputs.some((other) => other !== input && now - other.heardAt < TOGETHER_MS);
    }
    if (this.#mixing) hold(input, packet, start, end);
    return true;
  }

  /** The next frame of the mix; false when nobody has any sound ready. Ends mixing when one is left. */
  frame(into: Uint8Array, now: number): boolean {
    this.#forgetGone(now);
    if (this.#inputs.length <= 1) this.#mixing = false;
    const ready: Uint8Array[] = [];
    for (const input of this.#inputs) {
      if (input.length >= PRIMED_BYTES) input.primed = true;
      if (!input.primed) continue;
      if (input.length < FRAME_BYTES) {
        input.primed = false;
        continue;
      }
      ready.push(input.held.slice(0, FRAME_BYTES));
      input.held.copyWithin(0, FRAME_BYTES, input.length);
      input.length -= FRAME_BYTES;
    }
    if (ready.length === 0) return false;
    mix(this.#law, ready, into, 0);
    return true;
  }

  /** Throws away what is held. */
  clear(): void {
    this.#inputs = [];
    this.#mixing = false;
  }

  #forgetGone(now: number): void {
    this.#inputs = this.#inputs.filter((input) => now - input.heardAt < GONE_MS);
  }
}

function hold(input: Input, packet: Uint8Array, start: number, end: number): void {
  const bytes = Math.min(end - start, HELD_BYTES);
  const over = input.length + bytes - HELD_BYTES;
  if (over > 0) {
    input.held.copyWithin(0, over, input.length);
    input.length -= over;
  }
  input.held.set(packet.subarray(end - bytes, end), input.length);
  input.length += bytes;
}
