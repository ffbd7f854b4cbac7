// @ts-check

const RATE = 8000;
/** Sound that waits before it is heard, and after a gap again, seconds. */
const TARGET = 0.06;
/** More than this waiting is dropped down to the target: a conversation can't lag. */
const LIMIT = 0.3;
/** How far the pace bends to the sender's clock. */
const BEND = 0.005;
/** The last sample dies away over this many output samples when sound runs out, so that it doesn't click. */
const FADE = 64;

/** Takes 8 kHz sound as it comes and gives it at another rate, evenly. */
export class JitterBuffer {
  #ring = new Float32Array(RATE);
  /** Samples read and written since the beginning; where they are in the ring is the rest by its length. */
  #read = 0;
  #written = 0;
  #playing = false;
  #fade = 0;
  #last = 0;
  #step;

  /** @param {number} rate output samples a second */
  constructor(rate) {
    this.#step = RATE / rate;
  }

  /** Seconds of sound that wait. */
  get waiting() {
    return (this.#written - this.#read) / RATE;
  }

  /** @param {Int16Array} samples */
  push(samples) {
    for (const sample of samples) this.#ring[this.#written++ % RATE] = sample / 32_768;
    if (this.waiting > LIMIT) this.#read = this.#written - TARGET * RATE;
    if (this.waiting >= TARGET) this.#playing = true;
  }

  /** @param {Float32Array} out filled with the next samples, silence where there are none */
  pull(out) {
    for (let i = 0; i < out.length; i++) out[i] = this.#next();
  }

  #next() {
    // One more sample has to be there to go towards.
    if (this.#playing && this.#written - this.#read < 2) {
      this.#playing = false;
      this.#fade = FADE;
    }
    if (!this.#playing) {
      if (this.#fade === 0) return 0;
      this.#fade--;
      return (this.#last * this.#fade) / FADE;
    }
    const at = Math.floor(this.#read);
    const here = this.#ring[at % RATE] ?? 0;
    const there = this.#ring[(at + 1) % RATE] ?? 0;
    this.#last = here + (there - here) * (this.#read - at);
    const off = Math.max(-1, Math.min(1, this.waiting / TARGET - 1));
    this.#read += this.#step * (1 + off * BEND);
    return this.#last;
  }
}
