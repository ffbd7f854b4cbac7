// Card numbers in the memory of running processes and in files, by `search.c`: any twelve of a number's digits in order, as
// text or as bytes 0 … 9, next to each other or at one distance of up to 64 bytes; packed two to a byte; in hexadecimal; in
// Base64.
import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { base64Patterns, type Find, SHAPES, WINDOW } from './digits.ts';

/** With fewer different digits than this, bytes that mean something else look the same: such are looked for as text only. */
const DIFFERENT_ENOUGH = 4;

/** Whether this process may read the memory of those that it started (Yama's modes above 1 forbid it). */
export function memoryIsReadable(): boolean {
  const yama = '/proc/sys/kernel/yama/ptrace_scope';
  if (process.platform !== 'linux') return false;
  return process.getuid?.() === 0 || !existsSync(yama) || Number(readFileSync(yama, 'utf8')) < 1;
}

export class DigitSearch {
  readonly #folder = mkdtempSync(path.join(tmpdir(), 'tonegate-search-'));
  readonly #program = path.join(this.#folder, 'search');
  readonly #orders: string;

  /** Compiles the search: needs a C compiler, which the set-up has for the media worker. */
  constructor(numbers: readonly string[]) {
    execFileSync('cc', ['-O2', '-o', this.#program, path.join(import.meta.dirname, 'search.c')]);
    this.#orders = [...new Set(numbers.flatMap(ordersOf))].map((line) => `${line}\n`).join('');
  }

  /** What lies in a process's writable memory now, and in how many bytes that was looked for. */
  memory(pid: number, name: string): Promise<{ readonly finds: Find[]; readonly bytes: number }> {
    return this.#run(['memory', String(pid)], name);
  }

  async file(file: string, name: string): Promise<Find[]> {
    return (await this.#run(['file', file], name)).finds;
  }

  close(): void {
    rmSync(this.#folder, { recursive: true });
  }

  /** Beside this process, not in it: the phones of a test live here, and mustn't stand still. */
  async #run(words: readonly string[], name: string): Promise<{ finds: Find[]; bytes: number }> {
    const text = await new Promise<string>((resolve, reject) => {
      const child = execFile(this.#program, words, (error, stdout) => (error ? reject(error) : resolve(stdout)));
      child.stdin?.end(this.#orders);
    });
    const said = text.trim().split('\n');
    const bytes = Number(said.pop()?.replace('read ', ''));
    const shapes = new Set(said.map((line) => line.slice(line.indexOf(' ') + 1).replaceAll(/[,_]/g, ' ')));
    return { finds: [...shapes].map((shape) => ({ where: name, shape })), bytes };
  }
}

function ordersOf(number: string): string[] {
  const orders: string[] = [];
  const bytes = (shape: string, pattern: Buffer) =>
    orders.push(`bytes ${shape.replaceAll(' ', '_')} ${pattern.toString('hex')}`);
  for (let at = 0; at + WINDOW <= number.length; at++) {
    const digits = number.slice(at, at + WINDOW);
    const different = new Set(digits).size;
    if (different < 2) continue;
    const plain = different >= DIFFERENT_ENOUGH;
    // A window that begins with 0 is found by the one before it, or by the one after.
    if (plain && !digits.startsWith('0')) orders.push(`digits ${digits}`);
    for (const shape of plain ? ['BCD', 'hex'] : ['ASCII', 'UTF-16LE', 'UTF-16BE', 'hex']) {
      bytes(shape, SHAPES[shape]?.(digits) ?? Buffer.alloc(0));
    }
    for (const { shape, bytes: pattern } of base64Patterns(digits)) {
      if (plain || shape === 'Base64 of ASCII') bytes(shape, pattern);
    }
  }
  return orders;
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
    const words = readFileSync(`/proc/${pid}/cmdline`, 'latin1').split('\0');
    return words
      .slice(0, 2)
      .map((word) => path.basename(word))
      .join(' ')
      .slice(0, 60);
  } catch {
    return '(gone)';
  }
}
