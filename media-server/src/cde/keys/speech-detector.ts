import { AMPLITUDE_0_DBM0, LINEAR, type Law } from '../../rtp/g711.ts';

/** Samples of a frame: 20 ms. */
const FRAME = 160;
/** Frames looked at: the last 2.5 s, each time that so many more have come. */
const WINDOW = 125;
const EVERY = 5;
/** Frames of voice among them: 1.2 s. */
const VOICE = 60;

/** A frame is of a voice above all three: this level (dBm0), the floor's, and so many dB below the loud frames. */
const LEAST_DBM0 = -45;
const ABOVE_FLOOR_DB = 8;
const BELOW_LOUD_DB = 25;
/** Which of the window's levels, from the softest, are the floor's and the loud frames'. */
const FLOOR_SHARE = 0.05;
const LOUD_SHARE = 0.9;

/** Share of the voice's frames that have a pitch; noise has none, voices in 0.55 or more. */
const PITCHED_SHARE = 0.5;
/** Share of frames that are softer than the loud ones by 15 dB: between syllables. Music hardly pauses. */
const QUIET_SHARE = 0.12;
const QUIET_DB = 15;
/** Mean step from one frame's level to the next, dB: voices have 2.6 … 7, music 0.6 … 3. */
const LEAST_STEP_DB = 2.5;
const MOST_STEP_DB = 20;
/** Share of neighbours with the very same pitch: voices 0.45 … 0.85, signalling tones 0.93 … 1. */
const SAME_PITCH_SHARE = 0.9;

/**
 * Fourth-order low-pass (Butterworth, 400 Hz) as two sections b, a1, a2, with b·(1, 2, 1) above: a voice's first
 * harmonics pass, keys don't.
 */
const SECTIONS = [
  [0.01903683, -1.47967422, 0.55582154],
  [0.02188385, -1.70096433, 0.78849974],
] as const;
/** What a voice's frame has of its energy there at least; telephone lines take away what is below 300 Hz. */
const LOW_SHARE = 0.03;
/** The pitch is sought in every fourth sample, over 40 ms, at lags of 400 … 71 Hz. */
const DECIMATE = 4;
const PITCH_SPAN = 80;
const LAG_MIN = 5;
const LAG_MAX = 28;
const HELD = PITCH_SPAN + LAG_MAX;
const PITCH_MIN = 0.6;

/** Levels are counted in steps of 1 dB from here on. */
const SOFTEST_DBM0 = -90;
const LEVELS = 96;
const POWER_0_DBM0 = AMPLITUDE_0_DBM0 ** 2 / 2;
/** One-pole high-pass: hum's fundamental and offsets stay out. */
const POLE = 0.9;

/**
 * Notices that somebody speaks: sound that has a pitch, moves, and pauses as syllables do, for 1.2 s of the last 2.5 s.
 * Noise has no pitch, hum and signalling tones don't move,
 * keys have nothing low, music hardly pauses. Nothing is allocated per packet, and of
 * the sound itself 54 ms are held, as every fourth sample.
 */
export class SpeechDetector {
  readonly #linear: Int16Array;
  // By frame, as rings: level above the softest in dB, and the pitch's lag or 0.
  readonly #levels = new Uint8Array(WINDOW);
  readonly #lags = new Uint8Array(WINDOW);
  /** How many of the window's frames have each level. */
  readonly #histogram = new Uint8Array(LEVELS);
  #frames = 0;
  #filled = 0;
  // The frame that fills.
  #samples = 0;
  #energy = 0;
  #input = 0;
  #output = 0;
  #lowEnergy = 0;
  /** Two values for each section. */
  readonly #delays = new Float64Array(SECTIONS.length * 2);
  readonly #slow = new Float64Array(HELD);
  #slowAt = 0;

  constructor(law: Law) {
    this.#linear = LINEAR[law];
  }

  /** Hears the G.711 bytes from `start` to `end`; true when speech was noticed in them, for which it begins anew. */
  push(bytes: Uint8Array, start = 0, end = bytes.length): boolean {
    let noticed = false;
    for (let at = start; at < end; ) {
      const next = Math.min(end, at + FRAME - this.#samples);
      this.#hear(bytes, at, next);
      at = next;
      if (this.#samples === FRAME) noticed = this.#endFrame() || noticed;
    }
    return noticed;
  }

  /** What was heard so far counts no more: a key was pressed, or a prompt plays. */
  interrupt(): void {
    if (this.#filled === 0 && this.#samples === 0) return;
    this.#levels.fill(0);
    this.#lags.fill(0);
    this.#histogram.fill(0);
    this.#frames = this.#filled = this.#samples = 0;
    this.#energy = this.#lowEnergy = this.#input = this.#output = 0;
    this.#delays.fill(0);
    this.#slow.fill(0);
    this.#slowAt = 0;
  }

  #hear(bytes: Uint8Array, start: number, end: number): void {
    const linear = this.#linear;
    let input = this.#input;
    let output = this.#output;
    let energy = 0;
    let lowEnergy = 0;
    const delays = this.#delays;
    const [[b0, a01, a02], [b1, a11, a12]] = SECTIONS;
    let [s0, s1, s2, s3] = delays as unknown as [number, number, number, number];
    for (let i = start; i < end; i++) {
      const x = linear[bytes[i] as number] as number;
      output = x - input + POLE * output;
      input = x;
      energy += output * output;
      const y = b0 * output + s0;
      s0 = 2 * b0 * output - a01 * y + s1;
      s1 = b0 * output - a02 * y;
      const low = b1 * y + s2;
      s2 = 2 * b1 * y - a11 * low + s3;
      s3 = b1 * y - a12 * low;
      lowEnergy += low * low;
      if ((++this.#samples & (DECIMATE - 1)) > 0) continue;
      this.#slow[this.#slowAt] = low;
      this.#slowAt = (this.#slowAt + 1) % HELD;
    }
    delays[0] = s0;
    delays[1] = s1;
    delays[2] = s2;
    delays[3] = s3;
    this.#input = input;
    this.#output = output;
    this.#energy += energy;
    this.#lowEnergy += lowEnergy;
  }

  #endFrame(): boolean {
    const dBm0 = 10 * Math.log10(this.#energy / FRAME / POWER_0_DBM0 + 1e-9);
    const level = Math.min(LEVELS - 1, Math.max(0, Math.round(dBm0 - SOFTEST_DBM0)));
    const isLow = this.#lowEnergy >= LOW_SHARE * this.#energy;
    this.#samples = this.#energy = this.#lowEnergy = 0;
    const at = this.#frames % WINDOW;
    const histogram = this.#histogram;
    if (this.#filled === WINDOW)
      histogram[this.#levels[at] as number] = (histogram[this.#levels[at] as number] ?? 1) - 1;
    else this.#filled++;
    histogram[level] = (histogram[level] ?? 0) + 1;
    this.#levels[at] = level;
    this.#lags[at] = dBm0 > LEAST_DBM0 && isLow ? this.#pitch() : 0;
    this.#frames++;
    if (this.#filled < VOICE || this.#frames % EVERY > 0 || !this.#isSpeech()) return false;
    this.interrupt();
    return true;
  }

  /** The lag at which the last 40 ms resemble what was before them; 0: at none. */
  #pitch(): number {
    const slow = this.#slow;
    const end = this.#slowAt + HELD;
    let best = 0;
    let bestLag = 0;
    for (let lag = LAG_MIN; lag <= LAG_MAX; lag++) {
      let both = 0;
      let now = 0;
      let before = 0;
      for (let i = end - PITCH_SPAN; i < end; i++) {
        const a = slow[i % HELD] as number;
        const b = slow[(i - lag) % HELD] as number;
        both += a * b;
        now += a * a;
        before += b * b;
      }
      const like = both > 0 ? both / Math.sqrt(now * before) : 0;
      if (like <= best) continue;
      best = like;
      bestLag = lag;
    }
    return best >= PITCH_MIN ? bestLag : 0;
  }

  #isSpeech(): boolean {
    const filled = this.#filled;
    const loud = this.#levelOf(LOUD_SHARE);
    const floor = this.#levelOf(FLOOR_SHARE);
    const least = Math.max(LEAST_DBM0 - SOFTEST_DBM0, floor + ABOVE_FLOOR_DB, loud - BELOW_LOUD_DB);
    let voice = 0;
    let pitched = 0;
    let quiet = 0;
    let steps = 0;
    let stepDb = 0;
    let pairs = 0;
    let same = 0;
    let levelBefore = 0;
    let lagBefore = 0;
    for (let i = 0; i < filled; i++) {
      const at = (this.#frames - filled + i) % WINDOW;
      const level = this.#levels[at] as number;
      const isVoice = level > least;
      const lag = isVoice ? (this.#lags[at] as number) : 0;
      if (isVoice) voice++;
      if (lag > 0) pitched++;
      if (level < loud - QUIET_DB) quiet++;
      if (i > 0 && (isVoice || levelBefore > least)) {
        steps++;
        stepDb += Math.min(MOST_STEP_DB, Math.abs(level - levelBefore));
      }
      if (lag > 0 && lagBefore > 0) pairs++;
      if (lag > 0 && lag === lagBefore) same++;
      levelBefore = level;
      lagBefore = lag;
    }
    return (
      voice >= VOICE &&
      pitched >= voice * PITCHED_SHARE &&
      quiet >= filled * QUIET_SHARE &&
      stepDb >= steps * LEAST_STEP_DB &&
      same <= pairs * SAME_PITCH_SHARE
    );
  }

  /** The level that this share of the window's frames don't exceed. */
  #levelOf(share: number): number {
    const wanted = Math.floor(share * (this.#filled - 1));
    let below = 0;
    for (let level = 0; level < LEVELS; level++) {
      below += this.#histogram[level] as number;
      if (below > wanted) return level;
    }
    return LEVELS - 1;
  }
}
