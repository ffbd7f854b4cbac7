import { expect, test } from 'vitest';
import { AMPLITUDE_0_DBM0, LINEAR, encodeSample } from '../../rtp/g711.ts';
import { ToneProof } from './tone-proof.ts';

/** The key 5. */
const [ROW, COLUMN] = [770, 1336] as const;
const LEVEL = AMPLITUDE_0_DBM0 * 10 ** (-10 / 20);
const PIECE_MS = 20;

interface Sound {
  ms?: number;
  /** Hz, at a moment in seconds. */
  row?: (s: number) => number;
  column?: (s: number) => number;
  /** Of the louder tone's amplitude, at a moment in seconds. */
  swell?: (s: number) => number;
  /** Steady tones beside it: Hz and part of a tone's amplitude. */
  beside?: readonly (readonly [number, number])[];
  twist?: number;
}

function sounding({ ms = 32, row, column, swell = () => 1, beside = [], twist = 0 }: Sound): Uint8Array {
  let [rowAngle, columnAngle] = [0, 1];
  return Uint8Array.from({ length: ms * 8 }, (_, i) => {
    const s = i / 8000;
    rowAngle += (2 * Math.PI * (row?.(s) ?? ROW)) / 8000;
    columnAngle += (2 * Math.PI * (column?.(s) ?? COLUMN)) / 8000;
    const key = Math.sin(rowAngle) + 10 ** (twist / 20) * Math.sin(columnAngle);
    const rest = beside.reduce((sum, [hz, part]) => sum + part * Math.sin(2 * Math.PI * hz * s), 0);
    return encodeSample('PCMU', (LEVEL / 2) * (key * swell(s) + rest));
  });
}

function proved(sound: Sound): boolean {
  const proof = new ToneProof();
  const bytes = sounding(sound);
  proof.hear(LINEAR.PCMU, bytes, 0, bytes.length);
  return proof.proves(ROW, COLUMN);
}

const keys: [string, Sound][] = [
  ['two steady tones', {}],
  ['1.8 % high', { row: () => ROW * 1.018, column: () => COLUMN * 1.018 }],
  ['row 1.5 % low, column 1.5 % high', { row: () => ROW * 0.985, column: () => COLUMN * 1.015 }],
  ['twist −10 dB', { twist: -10 }],
  [
    'a dial tone as loud beside it',
    {
      beside: [
        [350, 1],
        [440, 1],
      ],
    },
  ],
  ['fading within a codec that distorts', { swell: (s) => 1 - s * 20 }],
];

test.each(keys)('a key is proven: %s', (_, sound) => {
  expect(proved(sound)).toBe(true);
});

const voices: [string, Sound][] = [
  ['too short', { ms: 31 }],
  ["a voice's pitch beside it", { beside: [[210, 0.6]] }],
  ["a voice's upper harmonic beside it", { beside: [[2310, 0.6]] }],
  ['tones that glide', { row: (s) => ROW * (0.92 + 5 * s), column: (s) => COLUMN * (0.92 + 5 * s) }],
  [
    'off its frequencies, and fading',
    { row: () => ROW * 1.015, column: () => COLUMN * 1.015, swell: (s) => 1 - s * 25 },
  ],
  ['2.5 % off', { row: () => ROW * 1.025 }],
  ['off in opposite directions', { row: () => ROW * 1.018, column: () => COLUMN * 0.982 }],
  ['twist −14 dB', { twist: -14 }],
];

test.each(voices)('no key is proven: %s', (_, sound) => {
  expect(proved(sound)).toBe(false);
});

test('two clean pieces of one tone prove its key; two of different loudness, or of different tones, do not', () => {
  const piece = sounding({ ms: PIECE_MS });
  const louder = sounding({ ms: PIECE_MS, swell: () => 1.5 });
  const after = (second: Uint8Array, between: (proof: ToneProof) => void = () => {}) => {
    const proof = new ToneProof();
    proof.begin();
    proof.hear(LINEAR.PCMU, piece, 0, piece.length);
    expect(proof.proves(ROW, COLUMN)).toBe(false);
    proof.gap(160);
    between(proof);
    proof.hear(LINEAR.PCMU, second, 0, second.length);
    return proof.proves(ROW, COLUMN);
  };
  expect(after(piece)).toBe(true);
  expect(after(louder)).toBe(false);
  expect(after(piece, (proof) => proof.begin())).toBe(false);
  expect(after(piece, (proof) => proof.forget())).toBe(false);
});

test('nothing is proven by silence', () => {
  const proof = new ToneProof();
  const bytes = new Uint8Array(400).fill(0xff);
  proof.hear(LINEAR.PCMU, bytes, 0, bytes.length);
  expect(proof.proves(ROW, COLUMN)).toBe(false);
});
