import { expect, test } from 'vitest';
import { Downsampler } from './downsampler.js';

/** Level of what comes out for a full-scale sine of `hertz`, dB; frames' first ones are left out. */
function levelOf(rate: number, hertz: number): number {
  const downsampler = new Downsampler(rate);
  const frames: Int16Array[] = [];
  for (let at = 0; at < rate; at += 128) {
    const block = Float32Array.from({ length: 128 }, (_, i) => Math.sin((2 * Math.PI * hertz * (at + i)) / rate));
    downsampler.push(block, (frame) => frames.push(frame));
  }
  const samples = frames.slice(5).flatMap((frame) => [...frame]);
  const power = samples.reduce((sum, sample) => sum + (sample / 32_768) ** 2, 0) / samples.length;
  return 10 * Math.log10(power * 2 + 1e-12);
}

test('a second of sound gives fifty frames of 160 samples, at 48 and 44.1 kHz', () => {
  for (const rate of [48_000, 44_100]) {
    let frames = 0;
    const downsampler = new Downsampler(rate);
    for (let i = 0; i < rate * 4; i += 100) {
      downsampler.push(new Float32Array(100), (frame) => {
        expect(frame.length).toBe(160);
        frames++;
      });
    }
    expect(Math.abs(frames - 200)).toBeLessThanOrEqual(1);
  }
});

test('speech passes unchanged; what would fold back into it is gone', () => {
  for (const rate of [48_000, 44_100]) {
    for (const hertz of [200, 1000, 2800]) expect(levelOf(rate, hertz)).toBeCloseTo(0, 0);
    for (const hertz of [5000, 7000, 12_000]) expect(levelOf(rate, hertz)).toBeLessThan(-38);
  }
});
