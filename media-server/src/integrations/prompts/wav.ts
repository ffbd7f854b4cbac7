import { ok, type Result } from '../../shared/result.ts';
import { CHANNELS_MOST, LONGEST_S, RATE_LEAST, RATE_MOST, type Recording, type Unfit, unfit } from './recording.ts';

/** Format tags of the `fmt ` chunk (mmreg.h). */
const PCM = 1;
const FLOAT = 3;
const EXTENSIBLE = 0xfffe;

export function isWav(bytes: Buffer): boolean {
  return bytes.length >= 12 && bytes.toString('latin1', 0, 4) === 'RIFF' && bytes.toString('latin1', 8, 12) === 'WAVE';
}

/**
 * Reads a WAV file (RIFF): PCM of 8, 16, 24 or 32 bits or 32-bit floats, one or two channels. Chunks besides `fmt ` and
 * `data` are passed over; a length that reaches beyond the file ends with the file, as recorders that were cut off write it.
 */
export function readWav(bytes: Buffer): Result<Recording, Unfit> {
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
      return format ? samplesOf(body, format) : unfit('The WAV file says nothing of its format before its sound.');
    }
    at += 8 + length + (length % 2);
  }
  return unfit('The WAV file holds no sound.');
}

function samplesOf(
  body: Buffer,
  { tag, channels, rate, bits }: { tag: number; channels: number; rate: number; bits: number },
): Result<Recording, Unfit> {
  const read = readerOf(tag, bits);
  if (!read) {
    return unfit(`The WAV file has another form (tag ${tag}, ${bits} bits): send PCM of 8 to 32 bits, or an MP3.`);
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
function readerOf(tag: number, bits: number): ((body: Buffer, at: number) => number) | undefined {
  if (tag === FLOAT && bits === 32) {
    return (body, at) => {
      const value = body.readFloatLE(at);
      return Number.isFinite(value) ? value : 0;
    };
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
