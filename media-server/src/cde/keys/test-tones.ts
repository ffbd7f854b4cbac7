import { AMPLITUDE_0_DBM0, encodeSample, type Law } from '../../rtp/g711.ts';

/** In-band keys for tests. */

const ROWS = [697, 770, 852, 941];
const COLUMNS = [1209, 1336, 1477, 1633];
/** By the event code of RFC 4733: row × 4 + column. */
const PLACES = [13, 0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 14, 3, 7, 11, 15];

export interface ToneOptions {
  /** Of the louder tone, dBm0. */
  level?: number;
  /** The column's tone against the row's, dB. */
  twist?: number;
  /** Off the nominal frequency, in parts of 1. */
  deviation?: number;
  /** Without tone in the middle, ms. */
  hole?: number;
}

/** Linear samples at 8000 Hz to which keys, pauses and noise are added, and that are G.711 in the end. */
export class Recording {
  readonly #samples: number[] = [];
  readonly #chance: () => number;

  constructor(chance: () => number) {
    this.#chance = chance;
  }

  get ms(): number {
    return this.#samples.length / 8;
  }

  silence(ms: number): this {
    for (let i = 0; i < Math.round(ms * 8); i++) this.#samples.push(0);
    return this;
  }

  /** Of two frequencies in Hz, or of a key's code. */
  tone(key: number | readonly [number, number], ms: number, options: ToneOptions = {}): this {
    const { level = -10, twist = 0, deviation = 0, hole = 0 } = options;
    const place = typeof key === 'number' ? (PLACES[key] as number) : 0;
    const [low, high] =
      typeof key === 'number' ? [ROWS[place >> 2] as number, COLUMNS[place & 3] as number] : [key[0], key[1]];
    const amplitude = AMPLITUDE_0_DBM0 * 10 ** (level / 20);
    const lowAmplitude = twist > 0 ? amplitude * 10 ** (-twist / 20) : amplitude;
    const highAmplitude = twist < 0 ? amplitude * 10 ** (twist / 20) : amplitude;
    const phases = [this.#chance() * 7, this.#chance() * 7] as const;
    const length = Math.round(ms * 8);
    for (let i = 0; i < length; i++) {
      const angle = (2 * Math.PI * (1 + deviation) * i) / 8000;
      const silent = Math.abs(i - length / 2) < hole * 4;
      const both =
        lowAmplitude * Math.sin(angle * low + phases[0]) + highAmplitude * Math.sin(angle * high + phases[1]);
      this.#samples.push(silent ? 0 : both);
    }
    return this;
  }

  /** Adds white noise of this level (dBm0) to all there is. */
  noise(level: number): this {
    const deviation = (AMPLITUDE_0_DBM0 / Math.SQRT2) * 10 ** (level / 20);
    for (let i = 0; i < this.#samples.length; i++) {
      const normal = Math.sqrt(-2 * Math.log(1 - this.#chance())) * Math.cos(2 * Math.PI * this.#chance());
      (this.#samples[i] as number) += normal * deviation;
    }
    return this;
  }

  /** Adds steady tones of this level each (dBm0) to all there is. */
  hum(frequencies: readonly number[], level: number): this {
    const amplitude = AMPLITUDE_0_DBM0 * 10 ** (level / 20);
    for (let i = 0; i < this.#samples.length; i++) {
      for (const hz of frequencies) (this.#samples[i] as number) += amplitude * Math.sin((2 * Math.PI * hz * i) / 8000);
    }
    return this;
  }

  bytes(law: Law = 'PCMU'): Uint8Array {
    return Uint8Array.from(this.#samples, (sample) => encodeSample(law, sample));
  }
}
