import { FRAME_SAMPLES } from './outgoing-stream.ts';

/** Microphone frames kept when the page sends faster than time goes: 200 ms. Older ones are dropped. */
const MICROPHONE_LIMIT = 10;
/** Frames that are awaited before the microphone is heard, so that a late one leaves no hole. */
const MICROPHONE_START = 3;
/** Amplitude of the comfort noise, linear: about −66 dBFS. */
const NOISE = 16;

/**
 * What the customer's side says, frame by frame: the sample voice while it plays, else the microphone, else a noise so
 * soft that the line only seems alive.
 */
export class Uplink {
  #sample: Int16Array | undefined;
  #sampleAt = 0;
  #microphone: Int16Array[] = [];
  #microphoneOn = false;
  #seed = 1;

  get samplePlaying(): boolean {
    return this.#sample !== undefined;
  }

  /** @param sample linear samples at 8 kHz */
  playSample(sample: Int16Array): void {
    this.#sample = sample;
    this.#sampleAt = 0;
  }

  stopSample(): void {
    this.#sample = undefined;
  }

  /** 20 ms of the page's microphone. */
  addMicrophone(frame: Int16Array): void {
    this.#microphone.push(frame);
    if (this.#microphone.length > MICROPHONE_LIMIT) this.#microphone.shift();
    if (this.#microphone.length >= MICROPHONE_START) this.#microphoneOn = true;
  }

  clear(): void {
    this.#sample = undefined;
    this.#microphone = [];
    this.#microphoneOn = false;
  }

  /** The next FRAME_SAMPLES samples. */
  next(): Int16Array {
    const spoken = this.#microphoneOn ? this.#microphone.shift() : undefined;
    if (!spoken) this.#microphoneOn = false;
    return this.#nextOfSample() ?? spoken ?? this.#noise();
  }

  #nextOfSample(): Int16Array | undefined {
    if (!this.#sample) return undefined;
    const frame = new Int16Array(FRAME_SAMPLES);
    frame.set(this.#sample.subarray(this.#sampleAt, this.#sampleAt + FRAME_SAMPLES));
    this.#sampleAt += FRAME_SAMPLES;
    if (this.#sampleAt >= this.#sample.length) this.#sample = undefined;
    return frame;
  }

  #noise(): Int16Array {
    return Int16Array.from({ length: FRAME_SAMPLES }, () => {
      this.#seed = (Math.imul(this.#seed, 1_103_515_245) + 12_345) & 0x7fff_ffff;
      return Math.round(((this.#seed >>> 16) / 0x7fff - 0.5) * 2 * NOISE);
    });
  }
}
