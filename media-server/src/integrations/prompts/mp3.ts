import { MPEGDecoder } from 'mpg123-decoder';
import { ok, type Result } from '../../shared/result.ts';
import { LONGEST_S, type Recording, type Unfit, unfit } from './recording.ts';
import { fitsFormat } from './wav.ts';

/** Bytes that are decoded at a time: a file that turns out too long isn't decoded to its end. */
const PIECE = 65_536;

/** An ID3 tag, or the sync of an MPEG frame of layer III. */
export function isMp3(bytes: Buffer): boolean {
  if (bytes.toString('latin1', 0, 3) === 'ID3') return true;
  const [first = 0, second = 0] = bytes;
  return first === 0xff && (second & 0xe6) === 0xe2;
}

/** Decodes an MP3 by mpg123, in WebAssembly. Runs as long as the file is long: not for a thread that others wait for. */
export async function readMp3(bytes: Buffer): Promise<Result<Recording, Unfit>> {
  const decoder = new MPEGDecoder();
  await decoder.ready;
  try {
    const parts: Float32Array[][] = [];
    let [rate, count] = [0, 0];
    for (let at = 0; at < bytes.length; at += PIECE) {
      const { channelData, samplesDecoded, sampleRate } = decoder.decode(bytes.subarray(at, at + PIECE));
      if (samplesDecoded === 0) continue;
      rate ||= sampleRate;
      if (sampleRate !== rate || channelData.length !== (parts[0] ?? channelData).length)
        return unfit('The MP3 changes its format in the middle.');
      const fits = fitsFormat(rate, channelData.length);
      if (fits) return fits;
      count += samplesDecoded;
      if (count > rate * LONGEST_S) return unfit(`The sound is longer than ${LONGEST_S} seconds.`);
      parts.push(channelData.map((channel) => channel.slice(0, samplesDecoded)));
    }
    if (!parts[0]) return unfit('The MP3 holds no sound that can be decoded.');
    return ok({ rate, channels: parts[0].map((_, channel) => together(parts.map((part) => part[channel]))) });
  } finally {
    decoder.free();
  }
}

function together(parts: readonly (Float32Array | undefined)[]): Float32Array {
  const whole = new Float32Array(parts.reduce((sum, part) => sum + (part?.length ?? 0), 0));
  let at = 0;
  for (const part of parts) {
    if (!part) continue;
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
