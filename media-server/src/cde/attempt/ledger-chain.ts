import { createHash } from 'node:crypto';
import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs';

/** A place in the chain of events: the event's number and its hash (64 hexadecimal digits). */
export interface ChainLink {
  readonly number: number;
  readonly hash: string;
}

/** The hash of an event: SHA-256 over the one before it and its own content. */
export function chainHash(before: string, content: string): string {
  return createHash('sha256').update(before).update('\n').update(content).digest('hex');
}

/** What the first event follows. */
export const CHAIN_START = '0'.repeat(64);

/** A write comes back when it is on the disk (open(2)): fsync is refused under Node's permission model. */
const DURABLE = constants.O_RDWR | constants.O_DSYNC;
const SLOT_BYTES = 128;
const SLOTS = 2;

/**
 * The chain's last link in a file of its own, durable before anything that was written is answered. SQLite drops a torn
 * end of its WAL without a word; then the ledger ends before this link, which is how that is found.
 *
 * Two slots are written in turn, each with a checksum: a write that was torn leaves the link before it, and that one
 * is in the ledger.
 */
export class HeadFile {
  readonly #file: number;
  #slot = 0;

  /** @throws Error where the file can't be opened or made */
  constructor(path: string) {
    let file: number;
    try {
      file = openSync(path, DURABLE);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      file = openSync(path, DURABLE | constants.O_CREAT | constants.O_EXCL, 0o600);
      // Its room is taken now, so that a disk which is full later doesn't matter. That it is there is made durable by
      // SQLite, which syncs the folder when it makes its own files in it.
      clear(file);
    }
    this.#file = file;
  }

  /** The last link that was surely written; undefined in a new file. */
  read(): ChainLink | undefined {
    let last: ChainLink | undefined;
    for (let slot = 0; slot < SLOTS; slot++) {
      const bytes = Buffer.alloc(SLOT_BYTES);
      readSync(this.#file, bytes, 0, SLOT_BYTES, slot * SLOT_BYTES);
      const found = /^(\d{1,15}) ([0-9a-f]{64}) ([0-9a-f]{16}) *\n$/.exec(bytes.toString('latin1'));
      if (!found?.[1] || !found[2] || found[3] !== checksum(found[1], found[2])) continue;
      const number = Number(found[1]);
      if (last && last.number >= number) continue;
      last = { number, hash: found[2] };
      this.#slot = (slot + 1) % SLOTS;
    }
    return last;
  }

  /** @throws Error where it can't be made durable */
  write({ number, hash }: ChainLink): void {
    const text = `${number} ${hash} ${checksum(String(number), hash)}`;
    const bytes = Buffer.from(`${text.padEnd(SLOT_BYTES - 1)}\n`, 'latin1');
    const written = writeSync(this.#file, bytes, 0, SLOT_BYTES, this.#slot * SLOT_BYTES);
    if (written !== SLOT_BYTES) throw new Error('the head file took only a part');
    this.#slot = (this.#slot + 1) % SLOTS;
  }

  /** Empties both slots, durably. */
  forget(): void {
    clear(this.#file);
  }

  close(): void {
    closeSync(this.#file);
  }
}

function clear(file: number): void {
  writeSync(file, Buffer.alloc(SLOT_BYTES * SLOTS, ' '), 0, SLOT_BYTES * SLOTS, 0);
}

function checksum(number: string, hash: string): string {
  return createHash('sha256').update(`${number} ${hash}`).digest('hex').slice(0, 16);
}
