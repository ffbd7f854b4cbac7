// The detectors side by side: each is given raw µ-law at 8000 Hz and says which keys it heard.
import { mkdirSync, statSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { KeyFinder } from '../../scripts/dtmf.ts';
import { has, run } from './programs.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const SOURCE = path.join(import.meta.dirname, 'spandsp-keys.c');
const HARNESS = path.join(ROOT, 'build/dtmf/spandsp-keys');

/** The last is spandsp once more with its filter against dial tones on, which it has off. */
export const DETECTORS = ['ours', 'spandsp', 'multimon', 'spandsp, filter on'] as const;
export type DetectorName = (typeof DETECTORS)[number];

export interface Heard {
  readonly keys: string;
  readonly cpuMs: number;
}

export type Detector = (bytes: Uint8Array) => Heard;

/** The detectors that this machine has, and packages that are no programs and missing. */
export function detectors(): {
  there: Partial<Record<DetectorName, Detector>>;
  missing: string[];
} {
  const spandsp = has('gcc') && built();
  return {
    there: {
      ours: hearOurs,
      ...(spandsp && {
        spandsp: (bytes) => hearSpandsp(bytes, []),
        'spandsp, filter on': (bytes) => hearSpandsp(bytes, ['dial-tone']),
      }),
      ...(has('multimon-ng') && has('sox') && { multimon: hearMultimon }),
    },
    missing: spandsp ? [] : ['libspandsp-dev'],
  };
}

function hearOurs(bytes: Uint8Array): Heard {
  const before = process.cpuUsage();
  const keys = new KeyFinder()
    .push(bytes)
    .map(({ key }) => key)
    .join('');
  const { user, system } = process.cpuUsage(before);
  return { keys, cpuMs: (user + system) / 1000 };
}

/** Compiles the harness unless it is newer than its source. False: spandsp's headers or library are missing. */
function built(): boolean {
  const made = statSync(HARNESS, { throwIfNoEntry: false });
  if (made && made.mtimeMs > statSync(SOURCE).mtimeMs) return true;
  mkdirSync(path.dirname(HARNESS), { recursive: true });
  try {
    run('gcc', ['-std=c11', '-O2', '-D_GNU_SOURCE', '-o', HARNESS, SOURCE, '-lspandsp', '-lm']);
    return true;
  } catch {
    return false;
  }
}

function hearSpandsp(bytes: Uint8Array, options: readonly string[]): Heard {
  const lines = run(HARNESS, options, bytes).toString().trim().split('\n');
  const cpuMs = Number(lines.pop()?.split(' ')[1]);
  return { keys: lines.map((line) => line[0] ?? '').join(''), cpuMs };
}

/** It wants 22 050 Hz; sox's part in making them counts as its CPU, for it hears no call without. */
function hearMultimon(bytes: Uint8Array): Heard {
  const script =
    'sox -D -V1 -t ul -r 8000 -c 1 - -t raw -e signed -b 16 -r 22050 - | multimon-ng -q -c -a DTMF -t raw - ; times';
  const lines = run('sh', ['-c', script], bytes).toString().trim().split('\n');
  const keys = lines.flatMap((line) => /^DTMF: (.)$/.exec(line)?.[1] ?? []);
  // The last line of `times`: user and system time of the shell's children, as 0m1.230000s.
  const seconds = [...(lines.at(-1) ?? '').matchAll(/(\d+)m([\d.]+)s/g)].map(([, m, s]) => Number(m) * 60 + Number(s));
  return { keys: keys.join(''), cpuMs: seconds.reduce((sum, each) => sum + each, 0) * 1000 };
}
