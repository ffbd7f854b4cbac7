/**
 * What brings a recording of speech to the house's standard: trimmed, at one level, without a click at its ends. Samples
 * are 16-bit values (± 32768) at 8000 a second.
 */

export const SPEECH_RATE = 8000;
const FULL_SCALE = 32_768;
/** No sample is above this, dBFS. */
const PEAK_DBFS = -1.5;
const FADE_MS = 5;
const FRAME = milliseconds(10);

/** How many samples so many milliseconds are. */
export function milliseconds(ms: number): number {
  return Math.round((ms * SPEECH_RATE) / 1000);
}

export function amplitude(dbfs: number): number {
  return FULL_SCALE * 10 ** (dbfs / 20);
}

export function rms(samples: Float64Array): number {
  return Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / Math.max(1, samples.length));
}

export function joined(parts: readonly Float64Array[]): Float64Array {
  const whole = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Which 10-ms frames sound: within 40 dB of the loudest. */
export function sounding(samples: Float64Array): boolean[] {
  const levels = Array.from({ length: Math.ceil(samples.length / FRAME) }, (_, i) =>
    rms(samples.subarray(i * FRAME, (i + 1) * FRAME)),
  );
  const threshold = levels.reduce((most, level) => Math.max(most, level), 0) / 100;
  return levels.map((level) => level > threshold);
}

/** Level of the frames that sound, dBFS; −Infinity where nothing does. */
export function speechLevel(samples: Float64Array): number {
  return 20 * Math.log10(rms(loudFrames(samples)) / FULL_SCALE);
}

/** Without the silence around, but for 20 ms before and 40 ms after it: fragments then join like words. */
export function trimmed(samples: Float64Array): Float64Array {
  const sounds = sounding(samples);
  const start = Math.max(0, sounds.indexOf(true) * FRAME - milliseconds(20));
  const end = Math.min(samples.length, (sounds.lastIndexOf(true) + 1) * FRAME + milliseconds(40));
  return samples.slice(start, end);
}

/** At this level (dBFS, over the frames that sound), its peaks turned down where need be, and faded at both ends. */
export function levelled(samples: Float64Array, dbfs: number): Float64Array {
  const factor = amplitude(dbfs) / rms(loudFrames(samples));
  return faded(limited(samples.map((sample) => sample * factor)));
}

export function faded(samples: Float64Array): Float64Array {
  const length = milliseconds(FADE_MS);
  return samples.map((sample, i) => sample * Math.min(1, i / length, (samples.length - 1 - i) / length));
}

function loudFrames(samples: Float64Array): Float64Array {
  return joined(
    sounding(samples).flatMap((sounds, i) => (sounds ? [samples.subarray(i * FRAME, (i + 1) * FRAME)] : [])),
  );
}

/** Turns down by as much as the loudest sample within 5 ms needs, moving slowly enough not to be heard. */
function limited(samples: Float64Array): Float64Array {
  const ceiling = amplitude(PEAK_DBFS);
  const reach = milliseconds(5);
  const needed = samples.map((_, i) => {
    const peak = samples
      .subarray(Math.max(0, i - 2 * reach), i + 2 * reach)
      .reduce((a, b) => Math.max(a, Math.abs(b)), 0);
    return Math.min(1, ceiling / Math.max(1, peak));
  });
  return samples.map((sample, i) => {
    const near = needed.subarray(Math.max(0, i - reach), i + reach);
    return (sample * near.reduce((a, b) => a + b, 0)) / near.length;
  });
}
