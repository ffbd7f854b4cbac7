import { SPEECH_RATE } from '../../shared/speech-sound.ts';

/** Everything above goes: G.711 has 4000 Hz, telephones 3400. */
const CUTOFF_HZ = 3500;
/** Below this is hum and breath. */
const LOW_HZ = 120;
/** Half the filter's length in zero crossings, and points of its table between two of them. */
const REACH = 24;
const STEPS = 256;

/** The filter's right half: a sinc under a Blackman window, by points of `1 / STEPS` zero crossings. */
const KERNEL = Float64Array.from({ length: REACH * STEPS + 2 }, (_, i) => {
  const x = i / STEPS;
  if (x >= REACH) return 0;
  const window = 0.42 + 0.5 * Math.cos((Math.PI * x) / REACH) + 0.08 * Math.cos((2 * Math.PI * x) / REACH);
  return x === 0 ? 1 : (window * Math.sin(Math.PI * x)) / (Math.PI * x);
});

/** A sound of any rate (Hz) in a telephone's band, at 8000 samples a second; the values keep their scale. */
export function telephoneBand(samples: Float64Array, rate: number): Float64Array {
  return highPassed(resampled(samples, rate));
}

function resampled(samples: Float64Array, rate: number): Float64Array {
  /** Zero crossings of the filter for each sample that comes in. */
  const density = (2 * Math.min(CUTOFF_HZ, rate / 2)) / rate;
  const length = Math.floor((samples.length * SPEECH_RATE) / rate);
  return Float64Array.from({ length }, (_, i) => {
    const middle = (i * rate) / SPEECH_RATE;
    const from = Math.max(0, Math.ceil(middle - REACH / density));
    const to = Math.min(samples.length - 1, Math.floor(middle + REACH / density));
    let sum = 0;
    for (let at = from; at <= to; at++) {
      const point = Math.abs(at - middle) * density * STEPS;
      const below = Math.floor(point);
      const left = KERNEL[below] as number;
      sum += (samples[at] as number) * (left + (point - below) * ((KERNEL[below + 1] as number) - left));
    }
    return sum * density;
  });
}

/** Butterworth, second order. */
function highPassed(samples: Float64Array): Float64Array {
  const k = Math.tan((Math.PI * LOW_HZ) / SPEECH_RATE);
  const norm = 1 / (1 + Math.SQRT2 * k + k * k);
  const [b0, a1, a2] = [norm, 2 * (k * k - 1) * norm, (1 - Math.SQRT2 * k + k * k) * norm];
  let [z1, z2] = [0, 0];
  return samples.map((sample) => {
    const out = b0 * sample + z1;
    z1 = -2 * b0 * sample - a1 * out + z2;
    z2 = b0 * sample - a2 * out;
    return out;
  });
}
