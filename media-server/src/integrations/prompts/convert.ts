import { ok, type Result } from '../../shared/result.ts';
import { levelled, milliseconds, speechLevel, trimmed } from '../../shared/speech-sound.ts';
import { isMp3, readMp3 } from './mp3.ts';
import { LONGEST_S, type Recording, type Unfit, unfit } from './recording.ts';
import { telephoneBand } from './telephone-band.ts';
import { isWav, type Laws, readWav } from './wav.ts';

/** The shortest syllable of a number, に, is 170 ms. */
const SHORTEST_MS = 150;
/** What is softer than this, dBFS, is no recording of speech. */
const SILENT_DBFS = -50;
const SPEECH_DBFS = -18;
/** A sample as loud as a file can hold, and how many in a row are a cut-off wave. */
const FULL = 0.999;
const FULL_IN_A_ROW = 4;
/** Cut-off waves for each second that are heard as rattling. */
const CLIPS_PER_SECOND = 5;

/** What the conversion needs of other parts. */
export interface SoundTools {
  /** One G.711 µ-law byte for a sample of ± 32768. */
  readonly encode: (sample: number) => number;
  readonly laws: Laws;
  /** How many telephone keys are heard in µ-law at 8000 Hz. */
  readonly keysIn: (ulaw: Uint8Array) => number;
}

/** A sound as prompts are: 8000 Hz µ-law, trimmed, at −18 dBFS. */
export interface Converted {
  readonly ulaw: Uint8Array;
  readonly lengthMs: number;
}

/** Makes a prompt of a WAV or MP3 file, or says in words why it can't be one. */
export async function convertSound(bytes: Buffer, tools: SoundTools): Promise<Result<Converted, Unfit>> {
  const recording = isWav(bytes)
    ? readWav(bytes, tools.laws)
    : isMp3(bytes)
      ? await readMp3(bytes)
      : unfit('The file is no WAV and no MP3.');
  return recording.ok ? asPrompt(recording.value, tools) : recording;
}

function asPrompt({ rate, channels }: Recording, { encode, keysIn }: SoundTools): Result<Converted, Unfit> {
  const [first = new Float32Array(0), second] = channels;
  const lengthMs = (first.length * 1000) / rate;
  if (lengthMs < SHORTEST_MS) return unfit(`The sound is shorter than ${SHORTEST_MS / 1000} seconds.`);
  if (lengthMs > LONGEST_S * 1000) return unfit(`The sound is longer than ${LONGEST_S} seconds.`);
  const clips = channels.reduce((most, channel) => Math.max(most, clipsIn(channel)), 0);
  if (clips > (CLIPS_PER_SECOND * lengthMs) / 1000)
    return unfit('The sound is cut off at its loudest places: record it softer, at −6 dBFS or less.');
  const one = Float64Array.from(first, (sample, i) => 32_768 * (second ? (sample + (second[i] ?? 0)) / 2 : sample));
  const narrow = telephoneBand(one, rate);
  if (!(speechLevel(narrow) > SILENT_DBFS)) return unfit('There is nothing to be heard in the sound.');
  const speech = levelled(trimmed(narrow), SPEECH_DBFS);
  if (speech.length < milliseconds(SHORTEST_MS))
    return unfit(`Without the silence around it the sound is shorter than ${SHORTEST_MS / 1000} seconds.`);
  const ulaw = Uint8Array.from(speech, encode);
  if (keysIn(ulaw) > 0)
    return unfit("There are telephone keys' tones in the sound: they could be taken for the customer's.");
  return ok({ ulaw, lengthMs: Math.round(ulaw.length / 8) });
}

/** Places where the wave stays at a file's limit. */
function clipsIn(samples: Float32Array): number {
  let [clips, row] = [0, 0];
  for (const sample of samples) {
    row = Math.abs(sample) >= FULL ? row + 1 : 0;
    if (row === FULL_IN_A_ROW) clips++;
  }
  return clips;
}
