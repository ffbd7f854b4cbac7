import { LINEAR, type Law } from '../rtp/g711.ts';
import { emptyHeader, isRtcp, readRtp } from '../rtp/packet.ts';

const RATE = 8000;
/** What a level is measured over: 200 ms. */
const WINDOW = 1600;
const FULL_SCALE = 32_768;
/** Level of nothing, dBFS. */
export const NOTHING_DBFS = -120;

/** What one end of a canary's call hears: packets counted, their loudness, and the level of a tone in the last 200 ms. */
export class Ear {
  readonly #law: Law;
  readonly #payloadType: number;
  readonly #header = emptyHeader();
  readonly #samples = new Float64Array(WINDOW);
  #at = 0;
  packets = 0;
  /** The loudest packet since `listen()`, dBFS. */
  loudest = NOTHING_DBFS;

  constructor(law: Law, payloadType: number) {
    this.#law = law;
    this.#payloadType = payloadType;
  }

  /** Begins to listen anew: what was heard before is forgotten, packets are counted on. */
  listen(): void {
    this.#samples.fill(0);
    this.loudest = NOTHING_DBFS;
  }

  take(packet: Uint8Array): void {
    const header = this.#header;
    if (isRtcp(packet) || !readRtp(packet, header)) return;
    this.packets++;
    if (header.payloadType !== this.#payloadType) return;
    const linear = LINEAR[this.#law];
    let energy = 0;
    for (let i = header.start; i < header.end; i++) {
      const sample = (linear[packet[i] as number] as number) / FULL_SCALE;
      energy += sample * sample;
      this.#samples[this.#at] = sample;
      this.#at = (this.#at + 1) % WINDOW;
    }
    this.loudest = Math.max(this.loudest, decibels(energy / Math.max(1, header.end - header.start)));
  }

  /** Level of a tone in the last 200 ms, dBFS (a sine of full scale is −3). */
  levelAt(hz: number): number {
    const coefficient = 2 * Math.cos((2 * Math.PI * hz) / RATE);
    let [before, last] = [0, 0];
    for (let i = 0; i < WINDOW; i++) {
      const sample = this.#samples[(this.#at + i) % WINDOW] as number;
      [before, last] = [last, sample + coefficient * last - before];
    }
    const power = before * before + last * last - coefficient * before * last;
    return decibels((2 * power) / (WINDOW * WINDOW));
  }
}

function decibels(power: number): number {
  return power <= 0 ? NOTHING_DBFS : Math.max(NOTHING_DBFS, 10 * Math.log10(power));
}
