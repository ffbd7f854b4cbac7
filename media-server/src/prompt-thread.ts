/** A thread that makes a prompt of one uploaded file: see `integrations/prompts/converter.ts`. */
import { parentPort, workerData } from 'node:worker_threads';
import { keysIn } from './cde/keys/recorded-keys.ts';
import { convertSound } from './integrations/prompts/convert.ts';
import { encodeSample, LINEAR } from './rtp/g711.ts';

const bytes = Buffer.from(workerData as Uint8Array);
parentPort?.postMessage(
  await convertSound(bytes, { encode: (sample) => encodeSample('PCMU', sample), laws: LINEAR, keysIn }),
);
