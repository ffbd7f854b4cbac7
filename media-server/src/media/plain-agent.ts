import type { types } from 'mediasoup';
import { type AgentCounts, AgentStreams, type AgentStreamsParts } from './agent-streams.ts';
import type { G711 } from './sdp-reader.ts';

export interface PlainAgentParts extends AgentStreamsParts {
  readonly router: types.Router;
  /** Where it takes RTP, on loopback. */
  readonly port: number;
  /** Of its own stream. */
  readonly ssrc: number;
}

const LOOPBACK = '127.0.0.1';

/** An agent inside this process, by plain RTP on loopback: behind the same valve as those in a window. */
export class PlainAgent {
  readonly #transport: types.PlainTransport;
  readonly #streams: AgentStreams;

  private constructor(transport: types.PlainTransport, streams: AgentStreams) {
    this.#transport = transport;
    this.#streams = streams;
  }

  static async open(parts: PlainAgentParts): Promise<PlainAgent> {
    const transport = await parts.router.createPlainTransport({
      listenInfo: { protocol: 'udp', ip: LOOPBACK },
      rtcpMux: true,
      comedia: false,
    });
    await transport.connect({ ip: LOOPBACK, port: parts.port });
    const streams = await AgentStreams.open(parts, transport);
    await streams.produce(parts.ssrc, 'agent');
    streams.accept();
    return new PlainAgent(transport, streams);
  }

  /** Where its own RTP goes. */
  get port(): number {
    return this.#transport.tuple.localPort;
  }

  follow(codec: G711, customer: types.Producer, afresh?: boolean): Promise<void> {
    return this.#streams.follow(codec, customer, afresh);
  }

  shut(): Promise<void> {
    return this.#streams.shut();
  }

  resume(): Promise<void> {
    return this.#streams.resume();
  }

  counts(): Promise<AgentCounts> {
    return this.#streams.counts();
  }
}
