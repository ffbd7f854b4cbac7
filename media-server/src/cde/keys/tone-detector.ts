import { AMPLITUDE_0_DBM0, LINEAR, type Law, SILENCE } from '../../rtp/g711.ts';
import { ToneProof } from './tone-proof.ts';

const RATE = 8000;
/** Hz, by row and column of the keypad (ITU-T Q.23). */
const ROWS = [697, 770, 852, 941] as const;
const COLUMNS = [1209, 1336, 1477, 1633] as const;
const FREQUENCIES = [...ROWS, ...COLUMNS] as const;
/** By row × 4 + column: the event code of RFC 4733 §3.2 (12 … 15 are A … D). */
const CODES = [1, 2, 3, 12, 4, 5, 6, 13, 7, 8, 9, 14, 10, 0, 11, 15] as const;

/** Samples of a window (12.75 ms), Hann-weighted, and between the beginnings of two. */
const WINDOW = 102;
const HOP = 51;

/** Each of the two tones at least, with 2 dB to spare below −40 dBm0. */
const FLOOR_DBM0 = -42;
/** How much the column's tone may be louder or softer than the row's, with 2 dB to spare over +6 and −10 dB. */
const TWIST_MAX = 10 ** (8 / 10);
const TWIST_MIN = 10 ** (-12 / 10);
/** Share of the two tones in what is left of the sound above the dial tones. Speech spreads its energy further. */
const PURITY = 0.68;
/** What the row's tone alone must have of it, the column's being as loud as it may; most sound ends here. */
const ROW_SHARE = PURITY / (1 + TWIST_MAX);
/** Windows of tone before it is worth a proof; the proof, not they, tells short tones from keys. */
const PRESS_WINDOWS = 3;
/** Windows without the tone that end it: a pause of 40 ms has at least five, a lost packet's 20 ms at most four. */
const HOLE_WINDOWS = 5;
/** Windows of missing sound (lost packets) that a tone may outlast: 100 ms. */
const MISSING_WINDOWS = 16;
/** Windows in a row of another key that end a tone without any pause. */
const OTHER_WINDOWS = 2;
/** Whole packets of silence that stand for lost ones, in samples: 60 ms at most. A pause hardly fits into packets. */
const REPLACED_MOST = 480;
/** Silent bytes that a tone has where it crosses zero. */
const CROSSING = 3;
/** Windows of tone that count as activity before it is certain. */
const ACTIVE_WINDOWS = 2;

/**
 * High-pass as two sections b0 b1 b2 a1 a2 (elliptic, 0.5 dB ripple from 670 Hz, 24 dB down below 520 Hz): dial tones
 * of 350 … 480 Hz stay out.
 */
const SECTIONS = [
  [0.5795608, -1.13216122, 0.5795608, -1.13888732, 0.44552388],
  [1, -1.82259513, 1, -1.67131572, 0.91852671],
] as const;

/** A press that became certain: the key's code (12 … 15: A … D), and how long before the end of the pushed sound it began. */
export interface TonePress {
  readonly code: number;
  readonly agoMs: number;
}

const NONE: readonly TonePress[] = [];

/** Weighted cosines and sines of the eight frequencies: `X = Σ x·(cos − i·sin)`. */
const COSINES = FREQUENCIES.map((hz) => tabulated(hz, Math.cos));
const SINES = FREQUENCIES.map((hz) => tabulated(hz, Math.sin));
const WEIGHTS = Float64Array.from({ length: WINDOW }, (_, i) => hann(i));
/** |X|² of a sine of amplitude a is (a·Σw/2)²; Σw is half the window's length. */
const POWER_FLOOR = ((AMPLITUDE_0_DBM0 * 10 ** (FLOOR_DBM0 / 20) * WINDOW) / 4) ** 2;
/** Weighted energy of a sine for its |X|²: a²/2·Σw² with Σw² = ⅜ of the length. */
const ENERGY_BY_POWER = 3 / WINDOW;

function hann(i: number): number {
  return 0.5 - 0.5 * Math.cos((2 * Math.PI * (i + 0.5)) / WINDOW);
}

function tabulated(hz: number, wave: (x: number) => number): Float64Array {
  return Float64Array.from({ length: WINDOW }, (_, i) => hann(i) * wave((2 * Math.PI * hz * i) / RATE));
}

/**
 * Finds in-band keys (DTMF, ITU-T Q.23/Q.24) in a stream of G.711. Short windows, looked at at the eight nominal
 * frequencies, tell when a tone begins, lasts and ends; whether it is a key at all and near enough to its frequencies is
 * proven once, on 32 ms of it ({@link ToneProof}), which is all the sound that is ever held.
 */
export class ToneDetector {
  readonly #linear: Int16Array;
  /** Filtered samples: the last window while it fills. */
  readonly #window = new Float64Array(WINDOW);
  #filled = 0;
  /** Two values for each filter section. */
  readonly #delays = new Float64Array(SECTIONS.length * 2);
  readonly #proof = new ToneProof();
  readonly #powers = new Float64Array(FREQUENCIES.length);

  // The tone that lasts; row −1: none.
  #row = -1;
  #column = -1;
  #toneWindows = 0;
  #holeWindows = 0;
  #missingWindows = 0;
  #otherWindows = 0;
  #otherKey = -1;
  /** Whether it was told already. */
  #told = false;
  #age = 0;
  #sinceActive = Number.POSITIVE_INFINITY;

  /** The byte of silence. */
  readonly #silence: number;
  /** Packets of nothing but silence in a row, in samples. */
  #silentRun = 0;
  /** Whether the packet before had sound up to its end. */
  #soundedLast = false;
  /** The key whose tone went up to the silent packets, and whether sound came right after them. */
  #cutKey = -1;
  #resumed = false;

  constructor(law: Law) {
    this.#linear = LINEAR[law];
    this.#silence = SILENCE[law];
  }

  /** Hears the G.711 bytes from `start` to `end`; returns the presses that became certain. */
  push(samples: Uint8Array, start = 0, end = samples.length): readonly TonePress[] {
    let presses: TonePress[] | undefined;
    this.#hearPacket(samples, start, end);
    for (let at = start; at < end; ) {
      const next = Math.min(end, at + WINDOW - this.#filled);
      this.#proof.hear(this.#linear, samples, at, next);
      this.#filter(samples, at, next);
      at = next;
      if (this.#filled < WINDOW) break;
      const code = this.#hearWindow();
      if (code >= 0) (presses ??= []).push({ code, agoMs: ((this.#age + end - at) * 1000) / RATE });
      this.#window.copyWithin(0, HOP);
      this.#filled = WINDOW - HOP;
    }
    return presses ?? NONE;
  }

  /** So many samples were lost on the way: a tone before and after them is one. */
  lost(samples: number): void {
    this.#forgetWindow();
    this.#forgetCut();
    this.#proof.gap(samples);
    const windows = samples / HOP;
    this.#sinceActive += samples;
    if (this.#row < 0) return;
    this.#age += samples;
    if (this.#holeWindows > 0) this.#hole(windows);
    else {
      this.#missingWindows += windows;
      if (this.#missingWindows > MISSING_WINDOWS) this.#end();
    }
  }

  /** The sender was silent for so many samples without sending any. */
  silent(samples: number): void {
    this.#forgetWindow();
    this.#forgetCut();
    this.#proof.gap(samples);
    this.#sinceActive += samples;
    if (this.#row < 0) return;
    this.#age += samples;
    this.#hole(samples / HOP);
  }

  /** The key whose tone lasts (certain or not), or −1. */
  get lasting(): number {
    return this.#toneWindows >= ACTIVE_WINDOWS ? this.#key() : -1;
  }

  /** Milliseconds of sound heard since a tone last was in it; infinite before the first. */
  get quietMs(): number {
    return this.#toneWindows >= ACTIVE_WINDOWS ? 0 : (this.#sinceActive * 1000) / RATE;
  }

  /** Forgets everything heard. */
  reset(): void {
    this.#forgetWindow();
    this.#forgetCut();
    this.#powers.fill(0);
    this.#proof.forget();
    this.#end();
    this.#otherKey = -1;
    this.#sinceActive = Number.POSITIVE_INFINITY;
  }

  /**
   * Notes where whole packets of silence cut a tone: somebody on the way may have put them in place of lost ones. Two of
   * them are as long as a pause must be, so that only the tone that comes after them tells which it was.
   */
  #hearPacket(samples: Uint8Array, start: number, end: number): void {
    const silence = this.#silence;
    let first = start;
    while (first < end && samples[first] === silence) first++;
    if (first === end) {
      if (this.#silentRun === 0) this.#cut();
      this.#silentRun += end - start;
      return;
    }
    if (this.#silentRun > 0) this.#resumed = this.#silentRun <= REPLACED_MOST && first - start <= CROSSING;
    this.#silentRun = 0;
    let last = end - 1;
    while (samples[last] === silence) last--;
    this.#soundedLast = end - 1 - last <= CROSSING;
  }

  #cut(): void {
    this.#resumed = false;
    this.#cutKey = this.#told && this.#soundedLast && this.#holeWindows === 0 ? this.#key() : -1;
    if (this.#cutKey >= 0) this.#proof.mark(ROWS[this.#row] as number, COLUMNS[this.#column] as number);
  }

  #forgetCut(): void {
    this.#silentRun = 0;
    this.#cutKey = -1;
    this.#resumed = this.#soundedLast = false;
  }

  /** Puts the bytes from `start` to `end` behind what is in the window, without what is below the keys' tones. */
  #filter(samples: Uint8Array, start: number, end: number): void {
    const linear = this.#linear;
    const window = this.#window;
    const delays = this.#delays;
    const [first, second] = SECTIONS;
    let [s0, s1, s2, s3] = delays as unknown as [number, number, number, number];
    let filled = this.#filled;
    for (let i = start; i < end; i++) {
      const x = linear[samples[i] as number] as number;
      const y = first[0] * x + s0;
      s0 = first[1] * x - first[3] * y + s1;
      s1 = first[2] * x - first[4] * y;
      const z = y + s2;
      s2 = second[1] * y - second[3] * z + s3;
      s3 = y - second[4] * z;
      window[filled++] = z;
    }
    this.#filled = filled;
    delays[0] = s0;
    delays[1] = s1;
    delays[2] = s2;
    delays[3] = s3;
  }

  #forgetWindow(): void {
    this.#window.fill(0);
    this.#delays.fill(0);
    this.#filled = 0;
  }

  /** Judges a full window; returns the code of a press that became certain with it, else −1. */
  #hearWindow(): number {
    this.#age += HOP;
    this.#sinceActive += HOP;
    const key = this.#keyInWindow();
    let code = -1;
    if (key < 0) {
      this.#otherWindows = 0;
      if (this.#row >= 0) this.#hole(1 + this.#missingWindows);
    } else if (this.#row >= 0 && key === this.#key()) code = this.#goOn();
    else {
      this.#otherWindows = key === this.#otherKey ? this.#otherWindows + 1 : 1;
      if (this.#row < 0 || this.#otherWindows >= OTHER_WINDOWS) this.#begin(key);
      else this.#hole(1 + this.#missingWindows);
    }
    this.#otherKey = key;
    if (this.#toneWindows >= ACTIVE_WINDOWS && this.#holeWindows === 0) this.#sinceActive = 0;
    return code;
  }

  #key(): number {
    return CODES[this.#row * 4 + this.#column] ?? -1;
  }

  #begin(key: number): void {
    this.#end();
    const place = CODES.indexOf(key as (typeof CODES)[number]);
    this.#row = place >> 2;
    this.#column = place & 3;
    this.#toneWindows = 1;
    this.#proof.begin();
    // The window's pure part began a little after its beginning.
    this.#age = WINDOW;
  }

  #goOn(): number {
    this.#toneWindows++;
    this.#holeWindows = 0;
    this.#missingWindows = 0;
    this.#otherWindows = 0;
    if (this.#told || this.#toneWindows < PRESS_WINDOWS) return -1;
    this.#told = this.#proof.proves(ROWS[this.#row] as number, COLUMNS[this.#column] as number);
    if (!this.#told) return -1;
    const goesOn = this.#resumed && this.#cutKey === this.#key() && this.#proof.continues();
    this.#resumed = false;
    return goesOn ? -1 : this.#key();
  }

  #hole(windows: number): void {
    this.#holeWindows += windows;
    this.#missingWindows = 0;
    if (this.#holeWindows >= HOLE_WINDOWS) this.#end();
  }

  #end(): void {
    this.#row = this.#column = -1;
    this.#toneWindows = this.#holeWindows = this.#missingWindows = this.#otherWindows = 0;
    this.#told = false;
    this.#age = 0;
  }

  /** The code of the key that the window is full of, or −1. */
  #keyInWindow(): number {
    const window = this.#window;
    let energy = 0;
    for (let i = 0; i < WINDOW; i++) {
      const weighted = (window[i] as number) * (WEIGHTS[i] as number);
      energy += weighted * weighted;
    }
    if (energy < 2 * POWER_FLOOR * ENERGY_BY_POWER) return -1;
    const row = this.#loudest(0);
    const rowPower = this.#powers[row] as number;
    if (rowPower * ENERGY_BY_POWER < energy * ROW_SHARE || rowPower < POWER_FLOOR) return -1;
    const column = this.#loudest(4);
    const columnPower = this.#powers[column] as number;
    if (columnPower < POWER_FLOOR) return -1;
    if (columnPower > rowPower * TWIST_MAX || columnPower < rowPower * TWIST_MIN) return -1;
    if ((rowPower + columnPower) * ENERGY_BY_POWER < energy * PURITY) return -1;
    return CODES[row * 4 + column - 4] as number;
  }

  /** Takes the powers of four frequencies and returns which is the loudest. */
  #loudest(first: number): number {
    const window = this.#window;
    const powers = this.#powers;
    let loudest = first;
    for (let f = first; f < first + 4; f++) {
      const cosines = COSINES[f] as Float64Array;
      const sines = SINES[f] as Float64Array;
      let re = 0;
      let im = 0;
      for (let i = 0; i < WINDOW; i++) {
        const x = window[i] as number;
        re += x * (cosines[i] as number);
        im -= x * (sines[i] as number);
      }
      powers[f] = re * re + im * im;
      if ((powers[f] as number) > (powers[loudest] as number)) loudest = f;
    }
    return loudest;
  }
}
