import { expect, test } from 'vitest';
import { JitterBuffer } from './jitter-buffer.js';

const frame = (value: number) => new Int16Array(160).fill(value);
const pull = (buffer: JitterBuffer, count: number) => {
  const out = new Float32Array(count);
  buffer.pull(out);
  return out;
};

test('nothing is heard before 60 ms of sound wait, then it is, at the output rate', () => {
  const buffer = new JitterBuffer(48_000);
  buffer.push(frame(16_384));
  buffer.push(frame(16_384));
  expect(pull(buffer, 960).every((sample) => sample === 0)).toBe(true);
  buffer.push(frame(16_384));
  expect(pull(buffer, 960).every((sample) => sample === 0.5)).toBe(true);
  expect(buffer.waiting).toBeCloseTo(0.04, 3);
});

test('a sound that comes at its pace is never interrupted, though the sender clock is 0.2 % off', () => {
  for (const pace of [0.998, 1.002]) {
    const buffer = new JitterBuffer(48_000);
    for (let i = 0; i < 4; i++) buffer.push(frame(16_384));
    let due = 0;
    for (let i = 0; i < 3000; i++) {
      for (due += pace; due >= 1; due--) buffer.push(frame(16_384));
      expect(pull(buffer, 960).every((sample) => sample === 0.5)).toBe(true);
    }
    expect(buffer.waiting).toBeLessThan(0.2);
  }
});

test('when sound runs out it dies away without a click, and comes back when 60 ms wait again', () => {
  const buffer = new JitterBuffer(8000);
  for (let i = 0; i < 3; i++) buffer.push(frame(16_384));
  const out = pull(buffer, 800);
  for (let i = 1; i < out.length; i++) expect(Math.abs((out[i] ?? 0) - (out[i - 1] ?? 0))).toBeLessThan(0.02);
  expect(out.at(-1)).toBe(0);
  buffer.push(frame(16_384));
  expect(pull(buffer, 100).every((sample) => sample === 0)).toBe(true);
  for (let i = 0; i < 2; i++) buffer.push(frame(16_384));
  expect(pull(buffer, 100).every((sample) => sample === 0.5)).toBe(true);
});

test('a burst after a stall does not make the conversation lag', () => {
  const buffer = new JitterBuffer(48_000);
  for (let i = 0; i < 100; i++) buffer.push(frame(1000));
  expect(buffer.waiting).toBeLessThanOrEqual(0.3);
});
