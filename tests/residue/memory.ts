// Card numbers in the memory of running processes, in files and in bytes, by `search.c`. A process's memory is read as a
// core image would hold it, by /proc/<pid>/mem.
import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { searchOrders } from './digits.ts';

/** Digits of a card where none may be. */
export interface Find {
  /** The place that was searched. */
  readonly where: string;
  /** The card's name in the audit. */
  readonly card: string;
  readonly shape: string;
  /** Offset or address, mapping, and the bytes around it. */
  readonly at: string;
}

/** Whether this process may read the memory of those that it started (Yama's modes above 1 forbid it). */
export function memoryIsReadable(): boolean {
  const yama = '/proc/sys/kernel/yama/ptrace_scope';
  if (process.platform !== 'linux') return false;
  return process.getuid?.() === 0 || !existsSync(yama) || Number(readFileSync(yama, 'utf8')) < 1;
}

export class DigitSearch {
  readonly #folder = mkdtempSync(path.join(tmpdir(), 'tonegate-search-'));
  readonly #program = path.join(this.#folder, 'search');
  readonly #names: readonly string[];
  readonly #orders: string;
  #files = 0;

  /** Compiles the search: needs a C compiler, which the set-up has for the media worker. */
  constructor(cards: Readonly<Record<string, string>>) {
    execFileSync('cc', ['-O2', '-o', this.#program, path.join(import.meta.dirname, 'search.c')]);
    this.#names = Object.keys(cards);
    this.#orders = searchOrders(Object.values(cards));
  }

  /** What lies in a process's memory now, and in how many bytes that was looked for. */
  memory(pid: number, where: string): Promise<{ readonly finds: Find[]; readonly bytes: number }> {
    return this.#run(['memory', String(pid)], where);
  }

  async file(file: string, where: string): Promise<Find[]> {
    return (await this.#run(['file', file], where)).finds;
  }

  /** As it stands, and without what stands between single digits or groups of them ("4242 4242", [4,2,4,2]). */
  async bytes(bytes: Buffer, where: string): Promise<Find[]> {
    const file = path.join(this.#folder, `bytes-${this.#files++}`);
    try {
      writeFileSync(file, bytes);
      const finds = await this.file(file, where);
      writeFileSync(file, bytes.toString('latin1').replace(/(?<=\d)[ ,.:;_"'-]{1,3}(?=\d)/g, ''), 'latin1');
      const joined = await this.file(file, where);
      return [...finds, ...joined.filter(({ shape }) => shape === 'ASCII').map(apart)];
    } finally {
      rmSync(file, { force: true });
    }
  }

  close(): void {
    rmSync(this.#folder, { recursive: true });
  }

  /** Beside this process, not in it: the phones of a test live here, and mustn't stand still. */
  async #run(words: readonly string[], where: string): Promise<{ finds: Find[]; bytes: number }> {
    const text = await new Promise<string>((resolve, reject) => {
      const child = execFile('nice', ['-n', '19', this.#program, ...words], { maxBuffer: 1 << 24 }, (error, stdout) =>
        error ? reject(error) : resolve(stdout),
      );
      child.stdin?.on('error', () => {});
      child.stdin?.end(this.#orders);
    });
    const said = text.trim().split('\n');
    const bytes = Number(said.pop()?.replace('read ', ''));
    const finds = new Map<string, Find>();
    for (const line of said) {
      const [, card, label = '', ...at] = line.split(' ');
      const shape = shapeOf(label.replaceAll('_', ' '));
      const name = this.#names[Number(card)] ?? '';
      const key = `${name} ${shape}`;
      if (!finds.has(key)) finds.set(key, { where, card: name, shape, at: at.join(' ') });
    }
    return { finds: [...finds.values()], bytes };
  }
}

/** Digits that were followed at a distance of one or two bytes are shapes with names of their own. */
function shapeOf(label: string): string {
  if (label === 'ASCII,1-apart') return 'ASCII';
  if (label === 'bytes-0-9,1-apart') return 'BCD';
  return label.replace(/,(\d+)-apart$/, ', $1 apart').replace('bytes-0-9', 'BCD');
}

function apart(find: Find): Find {
  return { ...find, shape: 'ASCII with something between' };
}

/** A process and all that it started, theirs included. */
export function processTree(pid: number): number[] {
  const file = `/proc/${pid}/task/${pid}/children`;
  const children = existsSync(file) ? readFileSync(file, 'utf8').trim().split(' ').filter(Boolean).map(Number) : [];
  return [pid, ...children.flatMap(processTree)];
}

/** Its program and first argument, for people. */
export function commandOf(pid: number): string {
  try {
    // Some write their arguments anew, with spaces between.
    const words = readFileSync(`/proc/${pid}/cmdline`, 'latin1').split(/[\0 ]/);
    return words
      .slice(0, 2)
      .map((word) => path.basename(word))
      .join(' ')
      .slice(0, 60);
  } catch {
    return '(gone)';
  }
}
