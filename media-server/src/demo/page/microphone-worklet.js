// @ts-check
import { Downsampler } from './downsampler.js';

/** @typedef {{ AudioWorkletProcessor: new () => { port: MessagePort }, registerProcessor: (name: string, type: unknown) => void, sampleRate: number }} WorkletScope */
const { AudioWorkletProcessor, registerProcessor, sampleRate } = /** @type {WorkletScope} */ (
  /** @type {unknown} */ (globalThis)
);

class Microphone extends AudioWorkletProcessor {
  #downsampler = new Downsampler(sampleRate);

  /** @param {Float32Array[][]} inputs */
  process(inputs) {
    const channel = inputs[0]?.[0];
    if (channel) this.#downsampler.push(channel, (frame) => this.port.postMessage(frame, [frame.buffer]));
    return true;
  }
}

registerProcessor('microphone', Microphone);
