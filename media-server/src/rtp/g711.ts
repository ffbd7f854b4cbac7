/** The two laws of ITU-T G.711 at 8000 samples a second, one byte each; named as in SDP (RFC 3551 §4.5.14). */
export type Law = 'PCMU' | 'PCMA';

/** The byte that sounds as nothing: µ-law's and A-law's smallest positive step. */
export const SILENCE: Readonly<Record<Law, number>> = { PCMU: 0xff, PCMA: 0xd5 };

/**
 * The amplitude of a sine of 0 dBm0 in linear samples: 3.17 dB (µ; A 3.14 dB) below full scale, which decodes to
 * 32124 (µ).
 */
export const AMPLITUDE_0_DBM0 = 22_302;

const MU_BIAS = 0x84;
const LINEAR_LIMIT = 32_635;

function muToLinear(byte: number): number {
  const bits = ~byte & 0xff;
  const magnitude = ((((bits & 0x0f) << 3) + MU_BIAS) << ((bits & 0x70) >> 4)) - MU_BIAS;
  return bits & 0x80 ? -magnitude : magnitude;
}

function aToLinear(byte: number): number {
  const bits = byte ^ 0x55;
  const segment = (bits & 0x70) >> 4;
  const step = ((bits & 0x0f) << 4) + 8;
  const magnitude = segment === 0 ? step : (step + 0x100) << (segment - 1);
  return bits & 0x80 ? magnitude : -magnitude;
}

function linearToMu(sample: number): number {
  const sign = sample < 0 ? 0x80 : 0;
  const magnitude = Math.min(Math.abs(sample), LINEAR_LIMIT) + MU_BIAS;
  const segment = 31 - Math.clz32(magnitude) - 7;
  return ~(sign | (segment << 4) | ((magnitude >> (segment + 3)) & 0x0f)) & 0xff;
}

function linearToA(sample: number): number {
  const sign = sample < 0 ? 0 : 0x80;
  const magnitude = Math.min(sample < 0 ? -sample - 1 : sample, 32_767);
  const segment = magnitude < 256 ? 0 : 31 - Math.clz32(magnitude) - 7;
  const step = (magnitude >> (segment === 0 ? 4 : segment + 3)) & 0x0f;
  return (sign | (segment << 4) | step) ^ 0x55;
}

/** By byte: the 16-bit linear sample. */
export const LINEAR: Readonly<Record<Law, Int16Array>> = {
  PCMU: Int16Array.from({ length: 256 }, (_, byte) => muToLinear(byte)),
  PCMA: Int16Array.from({ length: 256 }, (_, byte) => aToLinear(byte)),
};

// One entry for each 16-bit sample as an unsigned index: 64 KiB a law, and no arithmetic per sample.
const ENCODED: Readonly<Record<Law, Uint8Array>> = {
  PCMU: Uint8Array.from({ length: 65_536 }, (_, i) => linearToMu((i << 16) >> 16)),
  PCMA: Uint8Array.from({ length: 65_536 }, (_, i) => linearToA((i << 16) >> 16)),
};

/** The byte for a linear sample; samples beyond 16 bits are saturated. */
export function encodeSample(law: Law, sample: number): number {
  const saturated = sample > 32_767 ? 32_767 : sample < -32_768 ? -32_768 : Math.round(sample);
  return ENCODED[law][saturated & 0xffff] as number;
}

/** By byte of the one law: the byte of the other that sounds nearest. */
export const MU_TO_A = Uint8Array.from({ length: 256 }, (_, byte) => encodeSample('PCMA', muToLinear(byte)));
export const A_TO_MU = Uint8Array.from({ length: 256 }, (_, byte) => encodeSample('PCMU', aToLinear(byte)));
