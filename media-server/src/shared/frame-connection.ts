import { type Socket } from 'node:net';
import { encodeFrame, FrameDecoder, PULSE } from './frames.ts';

export interface FrameConnectionOptions<In> {
  readonly socket: Socket;
  /** Greatest length of one message's JSON, bytes. */
  readonly frameLimit: number;
  /** Bytes that may wait to be written; a peer that reads slower than that is given up. */
  readonly queueLimit: number;
  /**
   * Between hosts: a pulse is sent this often, ms, and a peer of which nothing at all comes for `silentMs` is given up. A
   * network that swallows packets ends no connection by itself for minutes.
   */
  readonly pulse?: { readonly everyMs: number; readonly silentMs: number };
  /** What the value is as a message, or undefined where it is none: that closes the connection. */
  parse(value: unknown): In | undefined;
  onMessage(message: In): void;
  /** The peer said that it sends no more. Only with `allowHalfOpen` on the socket. */
  onEnd?(): void;
  /** Called once; nothing comes after it. `why` is a fixed word or an error's code, never text of the peer's. */
  onClose(why: string): void;
}

/** Messages over one stream socket, in frames, checked on their way in and bounded on their way out. */
export class FrameConnection<In> {
  readonly #options: FrameConnectionOptions<In>;
  readonly #decoder: FrameDecoder;
  #why = 'ended';
  #open = true;
  #heardAt = performance.now();
  #pulsing: NodeJS.Timeout | undefined;

  constructor(options: FrameConnectionOptions<In>) {
    this.#options = options;
    const { socket, pulse, frameLimit } = options;
    this.#decoder = new FrameDecoder(frameLimit, pulse !== undefined);
    if (pulse) this.#pulsing = setInterval(() => this.#pulse(pulse.silentMs), pulse.everyMs);
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    socket.on('end', () => options.onEnd?.());
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (this.#open) this.#why = error.code ?? 'socket-error';
    });
    socket.on('close', () => {
      this.#open = false;
      clearInterval(this.#pulsing);
      options.onClose(this.#why);
    });
  }

  get open(): boolean {
    return this.#open;
  }

  /** Sends a message; false when the connection is closed or its queue is full (which closes it). */
  send(message: unknown): boolean {
    const { socket, frameLimit, queueLimit } = this.#options;
    if (!this.#open || !socket.writable) return false;
    const frame = encodeFrame(message, frameLimit);
    if (socket.writableLength + frame.length > queueLimit) {
      this.close('queue-full');
      return false;
    }
    socket.write(frame);
    return true;
  }

  /** Says that nothing more is sent, after what is queued. */
  end(): void {
    if (this.#open) this.#options.socket.end();
  }

  /** Closes at once; what is queued is lost. */
  close(why: string): void {
    if (!this.#open) return;
    this.#open = false;
    this.#why = why;
    this.#options.socket.destroy();
  }

  #pulse(silentMs: number): void {
    const { socket } = this.#options;
    if (performance.now() - this.#heardAt > silentMs) this.close('silent');
    // One that waits to be written says as much as two.
    else if (socket.writable && socket.writableLength === 0) socket.write(PULSE);
  }

  #take(chunk: Buffer): void {
    if (!this.#open) return;
    this.#heardAt = performance.now();
    const result = this.#decoder.push(chunk);
    if (!result.ok) return this.close(result.error);
    for (const value of result.value) {
      const message = this.#options.parse(value);
      if (message === undefined) return this.close('not-in-the-contract');
      this.#options.onMessage(message);
      if (!this.#open) return;
    }
  }
}
