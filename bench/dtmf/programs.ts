// Programs of the machine that the bench asks: which are there, and what Debian calls what is missing.
import { spawnSync } from 'node:child_process';

const MOST_BYTES = 1 << 30;

/** Debian's package of each program that isn't its own package's name. */
const PACKAGES: Readonly<Record<string, string>> = {
  gcc: 'gcc libc6-dev',
  open_jtalk: 'open-jtalk',
  text2wave: 'festival',
};
const known = new Map<string, boolean>();

/** Whether the program can be started; each is looked for once. */
export function has(program: string): boolean {
  let there = known.get(program);
  if (there === undefined) {
    there = spawnSync('sh', ['-c', 'command -v "$1"', 'sh', program]).status === 0;
    known.set(program, there);
  }
  return there;
}

/** How to install what was looked for and isn't there; `more` are packages that aren't programs. Empty: nothing is missing. */
export function installLines(more: readonly string[]): string[] {
  const missing = [...known].filter(([, there]) => !there).map(([program]) => PACKAGES[program] ?? program);
  const packages = [...new Set([...missing, ...more])];
  return packages.length === 0 ? [] : [`missing: apt-get install ${packages.join(' ')}`];
}

/** Runs a program on these bytes and returns its output. Throws with the program's own words if it fails. */
export function run(program: string, args: readonly string[], input: Uint8Array | string = ''): Buffer {
  const { status, error, stdout, stderr } = spawnSync(program, args, { input, maxBuffer: MOST_BYTES });
  if (error) throw error;
  if (status !== 0) throw new Error(`${program} ended with ${status}: ${stderr.toString().slice(0, 500)}`);
  return stdout;
}
