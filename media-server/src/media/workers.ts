import process from 'node:process';
import { createWorker, type types } from 'mediasoup';
import type { Logger } from '../shared/logger.ts';

export interface MediaWorkersOptions {
  /** Path of mediasoup's worker binary. */
  readonly workerBin: string;
  /** Worker processes; one a core. */
  readonly count: number;
  /** Worker `i` takes agents' packets on port `basePort + i`, UDP and TCP. */
  readonly basePort: number;
  /** Local addresses to listen on, and what is announced for each in ICE where that differs (NAT, public address). */
  readonly listen: readonly { readonly ip: string; readonly announced?: string }[];
  readonly log: Logger;
}

/** A worker with the WebRtcServer that all its agents' packets come to. */
export interface MediaWorker {
  readonly index: number;
  readonly worker: types.Worker;
  readonly server: types.WebRtcServer;
}

const RESTART_LIMIT = 20;
const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

/** mediasoup's workers: started together, each replaced when it dies. Calls on a dead worker are told by their router. */
export class MediaWorkers {
  readonly #options: MediaWorkersOptions;
  readonly #workers = new Map<number, MediaWorker>();
  readonly #calls = new Map<number, number>();
  #closed = false;
  #restarts = 0;

  constructor(options: MediaWorkersOptions) {
    this.#options = options;
  }

  /** Starts all. Rejects with an error that names the port and the setting when a port is taken. */
  async start(): Promise<void> {
    // All have started or failed when this ends, so that nothing comes up after it was closed; the first failure is told.
    const starts = Array.from({ length: this.#options.count }, (_, index) => this.#start(index));
    const failed = (await Promise.allSettled(starts)).find(({ status }) => status === 'rejected');
    if (failed?.status === 'rejected') throw failed.reason;
  }

  /** The worker with the fewest calls, and what gives its place back. Undefined while none is up. */
  take(): { worker: MediaWorker; release: () => void } | undefined {
    let best: MediaWorker | undefined;
    for (const worker of this.#workers.values()) {
      if (!best || this.#load(worker) < this.#load(best)) best = worker;
    }
    if (!best) return undefined;
    const { index } = best;
    this.#calls.set(index, this.#load(best) + 1);
    let released = false;
    return {
      worker: best,
      release: () => {
        if (released) return;
        released = true;
        this.#calls.set(index, (this.#calls.get(index) ?? 1) - 1);
      },
    };
  }

  get up(): number {
    return this.#workers.size;
  }

  /** Process ids of the workers, for operators and tests. */
  get pids(): number[] {
    return [...this.#workers.values()].map(({ worker }) => worker.pid);
  }

  close(): void {
    this.#closed = true;
    for (const { worker } of this.#workers.values()) worker.close();
    this.#workers.clear();
  }

  #load(worker: MediaWorker): number {
    return this.#calls.get(worker.index) ?? 0;
  }

  async #start(index: number): Promise<void> {
    const { workerBin, basePort, listen, log } = this.#options;
    const worker = await keepingSignals(() => createWorker({ workerBin, logLevel: 'warn' }));
    const port = basePort + index;
    worker.once('died', (error) => {
      this.#workers.delete(index);
      if (this.#closed) return;
      log.error({ index, error: error.message }, 'a media worker died, starting another');
      if (++this.#restarts > RESTART_LIMIT) {
        log.fatal({ restarts: this.#restarts }, 'media workers keep dying, no more are started');
        return;
      }
      this.#start(index).catch((cause) => log.error({ index, cause }, 'the media worker could not be started again'));
    });
    try {
      const server = await worker.createWebRtcServer({
        listenInfos: listen.flatMap(({ ip, announced }) =>
          (['udp', 'tcp'] as const).map((protocol) => ({
            protocol,
            ip,
            port,
            ...(announced !== undefined && announced !== ip && { announcedAddress: announced }),
          })),
        ),
      });
      if (this.#closed) return worker.close();
      this.#workers.set(index, { index, worker, server });
    } catch (cause) {
      worker.close();
      throw new Error(
        `port ${port} (setting media.webRtcPort + ${index}) can't be taken on ${listen.map(({ ip }) => ip).join(', ')}: ${(cause as Error).message}`,
      );
    }
  }
}

/**
 * Runs `start` and takes away the handlers of SIGTERM and SIGINT that it installs at once: mediasoup closes its workers on
 * these by itself, where a drain needs them until the last call has ended.
 */
export function keepingSignals<T>(start: () => T): T {
  const ours = SIGNALS.map((signal) => new Set(process.rawListeners(signal)));
  try {
    return start();
  } finally {
    SIGNALS.forEach((signal, i) => {
      for (const listener of process.rawListeners(signal)) {
        if (!ours[i]?.has(listener)) process.removeListener(signal, listener as NodeJS.SignalsListener);
      }
    });
  }
}
