// G.711 µ-law and A-law, tones and measuring, for the test phone: written apart from the product's own, so that a fault in
// one doesn't hide the same fault in the other. 8 kHz mono throughout; levels in dBFS.

export type Law = 'PCMU' | 'PCMA';

const muToLinear = Int16Array.from({ length: 256 }, (_, code) => {
  const inverted = ~code & 0xff;
  const magnitude = (((inverted & 0x0f) << 3) + 0x84) << ((inverted >> 4) & 7);
  return inverted & 0x80 ? 0x84 - magnitude : magnitude - 0x84;
});

const aToLinear = Int16Array.from({ length: 256 }, (_, code) => {
  const toggled = code ^ 0x55;
  const exponent = (toggled >> 4) & 7;
  const mantissa = ((toggled & 0x0f) << 4) + 8;
  const magnitude = exponent === 0 ? mantissa : (mantissa + 0x100) << (exponent - 1);
  return toggled & 0x80 ? magnitude : -magnitude;
});

/** The code whose value is nearest: slow to set up, plain to read, right for every sample. */
function encoder(table: Int16Array): Uint8Array {
  const byValue = Array.from(table, (value, code) => ({ value, code })).sort((a, b) => a.value - b.value);
  const codes = new Uint8Array(65_536);
  let at = 0;
  for (let sample = -32_768; sample < 32_768; sample++) {
    while (
      at + 1 < byValue.length &&
      Math.abs((byValue[at + 1]?.value ?? 0) - sample) <= Math.abs((byValue[at]?.value ?? 0) - sample)
    )
      at++;
    codes[sample + 32_768] = byValue[at]?.code ?? 0;
  }
  return codes;
}

const TABLES = {
  PCMU: { decode: muToLinear, encode: encoder(muToLinear) },
  PCMA: { decode: aToLinear, encode: encoder(aToLinear) },
};

export function decode(law: Law, payload: Uint8Array): Int16Array {
  const { decode: table } = TABLES[law];
  return Int16Array.from(payload, (code) => table[code] ?? 0);
}

export function encode(law: Law, samples: Int16Array): Uint8Array {
  const { encode: table } = TABLES[law];
  return Uint8Array.from(samples, (sample) => table[sample + 32_768] ?? 0);
}

/** Adds a sine of `hz` at `dbfs` (rms of a full-scale sine is 0 dBFS here) to `into`, continuing at sample `from`. */
export function addTone(into: Int16Array, hz: number, dbfs: number, from: number): void {
  const peak = 32_767 * 10 ** (dbfs / 20);
  for (let i = 0; i < into.length; i++) {
    const sum = (into[i] ?? 0) + peak * Math.sin((2 * Math.PI * hz * (from + i)) / 8000);
    into[i] = Math.max(-32_768, Math.min(32_767, Math.round(sum)));
  }
}

/** Level of one frequency, dBFS (a full-scale sine is 0); −120 for nothing. */
export function levelAt(samples: Int16Array, hz: number): number {
  if (samples.length === 0) return -120;
  const k = 2 * Math.cos((2 * Math.PI * hz) / 8000);
  let a = 0;
  let b = 0;
  for (const sample of samples) {
    const x = sample / 32_768 + k * a - b;
    b = a;
    a = x;
  }
  const amplitude = (Math.sqrt(Math.max(0, a * a + b * b - k * a * b)) * 2) / samples.length;
  return 20 * Math.log10(Math.max(amplitude, 1e-6));
}

/** Root mean square, dBFS (a full-scale square wave is 0); −120 for silence. */
export function loudness(samples: Int16Array): number {
  if (samples.length === 0) return -120;
  let sum = 0;
  for (const sample of samples) sum += (sample / 32_768) ** 2;
  return 20 * Math.log10(Math.max(Math.sqrt(sum / samples.length), 1e-6));
}

/** The two frequencies of a key (ITU-T Q.23). */
export const KEY_TONES: Record<string, readonly [number, number]> = Object.fromEntries(
  ['123A', '456B', '789C', '*0#D'].flatMap((row, r) =>
    [...row].map((key, c) => [key, [[697, 770, 852, 941][r] ?? 0, [1209, 1336, 1477, 1633][c] ?? 0] as const]),
  ),
);
