import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { plainAddress } from './addresses.ts';
import type { Endpoint, Flow } from './flow.ts';

/** Receive buffer asked of the kernel, bytes: a burst of some thousand messages. */
const RECEIVE_BUFFER = 4 * 1024 * 1024;

/** One UDP socket; a flow is the pair of it and a far address. */
export class UdpTransport {
  readonly #socket: Socket;
  #isOpen = false;
  #local: Endpoint = { ip: '0.0.0.0', port: 0 };

  private constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** Binds; rejects with the system's error. Keep-alives (only CR and LF, or empty) are dropped here. */
  static async open(ip: string, port: number, received: (bytes: Buffer, flow: Flow) => void): Promise<UdpTransport> {
    const socket = createSocket({ type: isIPv6(ip) ? 'udp6' : 'udp4', recvBufferSize: RECEIVE_BUFFER });
    const transport = new UdpTransport(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.bind(port, ip, () => {
        socket.off('error', reject);
        resolve();
      });
    });
    const bound = socket.address();
    transport.#isOpen = true;
    transport.#local = { ip: bound.address, port: bound.port };
    // What the kernel says of a datagram lost on the way (ICMP) is no news: retransmission sees to it.
    socket.on('error', () => {});
    socket.on('message', (bytes, from) => {
      if (bytes.length <= 4 && bytes.every((byte) => byte === 13 || byte === 10 || byte === 0)) return;
      received(bytes, transport.flow({ ip: plainAddress(from.address), port: from.port }));
    });
    return transport;
  }

  get local(): Endpoint {
    return this.#local;
  }

  flow(remote: Endpoint): Flow {
    const transport = this;
    return {
      transport: 'udp',
      local: this.#local,
      remote,
      reliable: false,
      get alive() {
        return transport.#isOpen;
      },
      write: (bytes) => this.#send(bytes, remote),
      close: () => {},
    };
  }

  async close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    await new Promise<void>((resolve) => this.#socket.close(() => resolve()));
  }

  #send(bytes: Buffer, to: Endpoint): void {
    if (!this.#isOpen || to.port === 0) return;
    this.#socket.send(bytes, to.port, to.ip, () => {});
  }
}
