const RATE = 8000;
/** A whole proof: 32 ms; any 40 ms of tone have one at some hop of the detector's. */
const WHOLE = 256;
/** Half a proof, of a tone in pieces: 20 ms, twice. */
const PIECE = 160;
/** Samples by which the first look at a frequency is shifted: it stays sure up to 78 Hz off. */
const FIRST_SHIFT = 51;
/** Looks that follow, each finer than the one before. */
const FINER_LOOKS = 2;

/** Off the nominal frequency, in parts of 1: 1.8 % must be taken (ITU-T Q.24), and noise moves it by 0.2 %. */
const DEVIATION = 0.02;
/** One clock makes a keypad's two tones: they are hardly off in opposite directions. ±1.5 % is taken even so. */
const SPREAD = 0.033;
/** The column's tone against the row's, with half a dB to spare over −10 and +6 dB. */
const TWIST_MIN = 10 ** (-10.5 / 10);
const TWIST_MAX = 10 ** (6.5 / 10);
/** What is neither of the two tones nor dial tone, against the tones: white noise 12 dB below is 0.063 of them. */
const REST = 0.09;
/** The same for a piece; only clean sound comes in such. */
const PIECE_REST = 0.05;
/** How much each tone may swell or fade from one half to the other, as a ratio of powers: 3 dB. Voices do more. */
const SWELL = 10 ** (3 / 10);
/**
 * GSM distorts more than that. It is taken within 0.8 % of the nominal frequencies, where voices and music hardly ever are,
 * and with less beside it.
 */
const NEAR = 0.008;
const NEAR_SWELL = 10 ** (15 / 10);
const NEAR_TWIST_MIN = 10 ** (-12.5 / 10);
const NEAR_REST = 0.075;
/**
 * The sound's first and last 4 ms must each have a tenth of the tones' mean energy: the weighting alone would take a tone
 * of 23 ms in their middle for one of 32.
 */
const EDGE = 32;
const EDGE_SHARE = 0.1;
/** The two pieces must be of one tone: their powers within 1.5 dB, their frequencies within 0.5 %. */
const SAME_POWER = 10 ** (1.5 / 10);
const SAME_FREQUENCY = 0.005;
/** How far a tone's phase may be off after a gap, rad: what half a Hz makes of 80 ms is 0.25. */
const SAME_PHASE = 0.7;
/** Where dial tones lie (350, 400, 425, 440, 450, 480 Hz), and how much stronger than the keys they may be. */
const DIAL_FROM_HZ = 325;
const DIAL_TO_HZ = 500;
const DIAL_MOST = 3;

/** What is known of one tone in a block. */
class Tone {
  hz = 0;
  /** Off the nominal frequency, in parts of 1. */
  off = 0;
  /** Its part of the block's weighted energy. */
  energy = 0;
  /** Power in the block's louder half by that in the other. */
  swell = 0;
  /** At the block's first sample, rad. */
  phase = 0;
}

/**
 * The second look at a key: whether the last sound is two steady tones and nothing else. Voices and music pass for a key
 * in single short windows, never in 32 ms on end: their tones swell, glide, and have others beside them. Looks at the
 * sound as it came (a filter against dial tones would hide a voice's pitch), and only when a key is near: it costs as
 * much as twenty windows.
 */
export class ToneProof {
  /** The last sound, as a ring. */
  readonly #sound = new Float64Array(WHOLE);
  /** Samples heard in all, and those without a gap. */
  #at = 0;
  #unbroken = 0;
  readonly #row = new Tone();
  readonly #column = new Tone();
  /** The first piece of the tone that lasts; its end is −1 where there is none. */
  readonly #firstRow = new Tone();
  readonly #firstColumn = new Tone();
  #firstEnd = -1;
  /** The tone as it was before a gap, and where its block began; −1 where none was marked. */
  readonly #markedRow = new Tone();
  readonly #markedColumn = new Tone();
  #markedAt = -1;
  // The last projection.
  #re = 0;
  #im = 0;

  /** Hears the bytes from `start` to `end`, of which `linear` tells the samples. */
  hear(linear: Int16Array, bytes: Uint8Array, start: number, end: number): void {
    const sound = this.#sound;
    const behind = this.#at - start;
    for (let i = start; i < end; i++) sound[(behind + i) & (WHOLE - 1)] = linear[bytes[i] as number] as number;
    this.#at += end - start;
    this.#unbroken += end - start;
  }

  /** So many samples didn't come. */
  gap(samples: number): void {
    this.#sound.fill(0);
    this.#at += samples;
    this.#unbroken = 0;
  }

  /** Another tone begins: no piece of an earlier one counts for it. */
  begin(): void {
    this.#firstEnd = -1;
  }

  forget(): void {
    this.gap(0);
    for (const tone of [this.#row, this.#column, this.#firstRow, this.#firstColumn]) copy(NOTHING, tone);
    copy(NOTHING, this.#markedRow);
    copy(NOTHING, this.#markedColumn);
    this.#firstEnd = this.#markedAt = -1;
    this.#re = this.#im = 0;
  }

  /** Whether the sound up to now proves a key of these nominal frequencies. */
  proves(rowHz: number, columnHz: number): boolean {
    if (this.#unbroken >= WHOLE && this.#pure(WHOLE, rowHz, columnHz, REST)) return true;
    if (this.#unbroken < PIECE || !this.#pure(PIECE, rowHz, columnHz, PIECE_REST)) return false;
    if (this.#firstEnd >= 0) {
      const apart = this.#at - PIECE >= this.#firstEnd;
      return apart && same(this.#row, this.#firstRow) && same(this.#column, this.#firstColumn);
    }
    copy(this.#row, this.#firstRow);
    copy(this.#column, this.#firstColumn);
    this.#firstEnd = this.#at;
    return false;
  }

  /** Remembers the tone that lasts up to now, for `continues`. */
  mark(rowHz: number, columnHz: number): void {
    const isThere = this.#find(this.#markedRow, rowHz, WHOLE) && this.#find(this.#markedColumn, columnHz, WHOLE);
    this.#markedAt = isThere ? this.#at - WHOLE : -1;
  }

  /** Whether the tone that was just proven is the marked one, gone on through the gap: another press begins anywhere. */
  continues(): boolean {
    if (this.#markedAt < 0 || this.#unbroken < WHOLE) return false;
    const samples = this.#at - WHOLE - this.#markedAt;
    return goesOn(this.#row, this.#markedRow, samples) && goesOn(this.#column, this.#markedColumn, samples);
  }

  #pure(length: number, rowHz: number, columnHz: number, rest: number): boolean {
    const row = this.#row;
    const column = this.#column;
    if (!this.#find(row, rowHz, length) || !this.#find(column, columnHz, length)) return false;
    if (Math.abs(row.off - column.off) > SPREAD) return false;
    const swell = Math.max(row.swell, column.swell);
    const twist = column.energy / row.energy;
    // `!(… <= …)`: where there is no sound there is no number.
    if (!(swell <= NEAR_SWELL && twist <= TWIST_MAX && twist >= NEAR_TWIST_MIN)) return false;
    const distorted = swell > SWELL || twist < TWIST_MIN;
    if (distorted && Math.max(Math.abs(row.off), Math.abs(column.off)) > NEAR) return false;
    const most = distorted ? Math.min(rest, NEAR_REST) : rest;
    const tones = row.energy + column.energy;
    const edge = ((tones * 8) / 3 / length) * EDGE * EDGE_SHARE;
    if (this.#energy(length, 0) < edge || this.#energy(length, length - EDGE) < edge) return false;
    let others = this.#weightedEnergy(length) - tones;
    // Most sound that got here ends at this line, before the dial tones are sought.
    if (others > (most + DIAL_MOST) * tones) return false;
    if (others > most * tones) others -= this.#dialTones(length);
    return others <= most * tones;
  }

  /** Finds the tone near its nominal frequency; false: it is too far off. */
  #find(tone: Tone, nominal: number, length: number): boolean {
    const half = length / 2;
    let hz = nominal;
    for (let look = 0; look <= FINER_LOOKS; look++) {
      const shift = look === 0 ? FIRST_SHIFT : half;
      const first = this.#project(hz, length, 0, half);
      const re = this.#re;
      const im = this.#im;
      const second = this.#project(hz, length, shift, half);
      const turn = Math.atan2(this.#im * re - this.#re * im, this.#re * re + this.#im * im);
      hz += (turn * RATE) / (2 * Math.PI * shift);
      tone.swell = first > second ? first / second : second / first;
    }
    tone.hz = hz;
    tone.off = hz / nominal - 1;
    if (Math.abs(tone.off) > DEVIATION) return false;
    // |X|² of a sine of amplitude a is (a·Σw/2)²; its weighted energy a²/2·Σw², with Σw = ½ and Σw² = ⅜ of the length.
    tone.energy = (this.#project(hz, length, 0, length) * 3) / length;
    tone.phase = Math.atan2(this.#im, this.#re);
    return true;
  }

  /** Weighted energy about where dial tones lie: in neighbouring bins a tone counts 1 + ¼ + ¼ fold. */
  #dialTones(length: number): number {
    const step = RATE / length;
    let power = 0;
    for (let hz = DIAL_FROM_HZ; hz <= DIAL_TO_HZ; hz += step) power += this.#project(hz, length, 0, length);
    return (power * 3) / length / 1.5;
  }

  /** Energy of one edge of the block, `from` samples after its beginning. */
  #energy(length: number, from: number): number {
    const begin = this.#at - length + from;
    let energy = 0;
    for (let i = begin; i < begin + EDGE; i++) energy += (this.#sound[i & (WHOLE - 1)] as number) ** 2;
    return energy;
  }

  #weightedEnergy(length: number): number {
    const sound = this.#sound;
    const begin = this.#at - length;
    const weights = WEIGHTS[length] as Float64Array;
    let energy = 0;
    for (let i = 0; i < length; i++) {
      const x = (sound[(begin + i) & (WHOLE - 1)] as number) * (weights[i] as number);
      energy += x * x;
    }
    return energy;
  }

  /** The Hann-weighted projection of a part of the block on a frequency, its phase counted from the block's beginning; returns its power. */
  #project(hz: number, length: number, from: number, count: number): number {
    const sound = this.#sound;
    const begin = this.#at - length + from;
    const step = (2 * Math.PI * hz) / RATE;
    const turnCos = Math.cos(step);
    const turnSin = Math.sin(step);
    let cos = Math.cos(step * from);
    let sin = Math.sin(step * from);
    const weights = WEIGHTS[count] as Float64Array;
    let re = 0;
    let im = 0;
    for (let i = 0; i < count; i++) {
      const x = (sound[(begin + i) & (WHOLE - 1)] as number) * (weights[i] as number);
      re += x * cos;
      im -= x * sin;
      const next = cos * turnCos - sin * turnSin;
      sin = sin * turnCos + cos * turnSin;
      cos = next;
    }
    this.#re = re;
    this.#im = im;
    return re * re + im * im;
  }
}

function hann(length: number): Float64Array {
  return Float64Array.from({ length }, (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * (i + 0.5)) / length));
}

/** By length: of both blocks and of their halves. */
const WEIGHTS: Readonly<Record<number, Float64Array>> = Object.fromEntries(
  [WHOLE, WHOLE / 2, PIECE, PIECE / 2].map((length) => [length, hann(length)]),
);

function copy(from: Tone, to: Tone): void {
  to.hz = from.hz;
  to.off = from.off;
  to.energy = from.energy;
  to.swell = from.swell;
  to.phase = from.phase;
}

const NOTHING = new Tone();

function goesOn(tone: Tone, before: Tone, samples: number): boolean {
  const cycles = (((tone.hz + before.hz) / 2) * samples) / RATE;
  const off = (tone.phase - before.phase) / (2 * Math.PI) - cycles;
  return same(tone, before) && Math.abs(off - Math.round(off)) * 2 * Math.PI <= SAME_PHASE;
}

function same(tone: Tone, other: Tone): boolean {
  const power = tone.energy / other.energy;
  return power <= SAME_POWER && power >= 1 / SAME_POWER && Math.abs(tone.hz / other.hz - 1) <= SAME_FREQUENCY;
}
