import type { ServerEvent } from '@tonegate/api-schema';
import type { WebSocket } from 'ws';
import type { Clock } from '../shared/clock.ts';

/** Time between pings, and for the answer to one, ms. */
export const PING_MS = 15_000;
/** Bytes that may wait for a slow window; beyond it is closed and comes back with a snapshot. */
export const SEND_LIMIT = 1_048_576;
/** Time for a closing handshake before the connection is cut, ms. */
const CLOSE_MS = 2000;

/** Close codes of RFC 6455 §7.4.1 and its registry. */
export const CLOSE = { signedOut: 1008, tooMany: 1008, tooSlow: 1013 } as const;

type Socket = Pick<WebSocket, 'send' | 'close' | 'terminate' | 'ping' | 'on' | 'readyState' | 'bufferedAmount'>;

/** One window's events: sends while the window keeps up and answers pings, else ends. */
export class EventStream {
  readonly #socket: Socket;
  readonly #clock: Clock;
  readonly #ended: () => void;
  #stopTimer: () => void;
  #answered = true;
  #closing = false;

  /**
   * @param expiresAt when the session ends, UTC milliseconds: seen at the next ping
   * @param ended called once, as soon as nothing more is sent: before the connection is closed, or when it is lost
   */
  constructor(socket: Socket, clock: Clock, expiresAt: number, ended: () => void) {
    this.#ended = ended;
    this.#socket = socket;
    this.#clock = clock;
    socket.on('pong', () => {
      this.#answered = true;
    });
    socket.on('close', () => {
      this.#stopTimer();
      if (!this.#closing) ended();
      this.#closing = true;
    });
    const tick = () => {
      if (!this.#answered) return socket.terminate();
      if (clock.now() >= expiresAt) return this.end(CLOSE.signedOut, 'the session has expired');
      this.#answered = false;
      socket.ping();
      this.#stopTimer = clock.after(PING_MS, tick);
    };
    this.#stopTimer = clock.after(PING_MS, tick);
  }

  send(event: ServerEvent): void {
    if (this.#closing || this.#socket.readyState !== 1) return;
    if (this.#socket.bufferedAmount > SEND_LIMIT) return this.end(CLOSE.tooSlow, 'too slow: connect again');
    this.#socket.send(JSON.stringify(event));
  }

  end(code: number, reason: string): void {
    if (this.#closing) return;
    this.#closing = true;
    this.#ended();
    this.#stopTimer();
    this.#socket.close(code, reason);
    this.#stopTimer = this.#clock.after(CLOSE_MS, () => this.#socket.terminate());
  }
}
