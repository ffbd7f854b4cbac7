// @ts-check

const RATE = 8000;
/** Above this is only what the change of rate leaves behind, Hz. */
const EDGE = 3600;
/** Where there is no worklet, seconds by which sound is planned ahead, and the most of it. */
const AHEAD = 0.08;
const AHEAD_LIMIT = 0.3;

/** Plays the line's sound. */
export class Speaker {
  #context;
  #filter;
  /** @type {AudioWorkletNode | undefined} */
  #node;
  #worklet;
  #next = 0;

  /** @param {AudioContext} context */
  constructor(context) {
    this.#context = context;
    this.#filter = new BiquadFilterNode(context, { type: 'lowpass', frequency: EDGE, Q: 0.7 });
    this.#filter.connect(context.destination);
    // Worklets are only there on https and on this machine itself.
    this.#worklet = context.audioWorklet !== undefined;
    if (this.#worklet) this.#load().catch(() => (this.#worklet = false));
  }

  async #load() {
    await this.#context.audioWorklet.addModule('speaker-worklet.js');
    this.#node = new AudioWorkletNode(this.#context, 'speaker', { numberOfInputs: 0, outputChannelCount: [1] });
    this.#node.connect(this.#filter);
  }

  /** @param {Int16Array} samples at 8 kHz */
  play(samples) {
    if (this.#worklet) this.#node?.port.postMessage(samples);
    else this.#plan(samples);
  }

  /** @param {Int16Array} samples */
  #plan(samples) {
    const now = this.#context.currentTime;
    if (this.#context.state !== 'running' || this.#next > now + AHEAD_LIMIT) return;
    const buffer = this.#context.createBuffer(1, samples.length, RATE);
    buffer.copyToChannel(
      Float32Array.from(samples, (sample) => sample / 32_768),
      0,
    );
    if (this.#next < now) this.#next = now + AHEAD;
    const source = new AudioBufferSourceNode(this.#context, { buffer });
    source.connect(this.#filter);
    source.start(this.#next);
    this.#next += samples.length / RATE;
  }
}
