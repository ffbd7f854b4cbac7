import { randomInt } from 'node:crypto';
import type { types } from 'mediasoup';
import { err, ok, type Result } from '../shared/result.ts';
import { describeForAgent, readAgent } from './agent-sdp.ts';
import { capabilities, sendParameters } from './rtp-parameters.ts';
import type { G711, SdpFailure } from './sdp-reader.ts';

interface AgentLegParts {
  readonly router: types.Router;
  readonly server: types.WebRtcServer;
  readonly customer: types.Producer;
  readonly plain: types.PlainTransport;
  readonly codec: G711;
  readonly valve: () => 'shut' | 'open';
  readonly closed: () => void;
}

/** What an offer says of the customer's sound. Another object for each change, of which the window has to be told. */
export interface CustomerStream {
  readonly codec: G711;
  readonly ssrc: number;
}

/**
 * One agent's window in the SFU: a WebRTC transport, a consumer of the customer on it, and once it was accepted a
 * producer of the agent and the customer's consumer of that. Consumers are always created paused.
 */
export class AgentLeg {
  readonly #parts: AgentLegParts;
  readonly #transport: types.WebRtcTransport;
  readonly #sessionId = String(randomInt(1, 2 ** 47));
  #version = 1;
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
  #agent: types.Producer | undefined;
  /** The window's stream that `#agent` takes. */
  #agentStream = '';
  #toCustomer: types.Consumer | undefined;
  #ufrag = '';
  #accepted = false;
  #closed = false;

  private constructor(parts: AgentLegParts, transport: types.WebRtcTransport, toAgent: types.Consumer) {
    this.#parts = parts;
    this.#codec = parts.codec;
    this.#customer = parts.customer;
    this.#transport = transport;
    this.#toAgent = toAgent;
    this.#stream = streamOf(toAgent, parts.codec);
  }

  static async open(parts: AgentLegParts): Promise<AgentLeg> {
    const transport = await parts.router.createWebRtcTransport({
      webRtcServer: parts.server,
      enableUdp: true,
      enableTcp: true,
      preferUdp: true,
      iceConsentTimeout: 20,
    });
    const toAgent = await consumeCustomer(transport, parts.customer, parts.codec);
    return new AgentLeg(parts, transport, toAgent);
  }

  /** Our offer as it stands; the same text while nothing changed (session refreshes). */
  offer(): string {
    return this.#describe('offer');
  }

  /** What `offer()` says now. */
  get stream(): CustomerStream {
    return this.#stream;
  }

  /**
   * Takes the answer to an `offer()` that was made when `stream` was `offered`: from now on this is the leg that is heard
   * when the valve is open. If it speaks another codec by now, it is heard after the answer to a further offer.
   */
  async accept(answer: string, offered: CustomerStream): Promise<Result<void, SdpFailure>> {
    const side = readAgent(answer, offered.codec, 'answer');
    if (!side.ok) return side;
    if (this.#closed) return err({ status: 488, why: 'the leg was closed' });
    if (!this.#accepted) {
      this.#ufrag = side.value.ufrag;
      await this.#transport.connect({ dtlsParameters: side.value.dtls });
    }
    this.#accepted = true;
    if (offered.codec === this.#codec) await this.#produce(side.value.ssrc, side.value.cname);
    if (this.#parts.valve() === 'open') await this.resume();
    return ok(undefined);
  }

  /** Answers the agent's own re-INVITE: after a network change it brings new ICE credentials (RFC 8445 §9). */
  async reoffered(offer: string): Promise<Result<string, SdpFailure>> {
    const side = readAgent(offer, this.#codec, 'offer');
    if (!side.ok) return side;
    if (side.value.ufrag !== this.#ufrag) {
      this.#ufrag = side.value.ufrag;
      await this.#transport.restartIce();
      this.#version++;
    }
    return ok(this.#describe('answer'));
  }

  /** Speaks another codec from now on: the caller re-INVITEs with `offer()` and hands the answer to `accept()`. */
  async follow(codec: G711, customer: types.Producer): Promise<void> {
    this.#codec = codec;
    this.#customer = customer;
    await this.#exchange(() => true);
  }

  /**
   * Shuts the valve at this leg; resolves when the worker has done it. A paused consumer that has sent goes on reporting on
   * its stream by RTCP for two seconds (the worker's `MaxSenderReportReferenceAgeMs`). So it is closed, and one that was
   * never resumed takes its place: with an SSRC of its own, of which the window is told by a further offer.
   */
  async shut(): Promise<void> {
    // Paused at once, whatever else is under way.
    const paused = [set(this.#toAgent, 'pause'), set(this.#toCustomer, 'pause')];
    await Promise.all([...paused, this.#exchange(() => this.#hasSent && this.#parts.valve() === 'shut')]);
  }

  /** Nothing is resumed before the leg was accepted, nor when the valve was shut meanwhile. */
  async resume(): Promise<void> {
    if (!this.#accepted || this.#closed || this.#parts.valve() !== 'open') return;
    this.#hasSent = true;
    await Promise.all([set(this.#toAgent, 'resume'), set(this.#toCustomer, 'resume')]);
  }

  async counts(): Promise<{ toAgent: number; fromAgent: number; toCustomer: number }> {
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

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    // Consumers of the agent on the customer's transport close with their producer.
    this.#transport.close();
    this.#parts.closed();
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
      this.#version++;
      spent.close();
    } catch (cause) {
      // The window is gone, or `follow` comes with another producer: nothing of this one passes any more.
      if (!this.#transport.closed && !customer.closed) throw cause;
    }
    await this.resume();
  }

  async #produce(ssrc: number, cname: string): Promise<void> {
    // `follow` may come in between: what was begun with one codec is ended with it.
    const codec = this.#codec;
    const stream = `${codec} ${ssrc} ${cname}`;
    if (this.#agent && stream === this.#agentStream) return;
    this.#agentStream = stream;
    this.#agent?.close();
    const agent = await this.#transport.produce({ kind: 'audio', rtpParameters: sendParameters(codec, ssrc, cname) });
    this.#agent = agent;
    this.#toCustomer = await this.#parts.plain.consume({
      producerId: agent.id,
      rtpCapabilities: capabilities(codec),
      paused: true,
    });
  }

  #describe(as: 'offer' | 'answer'): string {
    return describeForAgent(
      {
        ice: this.#transport.iceParameters,
        candidates: this.#transport.iceCandidates,
        fingerprints: this.#transport.dtlsParameters.fingerprints,
        ...this.#stream,
        sessionId: this.#sessionId,
        version: this.#version,
      },
      as,
    );
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

function consumeCustomer(
  transport: types.WebRtcTransport,
  customer: types.Producer,
  codec: G711,
): Promise<types.Consumer> {
  return transport.consume({ producerId: customer.id, rtpCapabilities: capabilities(codec), paused: true });
}
