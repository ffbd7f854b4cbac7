import { Worker } from 'node:worker_threads';
import type { Result } from '../../shared/result.ts';
import type { Converted } from './convert.ts';
import { type Unfit, unfit } from './recording.ts';

/** One conversion at most, ms: 30 s of sound take half a second. */
const LIMIT_MS = 15_000;
const WAITING_LIMIT = 8;
const MEMORY_MB = 256;

/** Says whether a file can be a prompt, and makes it one. */
export type Convert = (bytes: Uint8Array) => Promise<Result<Converted, Unfit>>;

/**
 * Converts uploaded sounds, one after the other, each in a thread of its own: a strange file may take long or break its
 * decoder, and nobody's call waits for that. `thread` is the file that the thread runs.
 */
export function soundConverter(thread: URL): Convert {
  let waiting = 0;
  let last: Promise<unknown> = Promise.resolve();
  return async (bytes) => {
    if (waiting >= WAITING_LIMIT) return unfit('Too many sounds are being converted: send it again in a minute.');
    waiting++;
    const mine = last.then(() => convertInThread(thread, bytes));
    last = mine;
    try {
      return await mine;
    } finally {
      waiting--;
    }
  };
}

function convertInThread(thread: URL, bytes: Uint8Array): Promise<Result<Converted, Unfit>> {
  return new Promise((resolve) => {
    const worker = new Worker(thread, {
      workerData: bytes,
      name: 'prompt',
      resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB },
    });
    const end = (result: Result<Converted, Unfit>) => {
      clearTimeout(limit);
      resolve(result);
      void worker.terminate();
    };
    const broken = () => end(unfit('The file can’t be decoded: it may be damaged.'));
    const limit = setTimeout(broken, LIMIT_MS);
    worker.once('message', end);
    worker.once('error', broken);
    worker.once('exit', broken);
  });
}
