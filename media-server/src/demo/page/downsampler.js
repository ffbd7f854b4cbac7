// @ts-check

const RATE = 8000;
export const FRAME = 160;
/** The telephone's upper edge, Hz. */
const EDGE = 3500;
/** Zero crossings of the low-pass on each side, and steps of its table between two. */
const CROSSINGS = 8;
const STEPS = 256;

// A sinc under a Hann window, by its distance from the middle in crossings.
const KERNEL = Float32Array.from({ length: CROSSINGS * STEPS + 1 }, (_, i) => {
  const x = (Math.PI * i) / STEPS;
  const window = 0.5 + 0.5 * Math.cos(x / CROSSINGS);
  return i === 0 ? 1 : (Math.sin(x) / x) * window;
});

/** Brings sound of any rate from 8 kHz up to 8 kHz, in frames of 20 ms; what a telephone can't carry is filtered out. */
export class Downsampler {
  #ratio;
  #crossings;
  #reach;
  #gain;
  /** @type {Float32Array} */
  #input;
  #length = 0;
  #at;
  #frame = new Int16Array(FRAME);
  #filled = 0;

  /** @param {number} rate input samples a second */
  constructor(rate) {
    this.#ratio = rate / RATE;
    this.#crossings = (2 * EDGE) / rate;
    this.#reach = Math.ceil(CROSSINGS / this.#crossings);
    this.#gain = this.#crossings;
    this.#input = new Float32Array(this.#reach * 2 + 8192);
    this.#at = this.#reach;
  }

  /**
   * @param {Float32Array} samples at most 4096
   * @param {(frame: Int16Array) => void} emit gets each whole frame, a copy of its own
   */
  push(samples, emit) {
    this.#input.set(samples, this.#length);
    this.#length += samples.length;
    while (this.#at + this.#reach < this.#length) {
      const sample = Math.round(this.#sampleAt(this.#at) * 32_767);
      this.#frame[this.#filled++] = Math.max(-32_768, Math.min(32_767, sample));
      if (this.#filled === FRAME) {
        emit(this.#frame.slice());
        this.#filled = 0;
      }
      this.#at += this.#ratio;
    }
    const done = Math.floor(this.#at) - this.#reach;
    if (done > 0) {
      this.#input.copyWithin(0, done, this.#length);
      this.#length -= done;
      this.#at -= done;
    }
  }

  /** @param {number} at */
  #sampleAt(at) {
    let sum = 0;
    const last = Math.floor(at + this.#reach);
    for (let i = Math.ceil(at - this.#reach); i <= last; i++) {
      const step = Math.round(Math.abs(i - at) * this.#crossings * STEPS);
      sum += (this.#input[i] ?? 0) * (KERNEL[step] ?? 0);
    }
    return sum * this.#gain;
  }
}
