import { ServerEvent } from '@tonegate/api-schema';
import { backOffMs } from './back-off.ts';

/** The part of a WebSocket that is used here. */
export type EventSocket = Pick<WebSocket, 'onmessage' | 'onclose' | 'close'>;

export interface EventsOptions {
  readonly connect: () => EventSocket;
  readonly event: (event: ServerEvent) => void;
  /** The connection carries again (a snapshot follows), or it is lost or couldn't be made, and is sought again. */
  readonly connected: (connected: boolean) => void;
  /** Called before each new attempt; false ends it (signed out meanwhile: a WebSocket can't see a 401). */
  readonly mayConnect: () => Promise<boolean>;
}

/**
 * Keeps the events WebSocket open until `stop`: reconnects with back-off, at once when the network is back. The server
 * sends a snapshot on each connection, so nothing that happened in a gap is missed.
 */
export class Events {
  readonly #options: EventsOptions;
  #socket: EventSocket | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #attempt = 0;
  #connected = false;
  #stopped = false;

  constructor(options: EventsOptions) {
    this.#options = options;
    this.#open();
  }

  /** Tries now instead of waiting, e.g. because the browser says that it is online again. */
  hurry(): void {
    if (this.#timer === undefined || this.#stopped) return;
    clearTimeout(this.#timer);
    this.#attempt = 0;
    this.#retry();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#socket?.close();
    this.#socket = undefined;
  }

  #open(): void {
    const socket = this.#options.connect();
    this.#socket = socket;
    socket.onmessage = ({ data }) => {
      if (socket !== this.#socket || typeof data !== 'string') return;
      const event = ServerEvent.safeParse(JSON.parse(data));
      // An event of a newer server that this page doesn't know changes nothing that it shows.
      if (!event.success) return;
      // A connection counts from what comes over it: a proxy opens one even where no server is left.
      if (!this.#connected) {
        this.#connected = true;
        this.#attempt = 0;
        this.#options.connected(true);
      }
      this.#options.event(event.data);
    };
    socket.onclose = () => {
      if (socket !== this.#socket || this.#stopped) return;
      this.#socket = undefined;
      this.#connected = false;
      this.#options.connected(false);
      this.#timer = setTimeout(() => this.#retry(), backOffMs(this.#attempt, Math.random()));
      this.#attempt += 1;
    };
  }

  #retry(): void {
    this.#timer = undefined;
    void this.#options.mayConnect().then((may) => {
      if (may && !this.#stopped && this.#socket === undefined) this.#open();
    });
  }
}
