import type { Socket } from 'node:net';
import type { TransportName } from '../leg.ts';
import type { MessageLimits } from '../messages/message.ts';
import { StreamFramer } from '../messages/stream-framer.ts';
import { plainAddress } from './addresses.ts';
import type { Endpoint, Flow } from './flow.ts';
import type { NetworkHandlers } from './network.ts';

/** A far side that takes this much without reading it is cut off, bytes. */
const UNREAD_LIMIT = 1024 * 1024;
/** A connection that has not sent one whole message by then is closed, ms. */
const FIRST_MESSAGE_MS = 32_000;
/** A silent connection is closed after this, ms: longer than any registration lasts without refresh. */
const IDLE_MS = 3_900_000;
/** TCP's own keep-alive finds far sides that vanished, ms. */
const KEEP_ALIVE_MS = 30_000;

const PONG = Buffer.from('\r\n');

/** A TCP or TLS connection as a flow. */
export class Connection implements Flow {
  readonly transport: TransportName;
  readonly local: Endpoint;
  readonly remote: Endpoint;
  readonly reliable = true;
  readonly #socket: Socket;

  constructor(
    socket: Socket,
    transport: 'tcp' | 'tls',
    limits: MessageLimits,
    handlers: NetworkHandlers,
    closed: (connection: Connection) => void,
  ) {
    this.#socket = socket;
    this.transport = transport;
    this.local = { ip: plainAddress(socket.localAddress ?? ''), port: socket.localPort ?? 0 };
    this.remote = { ip: plainAddress(socket.remoteAddress ?? ''), port: socket.remotePort ?? 0 };
    const framer = new StreamFramer(limits);
    socket.setNoDelay(true);
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    socket.setTimeout(FIRST_MESSAGE_MS, () => socket.destroy());
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      closed(this);
      handlers.lost(this);
    });
    socket.on('data', (bytes) => {
      const framed = framer.push(bytes);
      for (let i = 0; i < framed.pings; i++) this.write(PONG);
      if (framed.messages.length > 0 || framed.pings > 0) socket.setTimeout(IDLE_MS);
      for (const message of framed.messages) handlers.received(message, this, 'stream');
      if (framed.broken) {
        handlers.received(framed.broken.head, this, 'stream');
        socket.end();
      }
    });
  }

  get alive(): boolean {
    return this.#socket.writable;
  }

  write(bytes: Buffer): void {
    if (!this.#socket.writable) return;
    this.#socket.write(bytes);
    if (this.#socket.writableLength > UNREAD_LIMIT) this.#socket.destroy();
  }

  close(): void {
    this.#socket.destroy();
  }
}
