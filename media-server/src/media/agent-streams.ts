import type { types } from 'mediasoup';
import { capabilities, sendParameters } from './rtp-parameters.ts';
import type { G711 } from './sdp-reader.ts';

export interface AgentStreamsParts {
  readonly customer: types.Producer;
  readonly plain: types.PlainTransport;
  readonly codec: G711;
  readonly valve: () => 'shut' | 'open';
}

/** What an offer says of the customer's sound. Another object for each change, of which the window has to be told. */
export interface CustomerStream {
  readonly codec: G711;
  readonly ssrc: number;
}

/** Packets of one agent's streams, as the worker counts them. */
export interface AgentCounts {
  readonly toAgent: number;
  readonly fromAgent: number;
  readonly toCustomer: number;
}

/**
 * The streams between one agent and the customer in the SFU, and the valve on them: a consumer of the customer on the
 * agent's transport, and once the agent was accepted a producer of theirs and the customer's consumer of that. Consumers
 * are always created paused.
 */
export class AgentStreams {
  readonly #parts: AgentStreamsParts;
  readonly #transport: types.Transport;
  #codec: G711;
  #customer: types.Producer;
  #toAgent: types.Consumer;
  #stream: CustomerStream;
  /** Whether `#toAgent` was ever resumed. */
  #hasSent = false;
  /** Packets that consumers before `#toAgent` sent. */
  #sentBefore = 0;
  /** The last exchange of `#toAgent`: they happen one after the other. */
  #exchanged: Promise<void> = Promise.resolve();
  #exchanges = 0;
  #agent: types.Producer | undefined;
  /** The agent's stream that `#agent` takes. */
  #agentStream = '';
  #toCustomer: types.Consumer | undefined;
  #accepted = false;

  private constructor(parts: AgentStreamsParts, transport: types.Transport, toAgent: types.Consumer) {
    this.#parts = parts;
    this.#codec = parts.codec;
    this.#customer = parts.customer;
    this.#transport = transport;
    this.#toAgent = toAgent;
    this.#stream = streamOf(toAgent, parts.codec);
  }

  static async open(parts: AgentStreamsParts, transport: types.Transport): Promise<AgentStreams> {
    return new AgentStreams(parts, transport, await consumeCustomer(transport, parts.customer, parts.codec));
  }

  get codec(): G711 {
    return this.#codec;
  }

  /** What the agent is sent now, when the valve is open. */
  get stream(): CustomerStream {
    return this.#stream;
  }

  /** How often `stream` has become another. */
  get exchanges(): number {
    return this.#exchanges;
  }

  /** From now on this agent is heard and hears when the valve is open; `resume()` makes it so. */
  accept(): void {
    this.#accepted = true;
  }

  /** Takes the agent's own stream; the one it takes already stays. */
  async produce(ssrc: number, cname: string): Promise<void> {
    // `follow` may come in between: what was begun with one codec is ended with it.
    const codec = this.#codec;
    const stream = `${codec} ${ssrc} ${cname}`;
    if (this.#agent && stream === this.#agentStream) return;
    this.#agentStream = stream;
    this.#agent?.close();
    const agent = await this.#transport.produce({ kind: 'audio', rtpParameters: sendParameters(codec, ssrc, cname) });
    this.#agent = agent;
    this.#toCustomer = await this.#consumeAgent(agent, codec);
  }

  #consumeAgent(agent: types.Producer, codec: G711): Promise<types.Consumer> {
    return this.#parts.plain.consume({ producerId: agent.id, rtpCapabilities: capabilities(codec), paused: true });
  }

  /**
   * Speaks another codec from now on, or hears another stream of the customer's.
   *
   * @param afresh the customer's gate knows nothing of the stream towards it any more: it becomes another
   */
  async follow(codec: G711, customer: types.Producer, afresh = false): Promise<void> {
    this.#codec = codec;
    this.#customer = customer;
    if (afresh && this.#agent) {
      this.#toCustomer?.close();
      this.#toCustomer = await this.#consumeAgent(this.#agent, codec);
    }
    await this.#exchange(() => true);
  }

  /**
   * Shuts the valve at this agent; resolves when the worker has done it. A paused consumer that has sent goes on reporting
   * on its stream by RTCP for two seconds (the worker's `MaxSenderReportReferenceAgeMs`). So it is closed, and one that was
   * never resumed takes its place: with an SSRC of its own, of which the agent's window is told by a further offer.
   */
  async shut(): Promise<void> {
    // Paused at once, whatever else is under way.
    const paused = [set(this.#toAgent, 'pause'), set(this.#toCustomer, 'pause')];
    await Promise.all([...paused, this.#exchange(() => this.#hasSent && this.#parts.valve() === 'shut')]);
  }

  /** Nothing is resumed before the agent was accepted, nor when the valve was shut meanwhile. */
  async resume(): Promise<void> {
    if (!this.#accepted || this.#transport.closed || this.#parts.valve() !== 'open') return;
    this.#hasSent = true;
    await Promise.all([set(this.#toAgent, 'resume'), set(this.#toCustomer, 'resume')]);
  }

  async counts(): Promise<AgentCounts> {
    const [toAgent, fromAgent, toCustomer] = await Promise.all([
      this.#toAgent.getStats().catch(() => []),
      this.#agent?.getStats().catch(() => []),
      this.#toCustomer?.getStats().catch(() => []),
    ]);
    return {
      toAgent: this.#sentBefore + (toAgent?.[0]?.packetCount ?? 0),
      fromAgent: fromAgent?.[0]?.packetCount ?? 0,
      toCustomer: toCustomer?.[0]?.packetCount ?? 0,
    };
  }

  /** Puts a fresh consumer of the customer, paused, in the place of the one there is, if that is still `wanted` then. */
  #exchange(wanted: () => boolean): Promise<void> {
    const exchanged = this.#exchanged.then(() => (wanted() ? this.#exchangeNow() : undefined));
    this.#exchanged = exchanged.catch(() => {});
    return exchanged;
  }

  async #exchangeNow(): Promise<void> {
    const spent = this.#toAgent;
    const customer = this.#customer;
    const codec = this.#codec;
    try {
      const [fresh, sent] = await Promise.all([
        consumeCustomer(this.#transport, customer, codec),
        spent.getStats().catch(() => []),
      ]);
      this.#sentBefore += sent[0]?.packetCount ?? 0;
      this.#toAgent = fresh;
      this.#hasSent = false;
      this.#stream = streamOf(fresh, codec);
      this.#exchanges++;
      spent.close();
    } catch (cause) {
      // The agent is gone, or `follow` comes with another producer: nothing of this one passes any more.
      if (!this.#transport.closed && !customer.closed) throw cause;
    }
    await this.resume();
  }
}

function streamOf(consumer: types.Consumer, codec: G711): CustomerStream {
  const ssrc = consumer.rtpParameters.encodings?.[0]?.ssrc;
  if (ssrc === undefined) throw new Error('a consumer without an SSRC');
  return { codec, ssrc };
}

/** A closed consumer passes nothing: it is as good as paused, and resuming is for the one that took its place. */
async function set(consumer: types.Consumer | undefined, to: 'pause' | 'resume'): Promise<void> {
  await consumer?.[to]().catch((cause) => {
    if (!consumer.closed) throw cause;
  });
}

function consumeCustomer(transport: types.Transport, customer: types.Producer, codec: G711): Promise<types.Consumer> {
  return transport.consume({ producerId: customer.id, rtpCapabilities: capabilities(codec), paused: true });
}
