import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';

/** A UDP relay on loopback that loses a share of the datagrams in each direction. */
export class LossyRelay {
  readonly #front: Socket;
  readonly #targetPort: number;
  readonly #loses: () => boolean;
  readonly #backs = new Map<string, Socket>();
  forwarded = 0;
  lost = 0;

  private constructor(front: Socket, targetPort: number, loses: () => boolean) {
    this.#front = front;
    this.#targetPort = targetPort;
    this.#loses = loses;
    front.on('message', (bytes, from) =>
      this.#pass(bytes, (kept) => this.#back(from).send(kept, targetPort, '127.0.0.1')),
    );
  }

  /** `random` gives 0 ≤ x < 1; a datagram is lost where it is below `loss`. */
  static async start(targetPort: number, loss: number, random: () => number): Promise<LossyRelay> {
    const front = createSocket('udp4');
    front.bind(0, '127.0.0.1');
    await once(front, 'listening');
    return new LossyRelay(front, targetPort, () => random() < loss);
  }

  get port(): number {
    return this.#front.address().port;
  }

  close(): void {
    this.#front.close();
    for (const back of this.#backs.values()) back.close();
  }

  /** A socket for each client, so that the target tells them apart. */
  #back(client: RemoteInfo): Socket {
    const key = `${client.address}:${client.port}`;
    let back = this.#backs.get(key);
    if (!back) {
      back = createSocket('udp4');
      back.bind(0, '127.0.0.1');
      back.on('message', (bytes, from) => {
        if (from.port === this.#targetPort) {
          this.#pass(bytes, (kept) => this.#front.send(kept, client.port, client.address));
        }
      });
      this.#backs.set(key, back);
    }
    return back;
  }

  #pass(bytes: Buffer, forward: (bytes: Buffer) => void): void {
    if (this.#loses()) {
      this.lost++;
      return;
    }
    this.forwarded++;
    forward(bytes);
  }
}
