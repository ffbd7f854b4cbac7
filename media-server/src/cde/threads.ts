import { Worker } from 'node:worker_threads';
import { type Id } from '../shared/ids.ts';
import { type Brand, type FromCard, type Language, type PaymentResult, type ToCard } from './contract.ts';
import { type BrandLengths } from './dialogue/dialogue.ts';
import { type CardSettings } from './settings.ts';

/** Commands that are a leg's own business: its thread takes them as they are. */
export type LegCommand = Extract<
  ToCard,
  {
    type:
      | 'leg-open'
      | 'leg-update'
      | 'leg-close'
      | 'wall'
      | 'play'
      | 'stop'
      | 'send-key'
      | 'payment-open'
      | 'payment-begin'
      | 'cancel'
      | 'no-keys'
      | 'ask-again'
      | 'hint'
      | 'more-time'
      | 'gentle'
      | 'code-digest'
      | 'code-refused'
      | 'key-test';
  }
>;

/** From the main thread to a leg thread. Messages about one leg keep their order. */
export type ToThread =
  /** `lengths`: of a `payment-open`, the card numbers that the merchant's gateway takes. */
  | { readonly kind: 'command'; readonly command: LegCommand; readonly lengths?: BrandLengths }
  /** The ledger took the payment: its dialogue may begin. */
  | { readonly kind: 'taken'; readonly payment: Id }
  /** The ledger refused it: the leg is no longer in a payment. */
  | { readonly kind: 'not-taken'; readonly payment: Id }
  /** The gateway's answer, durable. */
  | { readonly kind: 'authorized'; readonly payment: Id; readonly result: PaymentResult }
  /** Whether it is durable that the customer is being told; without that nothing is said of an approval. */
  | { readonly kind: 'told'; readonly payment: Id; readonly written: boolean }
  /** The outcome is on its way to the server: the gate may open. */
  | { readonly kind: 'released'; readonly payment: Id }
  /** A merchant's own µ-law sound in place of a ready one; without `ulaw` the ready one again. `ulaw` is shared memory. */
  | {
      readonly kind: 'prompt';
      readonly merchant: Id;
      readonly language: Language;
      readonly name: string;
      readonly ulaw?: Uint8Array;
    }
  /** A server has connected: the sounds of its merchants will come. */
  | { readonly kind: 'forget-prompts' }
  /** The server is gone: shut every gate; a leg ends with its payment, or now. */
  | { readonly kind: 'alone' };

/** A keyed card between two threads: the memory itself moves (a transfer list), nothing is copied. */
export interface CardInTransit {
  readonly number: ArrayBuffer;
  readonly expiry: ArrayBuffer;
  readonly securityCode: ArrayBuffer;
  readonly brand: Brand;
}

/** From a leg thread to the main thread. */
export type FromThread =
  | { readonly kind: 'say'; readonly message: FromCard }
  | { readonly kind: 'authorize'; readonly payment: Id; readonly card: CardInTransit }
  /** The customer agreed that their stored card is charged. */
  | { readonly kind: 'charge-stored'; readonly payment: Id }
  /** The customer is about to be told this. */
  | { readonly kind: 'telling'; readonly payment: Id; readonly result: PaymentResult; readonly asked: boolean }
  /**
   * The dialogue is over. `asked`: the gateway's answer ended the payment, so the result stands in the ledger. `wiped`: how
   * many buffers held digits on this thread; all are zero.
   */
  | {
      readonly kind: 'ended';
      readonly payment: Id;
      readonly result: PaymentResult;
      readonly asked: boolean;
      readonly wiped: number;
    }
  | { readonly kind: 'closed'; readonly leg: Id };

/** What a leg thread is started with. */
export interface ThreadStart {
  readonly settings: CardSettings;
  /** Which share of the RTP ports is its own: see `PortPool`. */
  readonly index: number;
}

/** Which of `count` threads has this RTP port in its share. */
export function threadOfPort(range: { readonly min: number }, port: number, count: number): number {
  const first = range.min + (range.min % 2);
  return Math.max(0, Math.floor((port - first) / 2)) % count;
}

/** The leg threads, as the main thread sees them. */
export interface Threads {
  readonly count: number;
  post(thread: number, message: ToThread): void;
}

export interface LegThreadsOptions {
  readonly settings: CardSettings;
  /** The file that each thread runs: it calls `serveLegs`. */
  readonly entry: URL;
  onMessage(thread: number, message: FromThread): void;
  /** A thread ended by a bug: legs and keyed digits of it are gone. */
  onCrash(error: unknown): void;
}

/** Starts one worker thread for each of `settings.threads`. */
export class LegThreads implements Threads {
  readonly #workers: Worker[];
  #closing = false;

  constructor(options: LegThreadsOptions) {
    this.#workers = Array.from({ length: options.settings.threads }, (_, index) => {
      const start: ThreadStart = { settings: options.settings, index };
      const worker = new Worker(options.entry, {
        workerData: start,
        name: `legs-${index}`,
      });
      worker.on('message', (message: FromThread) => options.onMessage(index, message));
      worker.on('error', (error) => options.onCrash(error));
      worker.on('exit', (code) => {
        if (!this.#closing) options.onCrash(new Error(`leg thread ended with ${code}`));
      });
      return worker;
    });
  }

  get count(): number {
    return this.#workers.length;
  }

  post(thread: number, message: ToThread): void {
    this.#workers[thread]?.postMessage(message);
  }

  async close(): Promise<void> {
    this.#closing = true;
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }
}
