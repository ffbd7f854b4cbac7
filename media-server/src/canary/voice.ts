import { randomInt } from 'node:crypto';
import { AMPLITUDE_0_DBM0, encodeSample, type Law } from '../rtp/g711.ts';
import { KeyPresses, type KeyReport } from '../rtp/key-presses.ts';
import { RTP_HEADER_BYTES, writeRtp } from '../rtp/packet.ts';
import { EVENT_BYTES, writeEvent } from '../rtp/telephone-event.ts';
import type { KeyTransport } from './findings.ts';

/** Samples of a 20-ms frame at 8 kHz. */
const FRAME_SAMPLES = 160;
const RATE = 8000;
/** A key sounds in so many frames; with its ends and a rest it takes so many. */
const KEY_FRAMES = 5;
export const FRAMES_A_KEY = 10;
const VOICE_DBM0 = -15;
/** Of each of a key's two tones: what most phones send. */
const KEY_DBM0 = -8;
/** Each key's tones, Hz, at the place of its event code (ITU-T Q.23). */
const LOW = [941, 697, 697, 697, 770, 770, 770, 852, 852, 852, 941, 941];
const HIGH = [1336, 1209, 1336, 1477, 1209, 1336, 1477, 1209, 1336, 1477, 1209, 1477];

export interface VoiceOptions {
  readonly law: Law;
  readonly payloadType: number;
  readonly ssrc: number;
  /** What it says all the while: a steady tone. */
  readonly hz: number;
  /** How its keys go; tones alone without a type for events. */
  readonly keys?: { readonly transport: KeyTransport; readonly payloadType: number };
}

/** The RTP of one end of a canary's call: a tone without a pause, and keys in between. */
export class Voice {
  readonly #options: VoiceOptions;
  readonly #presses = new KeyPresses();
  #sequence = randomInt(0x10000);
  #timestamp = randomInt(0x1_0000_0000);
  #keyBegan = 0;
  #samples = 0;
  /** Frames until the key that is down is let go. */
  #down = 0;

  get ssrc(): number {
    return this.#options.ssrc;
  }

  constructor(options: VoiceOptions) {
    this.#options = options;
  }

  /** Taps a key for 80 ms; to be called every `FRAMES_A_KEY` frames at most. */
  press(key: string): void {
    this.#presses.press(key);
    this.#down = KEY_FRAMES;
  }

  /** The packets of the next 20 ms. */
  next(): Uint8Array[] {
    if (this.#down > 0 && this.#down-- === 1) this.#presses.release();
    const report = this.#presses.next();
    const packets: Uint8Array[] = [];
    const { keys } = this.#options;
    const events = report !== undefined && keys !== undefined && keys.transport !== 'tone';
    if (events) packets.push(this.#event(keys.payloadType, report));
    const tones = keys?.transport !== 'event';
    // With its first end a key is up: the two that follow repeat it (RFC 4733 §2.5.1.4).
    const pressed = report !== undefined && !report.end;
    // A phone that sends events alone is silent meanwhile.
    if (!pressed || tones) packets.push(this.#sound(pressed ? report : undefined));
    this.#timestamp = (this.#timestamp + FRAME_SAMPLES) >>> 0;
    this.#samples += FRAME_SAMPLES;
    return packets;
  }

  #event(payloadType: number, report: KeyReport): Uint8Array {
    const packet = new Uint8Array(RTP_HEADER_BYTES + EVENT_BYTES);
    if (report.first) this.#keyBegan = this.#timestamp;
    this.#header(packet, payloadType, report.first, this.#keyBegan);
    writeEvent(packet, RTP_HEADER_BYTES, report);
    return packet;
  }

  /** @param key whose tones sound */
  #sound(key: KeyReport | undefined): Uint8Array {
    const { law, payloadType, hz } = this.#options;
    const packet = new Uint8Array(RTP_HEADER_BYTES + FRAME_SAMPLES);
    this.#header(packet, payloadType, false, this.#timestamp);
    for (let i = 0; i < FRAME_SAMPLES; i++) {
      const at = this.#samples + i;
      const sample = key
        ? sine(LOW[key.event] ?? 0, KEY_DBM0, at) + sine(HIGH[key.event] ?? 0, KEY_DBM0, at)
        : sine(hz, VOICE_DBM0, at);
      packet[RTP_HEADER_BYTES + i] = encodeSample(law, sample);
    }
    return packet;
  }

  #header(packet: Uint8Array, payloadType: number, marker: boolean, timestamp: number): void {
    writeRtp(packet, 0, payloadType, marker, this.#sequence, timestamp, this.#options.ssrc);
    this.#sequence = (this.#sequence + 1) & 0xffff;
  }
}

function sine(hz: number, dbm0: number, at: number): number {
  return AMPLITUDE_0_DBM0 * 10 ** (dbm0 / 20) * Math.sin((2 * Math.PI * hz * at) / RATE);
}
