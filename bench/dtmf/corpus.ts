// The keys that every detector hears: rows of one difficulty each, the same for the same seed.
import { Recording, type ToneOptions } from '../../media-server/src/cde/keys/test-tones.ts';
import { SILENCE } from '../../media-server/src/rtp/g711.ts';
import { chances } from '../../media-server/src/rtp/test-packets.ts';
import { type Recoding, recoded } from './recodings.ts';

const KEYS = '0123456789*#ABCD';
/** Numbers repeat digits, and a detector that merges or splits presses shows it there. */
const REPEATED = 0.25;
/** A packet of 20 ms. */
const PACKET = 160;

export interface Row {
  readonly name: string;
  /** What ITU-T Q.24 wants with these keys. */
  readonly wanted: 'heard' | 'refused';
  /** Presses for each seed. */
  readonly presses: number;
  /** Of tone and of pause, ms. */
  readonly on: number;
  readonly off: number;
  /** Pauses are longer by 0 … so many ms, so that keys begin anywhere in packets and codecs' frames. */
  readonly drift: number;
  readonly tone?: ToneOptions;
  /** White noise: its whole power below that of both tones, dB. */
  readonly snr?: number;
  /** Steady tones (Hz), each so many dB below each of the key's. */
  readonly dialTone?: { readonly hz: readonly number[]; readonly below: number };
  /** Share of packets lost, and what the receiver plays instead. */
  readonly loss?: { readonly share: number; readonly instead: 'silence' | 'the last packet' };
  readonly recoding?: Recoding;
}

const PLAIN = { wanted: 'heard', presses: 400, on: 50, off: 50, drift: 20 } as const;
const LOSSES = [0.01, 0.02, 0.03, 0.05] as const;
const DIAL_TONES = [
  { name: '350+440 Hz', hz: [350, 440] },
  { name: "Japan's 400 Hz", hz: [400] },
] as const;
/** Two tones of −13 dBm0 are −10 dBm0 together. */
const BESIDE = -13;

const signed = (value: number) => (value > 0 ? `+${value}` : `−${-value}`);

export const ROWS: readonly Row[] = [
  { ...PLAIN, name: 'clean' },
  ...[40, 70, 100].map((ms) => ({ ...PLAIN, name: `${ms} ms on, ${ms} ms off`, on: ms, off: ms, drift: 0 })),
  { ...PLAIN, name: '500 ms on, 200 ms off', presses: 100, on: 500, off: 200 },
  ...[-9, -18, -27, -36].map((level) => ({ ...PLAIN, name: `level ${signed(level)} dBm0`, tone: { level } })),
  ...[4, 2, -4, -8].map((twist) => ({ ...PLAIN, name: `twist ${signed(twist)} dB`, tone: { twist } })),
  ...[1, 1.5, 1.8].flatMap((percent) =>
    [percent, -percent].map((off) => ({
      ...PLAIN,
      name: `frequency ${signed(off)} %`,
      tone: { deviation: off / 100 },
    })),
  ),
  ...[3.5, -3.5].map((off) => ({
    ...PLAIN,
    name: `frequency ${signed(off)} %`,
    wanted: 'refused' as const,
    on: 100,
    tone: { deviation: off / 100 },
  })),
  { ...PLAIN, name: '20-ms tones', wanted: 'refused', on: 20, off: 80 },
  ...[100, 200].map((on) => ({ ...PLAIN, name: `hole of 10 ms in ${on} ms`, on, tone: { hole: 10 } })),
  ...[24, 18, 15, 12].map((snr) => ({ ...PLAIN, name: `noise ${snr} dB below`, tone: { level: BESIDE }, snr })),
  ...DIAL_TONES.flatMap(({ name, hz }) =>
    [6, 0].map((below) => ({
      ...PLAIN,
      name: `dial tone ${name}, ${below === 0 ? 'as loud' : `${below} dB below`}`,
      tone: { level: BESIDE },
      dialTone: { hz, below },
    })),
  ),
  ...(['silence', 'the last packet'] as const).flatMap((instead) =>
    LOSSES.map((share) => ({
      ...PLAIN,
      name: `${share * 100} % lost, ${instead} instead`,
      presses: 800,
      on: 100,
      off: 100,
      loss: { share, instead },
    })),
  ),
  ...[0.03, 0.05].map((share) => ({
    ...PLAIN,
    name: `${share * 100} % lost, silence instead, 200-ms tones`,
    presses: 800,
    on: 200,
    off: 100,
    loss: { share, instead: 'silence' as const },
  })),
  ...(['µ-law to A-law and back, twice', 'G.726-32', 'GSM 06.10'] as const).map((recoding) => ({
    ...PLAIN,
    name: recoding,
    recoding,
  })),
];

export interface Take {
  readonly pressed: string;
  /** Raw µ-law. */
  readonly bytes: Uint8Array;
}

/** One row as this seed makes it; undefined where a program that recodes it is missing. */
export function take(row: Row, seed: number): Take | undefined {
  const chance = chances(seed);
  const level = row.tone?.level ?? -10;
  const recording = new Recording(chance).silence(100 + chance() * 20);
  let pressed = '';
  for (let i = 0; i < row.presses; i++) {
    const again = pressed !== '' && chance() < REPEATED;
    const code = again ? KEYS.indexOf(pressed.at(-1) as string) : Math.floor(chance() * KEYS.length);
    pressed += KEYS[code];
    recording.tone(code, row.on, { ...row.tone, level }).silence(row.off + chance() * row.drift);
  }
  recording.silence(200);
  if (row.dialTone) recording.hum(row.dialTone.hz, level - row.dialTone.below);
  if (row.snr !== undefined) recording.noise(level + 10 * Math.log10(2) - row.snr);
  const sound = recording.bytes();
  if (row.loss) lose(sound, row.loss, chance);
  const bytes = row.recoding ? recoded(sound, row.recoding) : sound;
  return bytes && { pressed, bytes };
}

function lose(sound: Uint8Array, { share, instead }: NonNullable<Row['loss']>, chance: () => number): void {
  for (let at = PACKET; at + PACKET <= sound.length; at += PACKET) {
    if (chance() >= share) continue;
    if (instead === 'silence') sound.fill(SILENCE.PCMU, at, at + PACKET);
    else sound.copyWithin(at, at - PACKET, at);
  }
}
