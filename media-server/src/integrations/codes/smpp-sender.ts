import type { Logger } from '../../shared/logger.ts';
import type { CodeMessage, CodeSender } from './sender.ts';
import type { SendResult } from './sending.ts';
import { SmppConnection, type SmppConnectionOptions } from './smpp-connection.ts';

export interface SmppSenderOptions extends SmppConnectionOptions {
  /** A number in E.164, or a name. */
  readonly from: string;
  /** Texts on their way at the same time. */
  readonly windowSize: number;
  readonly log: Logger;
}

interface Waiting {
  readonly message: CodeMessage;
  readonly done: (result: SendResult) => void;
  readonly stopTimer: () => void;
}

/** Texts that may wait for the connection or a place in the window. */
const QUEUE_LIMIT = 200;
/** Waits before the connection is made again, ms; the last one from then on. A connection that was bound begins anew. */
const RECONNECT_MS = [500, 1000, 2000, 5000, 15_000, 30_000] as const;

const OK = 0;
/** Answers after which the same text may be taken a moment later (SMPP 3.4 §5.1.3). */
const LATER = new Set([
  0x08, // ESME_RSYSERR
  0x14, // ESME_RMSGQFUL
  0x58, // ESME_RTHROTTLED
]);
const UCS2 = 8;

/** Sends by SMPP 3.4 over one connection that is made again whenever it is lost. */
export class SmppSender implements CodeSender {
  readonly name = 'smpp';
  readonly #options: SmppSenderOptions;
  readonly #queue: Waiting[] = [];
  readonly #sent = new Map<number, Waiting>();
  #connection: SmppConnection | undefined;
  #failures = 0;
  #closed = false;
  #stopTimer: () => void = () => {};

  constructor(options: SmppSenderOptions) {
    this.#options = options;
    this.#connect();
  }

  get up(): boolean {
    return this.#connection?.bound ?? false;
  }

  send(message: CodeMessage): Promise<SendResult> {
    return new Promise((resolve) => {
      if (this.#closed || this.#queue.length >= QUEUE_LIMIT) {
        return resolve({ is: 'not-sent', again: !this.#closed, why: 'too many texts wait' });
      }
      const stopTimer = this.#options.clock.after(this.#options.timeoutMs, () => this.#late(waiting));
      const done = (result: SendResult) => {
        stopTimer();
        resolve(result);
      };
      const waiting: Waiting = { message, done, stopTimer };
      this.#queue.push(waiting);
      this.#flow();
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#stopTimer();
    this.#connection?.close('closed');
    for (const { done } of this.#queue.splice(0)) done({ is: 'not-sent', again: false, why: 'closed' });
  }

  #connect(): void {
    this.#connection = new SmppConnection(this.#options, {
      bound: () => {
        this.#failures = 0;
        this.#options.log.info({ host: this.#options.host }, 'bound to the SMSC');
        this.#flow();
      },
      answered: (sequence, status) => this.#answered(sequence, status),
      closed: (why) => this.#lost(why),
    });
  }

  #lost(why: string): void {
    this.#connection = undefined;
    for (const { done } of this.#sent.values()) done({ is: 'not-known', why });
    this.#sent.clear();
    if (this.#closed) return;
    this.#options.log.warn({ host: this.#options.host, why }, 'no connection to the SMSC');
    const wait = RECONNECT_MS[Math.min(this.#failures++, RECONNECT_MS.length - 1)] as number;
    this.#stopTimer = this.#options.clock.after(wait, () => this.#connect());
  }

  /** Submits what waits, as far as the window goes. */
  #flow(): void {
    while (this.#connection?.bound && this.#sent.size < this.#options.windowSize) {
      const waiting = this.#queue.shift();
      if (!waiting) return;
      const sequence = this.#connection.submit(fieldsOf(waiting.message, this.#options.from));
      if (sequence === undefined) waiting.done({ is: 'not-sent', again: true, why: 'the connection ended' });
      else this.#sent.set(sequence, waiting);
    }
  }

  #answered(sequence: number, status: number): void {
    const waiting = this.#sent.get(sequence);
    if (!waiting) return;
    this.#sent.delete(sequence);
    if (status === OK) waiting.done({ is: 'sent' });
    else waiting.done({ is: 'not-sent', again: LATER.has(status), why: `refused by the SMSC (${status})` });
    this.#flow();
  }

  #late(waiting: Waiting): void {
    const place = this.#queue.indexOf(waiting);
    if (place >= 0) {
      this.#queue.splice(place, 1);
      return waiting.done({ is: 'not-sent', again: true, why: 'no connection to the SMSC' });
    }
    for (const [sequence, sent] of this.#sent) if (sent === waiting) this.#sent.delete(sequence);
    waiting.done({ is: 'not-known', why: 'no answer of the SMSC' });
    this.#flow();
  }
}

function fieldsOf({ phone, text }: CodeMessage, from: string): Record<string, string | number | Buffer> {
  const bytes = Buffer.from(text.reveal(), 'utf16le').swap16();
  return {
    ...sourceOf(from),
    dest_addr_ton: 1,
    dest_addr_npi: 1,
    destination_addr: phone.slice(1),
    data_coding: UCS2,
    short_message: bytes,
  };
}

/** Type of number and numbering plan (§5.2.5, §5.2.6): international E.164, a short code, or a name. */
function sourceOf(from: string): { source_addr: string; source_addr_ton: number; source_addr_npi: number } {
  if (/^\+[0-9]+$/.test(from)) return { source_addr: from.slice(1), source_addr_ton: 1, source_addr_npi: 1 };
  if (/^[0-9]+$/.test(from)) return { source_addr: from, source_addr_ton: 3, source_addr_npi: 0 };
  return { source_addr: from, source_addr_ton: 5, source_addr_npi: 0 };
}
