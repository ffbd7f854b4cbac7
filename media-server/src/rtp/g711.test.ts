import { expect, test } from 'vitest';
import { A_TO_MU, encodeSample, LINEAR, MU_TO_A, SILENCE } from './g711.ts';
import { mix } from './mixing.ts';

test('decoded bytes encode to themselves in both laws', () => {
  for (const law of ['PCMU', 'PCMA'] as const) {
    for (let byte = 0; byte < 256; byte++) {
      const again = encodeSample(law, LINEAR[law][byte] as number);
      // µ-law has two zeros, which sound alike.
      expect(LINEAR[law][again]).toBe(LINEAR[law][byte]);
    }
  }
});

test('the tables hold the values of G.711', () => {
  expect(LINEAR.PCMU[0x00]).toBe(-32_124);
  expect(LINEAR.PCMU[0x80]).toBe(32_124);
  expect(LINEAR.PCMU[0xff]).toBe(0);
  expect(LINEAR.PCMA[0x2a]).toBe(-32_256);
  expect(LINEAR.PCMA[0xaa]).toBe(32_256);
  expect(LINEAR.PCMA[SILENCE.PCMA]).toBe(8);
  expect(LINEAR.PCMU[SILENCE.PCMU]).toBe(0);
});

test('a sample is at most half a step off after encoding, and saturates', () => {
  for (const law of ['PCMU', 'PCMA'] as const) {
    for (let sample = -32_000; sample <= 32_000; sample += 37) {
      const heard = LINEAR[law][encodeSample(law, sample)] as number;
      expect(Math.abs(heard - sample)).toBeLessThanOrEqual(Math.max(16, Math.abs(sample) / 28));
    }
    expect(LINEAR[law][encodeSample(law, 1e6)]).toBe(LINEAR[law][encodeSample(law, 32_767)]);
    expect(LINEAR[law][encodeSample(law, -1e6)]).toBe(LINEAR[law][encodeSample(law, -32_768)]);
  }
});

test('one law to the other and back stays within a step', () => {
  for (let byte = 0; byte < 256; byte++) {
    const sample = LINEAR.PCMU[byte] as number;
    const back = LINEAR.PCMU[A_TO_MU[MU_TO_A[byte] as number] as number] as number;
    expect(Math.abs(back - sample)).toBeLessThanOrEqual(Math.max(16, Math.abs(sample) / 14));
  }
});

test('sounds add up and saturate; one alone passes bit for bit', () => {
  const of = (sample: number) => Uint8Array.of(encodeSample('PCMU', sample));
  const into = new Uint8Array(2);
  mix('PCMU', [of(1000), of(2000)], into, 1);
  expect(Math.abs((LINEAR.PCMU[into[1] as number] as number) - 3000)).toBeLessThan(130);
  mix('PCMU', [of(30_000), of(30_000), of(30_000), of(30_000)], into, 0);
  expect(LINEAR.PCMU[into[0] as number]).toBe(32_124);
  mix('PCMU', [Uint8Array.of(0x7f)], into, 0);
  expect(into[0]).toBe(0x7f);
});
