// @ts-check
import { JitterBuffer } from './jitter-buffer.js';

/** @typedef {{ AudioWorkletProcessor: new () => { port: MessagePort }, registerProcessor: (name: string, type: unknown) => void, sampleRate: number }} WorkletScope */
const { AudioWorkletProcessor, registerProcessor, sampleRate } = /** @type {WorkletScope} */ (
  /** @type {unknown} */ (globalThis)
);

class Speaker extends AudioWorkletProcessor {
  #buffer = new JitterBuffer(sampleRate);

  constructor() {
    super();
    this.port.onmessage = ({ data }) => this.#buffer.push(data);
  }

  /**
   * @param {Float32Array[][]} _inputs
   * @param {Float32Array[][]} outputs
   */
  process(_inputs, outputs) {
    const channel = outputs[0]?.[0];
    if (channel) this.#buffer.pull(channel);
    return true;
  }
}

registerProcessor('speaker', Speaker);
