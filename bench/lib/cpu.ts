import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

const TICKS_PER_S = Number(execFileSync('getconf', ['CLK_TCK']).toString());

/** A process's fields in /proc, from its state on (proc(5): field 3 is the first). */
function fields(pid: number): string[] {
  return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
}

/** CPU of a process and all its threads so far, user and system, ms. */
export function cpuMs(pid: number): number {
  const [user, system] = fields(pid).slice(11, 13).map(Number);
  return (((user ?? 0) + (system ?? 0)) * 1000) / TICKS_PER_S;
}

/** Processes that have this one as parent. */
export function childrenOf(pid: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((each) => {
      try {
        return Number(fields(each)[1]) === pid;
      } catch {
        // It has ended meanwhile.
        return false;
      }
    });
}

/** What the process calls itself. */
export function nameOf(pid: number): string {
  return readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
}
