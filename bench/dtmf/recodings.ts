// What carriers do to a call's sound on its way.
import { has, run } from './programs.ts';

export type Recoding = 'µ-law to A-law and back, twice' | 'G.726-32' | 'GSM 06.10';

const MU_LAW = ['-t', 'ul', '-r', '8000', '-c', '1', '-'];
const A_LAW = ['-t', 'al', '-r', '8000', '-c', '1', '-'];
const GSM = ['-t', 'gsm', '-r', '8000', '-c', '1', '-'];
/** -D: no dither, so that the same sound stays the same. */
const sox = (from: readonly string[], to: readonly string[], bytes: Uint8Array) =>
  run('sox', ['-D', '-V1', ...from, ...to], bytes);
const ffmpeg = (from: readonly string[], to: readonly string[], bytes: Uint8Array) =>
  run('ffmpeg', ['-hide_banner', '-loglevel', 'error', ...from, '-i', 'pipe:0', ...to, 'pipe:1'], bytes);

/** Raw µ-law after this way; undefined where the program for it is missing. */
export function recoded(bytes: Uint8Array, recoding: Recoding): Uint8Array | undefined {
  if (!has(recoding === 'G.726-32' ? 'ffmpeg' : 'sox')) return undefined;
  switch (recoding) {
    case 'µ-law to A-law and back, twice':
      return [1, 2].reduce<Uint8Array>((sound) => sox(A_LAW, MU_LAW, sox(MU_LAW, A_LAW, sound)), bytes);
    case 'GSM 06.10':
      return sox(GSM, MU_LAW, sox(MU_LAW, GSM, bytes));
    case 'G.726-32':
      return ffmpeg(
        ['-f', 'g726', '-code_size', '4', '-ar', '8000'],
        ['-f', 'mulaw', '-ar', '8000'],
        ffmpeg(['-f', 'mulaw', '-ar', '8000', '-ac', '1'], ['-c:a', 'g726', '-b:a', '32k', '-f', 'g726'], bytes),
      );
  }
}
