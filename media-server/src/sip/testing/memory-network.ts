import type { Clock } from '../../shared/clock.ts';
import { ok, type Result } from '../../shared/result.ts';
import type { Destination, Endpoint, Flow } from '../transport/flow.ts';
import type { ListenProblem, Network, NetworkHandlers } from '../transport/network.ts';

/** The same numbers in the same order for one seed (mulberry32), 0 ≤ x < 1. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A network of datagrams in memory for tests: a share of them is lost, each takes some time and may overtake others. */
export class MemoryNetwork {
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #loss: number;
  readonly #nodes = new Map<string, NetworkHandlers>();
  /** Datagrams sent and lost. */
  sent = 0;
  lost = 0;

  constructor(clock: Clock, random: () => number, loss: number) {
    this.#clock = clock;
    this.#random = random;
    this.#loss = loss;
  }

  /** The network as the node with this address sees it. */
  node(ip: string): Network {
    const local = { ip, port: 5060 };
    return {
      ports: { udp: 5060, tcp: 5060, tls: undefined },
      open: (handlers): Promise<Result<void, ListenProblem>> => {
        this.#nodes.set(ip, handlers);
        return Promise.resolve(ok(undefined));
      },
      connect: ({ ip: to, port }: Destination) => this.#flow(local, { ip: to, port }),
      close: () => {
        this.#nodes.delete(ip);
        return Promise.resolve();
      },
    };
  }

  #flow(local: Endpoint, remote: Endpoint): Flow {
    const write = (bytes: Buffer): void => {
      this.sent++;
      if (this.#random() < this.#loss) {
        this.lost++;
        return;
      }
      const copy = Buffer.from(bytes);
      const delay = 1 + Math.floor(this.#random() * 30);
      this.#clock.after(delay, () => {
        this.#nodes.get(remote.ip)?.received(copy, this.#flow(remote, local), 'datagram');
      });
    };
    return { transport: 'udp', local, remote, reliable: false, alive: true, write, close: () => {} };
  }
}
