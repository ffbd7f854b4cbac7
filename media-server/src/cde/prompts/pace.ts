/**
 * Slower speech at the same pitch: waveform-similarity overlap-add (WSOLA, Verhelst and Roelands 1993) on 8-kHz samples.
 * Frames of 30 ms overlap by half; each is taken where it continues the frame before it best, within ±6 ms.
 */

const RATE = 8000;
const FRAME = (RATE * 30) / 1000;
const HOP = FRAME / 2;
const REACH = (RATE * 6) / 1000;
/** The search looks at every fourth offset and sample first: a tenth of the work, the same joints. */
const COARSE = 4;
/** Raised cosines that add up to one where frames overlap. */
const WINDOW = Float64Array.from({ length: FRAME }, (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * (i + 0.5)) / FRAME));

/** The samples at `speed` (0.5 … 1) of their pace; 0.8 takes a quarter longer. */
export function slowed(samples: Int16Array, speed: number): Int16Array {
  if (speed < 0.5 || speed > 1) throw new RangeError(`a pace of ${speed} is no slower speech`);
  if (speed === 1 || samples.length < 2 * FRAME) return samples;
  const length = Math.round(samples.length / speed);
  const sum = new Float64Array(length + FRAME);
  let next = 0;
  for (let out = 0; out < length; out += HOP) {
    const wanted = Math.min(Math.round(out * speed), samples.length - FRAME);
    const at = out === 0 || next + HOP > samples.length ? wanted : closest(samples, next, wanted);
    for (let i = 0; i < FRAME; i++) {
      // The first frame has none before it.
      const weight = out === 0 && i < HOP ? 1 : (WINDOW[i] as number);
      sum[out + i] = (sum[out + i] as number) + weight * (samples[at + i] as number);
    }
    next = at + HOP;
  }
  return Int16Array.from(sum.subarray(0, length), (sample) => Math.max(-32_768, Math.min(32_767, Math.round(sample))));
}

/** Where, near `wanted`, the sound is most like what would follow at `next`. */
function closest(samples: Int16Array, next: number, wanted: number): number {
  const [low, high] = [Math.max(0, wanted - REACH), Math.min(samples.length - FRAME, wanted + REACH)];
  const search = (from: number, to: number, step: number, middle: number): number => {
    let best = middle;
    let most = -Infinity;
    for (let at = from; at <= to; at += step) {
      const like = likeness(samples, next, at, step === 1 ? 2 : COARSE);
      if (like > most) {
        most = like;
        best = at;
      }
    }
    return best;
  };
  const near = search(low, high, COARSE, wanted);
  return search(Math.max(low, near - COARSE + 1), Math.min(high, near + COARSE - 1), 1, near);
}

/** The correlation of half a frame at both places, made independent of how loud the second is. */
function likeness(samples: Int16Array, next: number, at: number, step: number): number {
  let product = 0;
  let power = 1;
  for (let i = 0; i < HOP; i += step) {
    const other = samples[at + i] as number;
    product += (samples[next + i] as number) * other;
    power += other * other;
  }
  return product / Math.sqrt(power);
}
