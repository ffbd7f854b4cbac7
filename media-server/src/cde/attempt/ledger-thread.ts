import { parentPort, workerData } from 'node:worker_threads';
import type { LedgerOptions, LedgerReply, LedgerRequest } from './ledger.ts';
import { LedgerError } from './ledger-db.ts';
import { LedgerStore } from './ledger-store.ts';

/** The ledger's thread: answers one request after the other, in order. */
if (!parentPort) throw new Error('ledger-thread.ts runs as a worker thread');
const port = parentPort;

function failure(number: number, error: unknown): LedgerReply {
  const code = error instanceof LedgerError ? error.code : 'ledger-unavailable';
  return { number, ok: false, code, message: error instanceof Error ? error.message : String(error) };
}

try {
  const store = new LedgerStore(workerData as LedgerOptions);
  port.on('message', ({ number, method, args }: LedgerRequest) => {
    try {
      const call = store[method] as (...args: unknown[]) => unknown;
      port.postMessage({ number, ok: true, value: call.call(store, ...args) } satisfies LedgerReply);
    } catch (error) {
      port.postMessage(failure(number, error));
    }
    if (method === 'close') port.close();
  });
  port.postMessage({ number: 0, ok: true, value: undefined } satisfies LedgerReply);
} catch (error) {
  port.postMessage(failure(0, error));
  port.close();
}
