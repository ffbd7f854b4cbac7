// Says which keys were pressed in a recording: raw µ-law at 8000 Hz in, one line per key out (`key start_ms`).
//   npm run --silent dtmf -- < file.ulaw
// It is the detector of the calls on the sound alone, in packets of 20 ms as a call brings them.
import path from 'node:path';
import process from 'node:process';
import { ToneDetector } from '../media-server/src/cde/keys/tone-detector.ts';

const RATE = 8000;
const PACKET = 160;
/** By the event code of RFC 4733 §3.2. */
const NAMES = '0123456789*#ABCD';

export interface HeardKey {
  /** `0` … `9`, `*`, `#`, `A` … `D`. */
  readonly key: string;
  /** When its tone began, whole ms from the recording's beginning. */
  readonly startMs: number;
}

/** The keys of one recording that comes in pieces of any length. */
export class KeyFinder {
  readonly #detector = new ToneDetector('PCMU');
  #heard = 0;

  /** Hears the next µ-law bytes; returns the keys that became certain. */
  push(bytes: Uint8Array): HeardKey[] {
    const keys: HeardKey[] = [];
    for (let start = 0; start < bytes.length; ) {
      // Packets are cut by the recording's own clock, not by how it came through the pipe.
      const end = Math.min(bytes.length, start + PACKET - (this.#heard % PACKET));
      const presses = this.#detector.push(bytes, start, end);
      this.#heard += end - start;
      start = end;
      for (const { code, agoMs } of presses) {
        const startMs = Math.max(0, Math.round((this.#heard * 1000) / RATE - agoMs));
        keys.push({ key: NAMES[code] as string, startMs });
      }
    }
    return keys;
  }
}

async function main(): Promise<void> {
  if (process.stdin.isTTY) {
    console.error('usage: npm run --silent dtmf -- < file.ulaw   (raw µ-law, 8000 Hz, one channel)');
    process.exitCode = 2;
    return;
  }
  // Whoever reads the lines may stop reading.
  process.stdout.on('error', () => process.exit(0));
  const finder = new KeyFinder();
  for await (const piece of process.stdin as AsyncIterable<Buffer>) {
    for (const { key, startMs } of finder.push(piece)) process.stdout.write(`${key} ${startMs}\n`);
  }
}

if (process.argv[1] && path.resolve(process.argv[1]) === import.meta.filename) await main();
