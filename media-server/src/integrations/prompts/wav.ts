import { ok, type Result } from '../../shared/result.ts';
import { CHANNELS_MOST, LONGEST_S, RATE_LEAST, RATE_MOST, type Recording, type Unfit, unfit } from './recording.ts';

/** Format tags of the `fmt ` chunk (mmreg.h). */
const PCM = 1;
const FLOAT = 3;
const A_LAW = 6;
const MU_LAW = 7;
const EXTENSIBLE = 0xfffe;

/** By byte: the 16-bit sample of each of G.711's laws. */
export interface Laws {
  readonly PCMU: ArrayLike<number>;
  readonly PCMA: ArrayLike<number>;
}

export function isWav(bytes: Buffer): boolean {
  return bytes.length >= 12 && bytes.toString('latin1', 0, 4) === 'RIFF' && bytes.toString('latin1', 8, 12) === 'WAVE';
}

/**
 * Reads a WAV file (RIFF): PCM of 8, 16, 24 or 32 bits, 32-bit floats or G.711, one or two channels. Chunks besides `fmt ` and
 * `data` are passed over; a length that reaches beyond the file ends with the file, as recorders that were cut off write it.
 */
export function readWav(bytes: Buffer, laws: Laws): Result<Recording, Unfit> {
  let format: { tag: number; channels: number; rate: number; bits: number } | undefined;
  for (let at = 12; at + 8 <= bytes.length; ) {
    const name = bytes.toString('latin1', at, at + 4);
    const length = Math.min(bytes.readUInt32LE(at + 4), bytes.length - at - 8);
    const body = bytes.subarray(at + 8, at + 8 + length);
    if (name === 'fmt ' && body.length >= 16) {
      const tag = body.readUInt16LE(0);
      format = {
        tag: tag === EXTENSIBLE && body.length >= 26 ? body.readUInt16LE(24) : tag,
        channels: body.readUInt16LE(2),
        rate: body.readUInt32LE(4),
        bits: body.readUInt16LE(14),
      };
    } else if (name === 'data') {
      return format
        ? samplesOf(body, format, laws)
        : unfit('The WAV file says nothing of its format before its sound.');
    }
    at += 8 + length + (length % 2);
  }
  return unfit('The WAV file holds no sound.');
}

function samplesOf(
  body: Buffer,
  { tag, channels, rate, bits }: { tag: number; channels: number; rate: number; bits: number },
  laws: Laws,
): Result<Recording, Unfit> {
  const read = readerOf(tag, bits, laws);
  if (!read) {
    return unfit(
      `The WAV file has another form (tag ${tag}, ${bits} bits): send PCM of 8 to 32 bits, G.711, or an MP3.`,
    );
  }
  const fits = fitsFormat(rate, channels);
  if (fits) return fits;
  const bytes = bits / 8;
  const count = Math.floor(body.length / bytes / channels);
  if (count > rate * LONGEST_S) return unfit(`The sound is longer than ${LONGEST_S} seconds.`);
  return ok({
    rate,
    channels: Array.from({ length: channels }, (_, channel) =>
      Float32Array.from({ length: count }, (_, i) => read(body, (i * channels + channel) * bytes)),
    ),
  });
}

/** Why rate or number of channels won't do; undefined where they do. */
export function fitsFormat(rate: number, channels: number): { readonly ok: false; readonly error: Unfit } | undefined {
  if (channels < 1 || channels > CHANNELS_MOST) return unfit(`The sound has ${channels} channels: send one or two.`);
  if (rate >= RATE_LEAST && rate <= RATE_MOST) return undefined;
  return unfit(`The sound has ${rate} samples a second: send ${RATE_LEAST} to ${RATE_MOST}.`);
}

/** Reads one sample of this form as −1 … 1. */
function readerOf(tag: number, bits: number, laws: Laws): ((body: Buffer, at: number) => number) | undefined {
  if (tag === FLOAT && bits === 32) {
    return (body, at) => {
      const value = body.readFloatLE(at);
      return Number.isFinite(value) ? value : 0;
    };
  }
  if ((tag === A_LAW || tag === MU_LAW) && bits === 8) {
    const samples = tag === A_LAW ? laws.PCMA : laws.PCMU;
    return (body, at) => (samples[body.readUInt8(at)] ?? 0) / 32_768;
  }
  if (tag !== PCM) return undefined;
  switch (bits) {
    case 8:
      return (body, at) => (body.readUInt8(at) - 128) / 128;
    case 16:
      return (body, at) => body.readInt16LE(at) / 32_768;
    case 24:
      return (body, at) => body.readIntLE(at, 3) / 8_388_608;
    case 32:
      return (body, at) => body.readInt32LE(at) / 2_147_483_648;
    default:
      return undefined;
  }
}

/** A WAV file of µ-law at 8000 Hz (with the `fact` chunk that formats besides PCM have). */
export function muLawWav(ulaw: Uint8Array): Buffer {
  const head = Buffer.alloc(58);
  head.write('RIFF', 0, 'latin1');
  head.writeUInt32LE(50 + ulaw.length, 4);
  head.write('WAVEfmt ', 8, 'latin1');
  head.writeUInt32LE(18, 16);
  head.writeUInt16LE(MU_LAW, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(8000, 24);
  head.writeUInt32LE(8000, 28);
  head.writeUInt16LE(1, 32);
  head.writeUInt16LE(8, 34);
  head.write('fact', 38, 'latin1');
  head.writeUInt32LE(4, 42);
  head.writeUInt32LE(ulaw.length, 46);
  head.write('data', 50, 'latin1');
  head.writeUInt32LE(ulaw.length, 54);
  return Buffer.concat([head, ulaw, Buffer.alloc(ulaw.length % 2)]);
}
