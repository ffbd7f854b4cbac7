import { isUtf8 } from 'node:buffer';
import type { RawData, WebSocket } from 'ws';
import type { Clock } from '../../shared/clock.ts';
import { plainAddress } from './addresses.ts';
import type { Endpoint, Flow } from './flow.ts';
import type { NetworkHandlers } from './network.ts';

/** Every so often we ping; no pong until the next one: the far side has vanished, ms. */
const PING_MS = 20_000;
const UNREAD_LIMIT = 1024 * 1024;
const CLOSE_TOO_BIG = 1009;

const KEEP_ALIVE = '\r\n\r\n';

/** A WebSocket connection as a flow (RFC 7118): one message per frame, text where it is UTF-8. */
export class WebSocketFlow implements Flow {
  readonly transport: 'ws' | 'wss';
  readonly local: Endpoint;
  readonly remote: Endpoint;
  readonly reliable = true;
  readonly #socket: WebSocket;
  #isAlive = true;

  constructor(
    socket: WebSocket,
    remote: { readonly ip: string; readonly port: number; readonly secure: boolean },
    options: {
      readonly local: Endpoint;
      readonly messageBytes: number;
      readonly clock: Clock;
      readonly handlers: NetworkHandlers;
      readonly closed: (flow: WebSocketFlow) => void;
    },
  ) {
    this.#socket = socket;
    this.transport = remote.secure ? 'wss' : 'ws';
    this.local = options.local;
    this.remote = { ip: plainAddress(remote.ip), port: remote.port };
    let isAnswered = true;
    let stopPing = (): void => {};
    const ping = (): void => {
      if (!isAnswered) {
        socket.terminate();
        return;
      }
      isAnswered = false;
      if (socket.readyState === socket.OPEN) socket.ping();
      stopPing = options.clock.after(PING_MS, ping);
    };
    stopPing = options.clock.after(PING_MS, ping);
    socket.on('pong', () => {
      isAnswered = true;
    });
    socket.on('error', () => socket.terminate());
    socket.on('close', () => {
      stopPing();
      this.#isAlive = false;
      options.closed(this);
      options.handlers.lost(this);
    });
    socket.on('message', (data: RawData) => {
      isAnswered = true;
      const bytes = bytesOf(data);
      if (bytes.length > options.messageBytes) socket.close(CLOSE_TOO_BIG);
      else if (bytes.length <= 4 && bytes.every((byte) => byte === 13 || byte === 10)) {
        // RFC 7118 leaves keep-alive to RFC 5626 §4.4.1: a double CRLF is answered with one.
        if (bytes.toString('latin1') === KEEP_ALIVE) socket.send('\r\n');
      } else options.handlers.received(bytes, this, 'datagram');
    });
  }

  get alive(): boolean {
    return this.#isAlive && this.#socket.readyState === this.#socket.OPEN;
  }

  write(bytes: Buffer): void {
    if (!this.alive) return;
    this.#socket.send(bytes, { binary: !isUtf8(bytes) });
    if (this.#socket.bufferedAmount > UNREAD_LIMIT) this.#socket.terminate();
  }

  close(): void {
    this.#socket.close();
  }
}

function bytesOf(data: RawData): Buffer {
  if (Array.isArray(data)) return Buffer.concat(data);
  return Buffer.isBuffer(data) ? data : Buffer.from(data);
}
