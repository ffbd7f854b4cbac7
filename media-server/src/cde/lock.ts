import { closeSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

/**
 * Takes the lock of a socket: one card process holds it at a time, until it ends, however it ends. It is SQLite's lock
 * on a file, which the operating system gives back at the process's death: no lock is ever left behind, and none is
 * mistaken for a living process's because an id was used again.
 *
 * @returns what gives it back, or undefined while another process holds it
 */
export function takeLock(socket: string): (() => void) | undefined {
  const file = `${socket}.lock`;
  closeSync(openSync(file, 'a', 0o600));
  const lock = new DatabaseSync(file, { timeout: 0 });
  try {
    lock.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    lock.close();
    // SQLITE_BUSY
    if ((error as { errcode?: number }).errcode === 5) return undefined;
    throw error;
  }
  return () => lock.close();
}
