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
  #toAgent: types.Consumer;
  #agent: types.Producer | undefined;
  #toCustomer: types.Consumer | undefined;
  #ufrag = '';
  #accepted = false;
  #closed = false;

  private constructor(parts: AgentLegParts, transport: types.WebRtcTransport, toAgent: types.Consumer) {
    this.#parts = parts;
    this.#codec = parts.codec;
    this.#transport = transport;
    this.#toAgent = toAgent;
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

  get codec(): G711 {
    return this.#codec;
  }

  /**
   * Takes the answer to an `offer()` that was made when the leg spoke `offered`: from now on this is the leg that is heard
   * when the valve is open. If it speaks another codec by now, it is heard after the answer to a further offer.
   */
  async accept(answer: string, offered: G711): Promise<Result<void, SdpFailure>> {
    const side = readAgent(answer, offered, 'answer');
    if (!side.ok) return side;
    if (this.#closed) return err({ status: 488, why: 'the leg was closed' });
    if (!this.#accepted) {
      this.#ufrag = side.value.ufrag;
      await this.#transport.connect({ dtlsParameters: side.value.dtls });
    }
    this.#accepted = true;
    if (offered === this.#codec) await this.#produce(side.value.ssrc, side.value.cname);
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
    this.#version++;
    this.#toAgent.close();
    this.#toAgent = await consumeCustomer(this.#transport, customer, codec);
  }

  async pause(): Promise<void> {
    await Promise.all([this.#toAgent.pause(), this.#toCustomer?.pause()]);
  }

  /** Nothing is resumed before the leg was accepted, nor when the valve was shut meanwhile. */
  async resume(): Promise<void> {
    if (!this.#accepted || this.#parts.valve() !== 'open') return;
    await Promise.all([this.#toAgent.resume(), this.#toCustomer?.resume()]);
  }

  async counts(): Promise<{ toAgent: number; fromAgent: number; toCustomer: number }> {
    const [toAgent, fromAgent, toCustomer] = await Promise.all([
      this.#toAgent.getStats().catch(() => []),
      this.#agent?.getStats().catch(() => []),
      this.#toCustomer?.getStats().catch(() => []),
    ]);
    return {
      toAgent: toAgent?.[0]?.packetCount ?? 0,
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

  async #produce(ssrc: number, cname: string): Promise<void> {
    // `follow` may come in between: what was begun with one codec is ended with it.
    const codec = this.#codec;
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
    const ssrc = this.#toAgent.rtpParameters.encodings?.[0]?.ssrc;
    if (ssrc === undefined) throw new Error('a consumer without an SSRC');
    return describeForAgent(
      {
        ice: this.#transport.iceParameters,
        candidates: this.#transport.iceCandidates,
        fingerprints: this.#transport.dtlsParameters.fingerprints,
        ssrc,
        codec: this.#codec,
        sessionId: this.#sessionId,
        version: this.#version,
      },
      as,
    );
  }
}

function consumeCustomer(
  transport: types.WebRtcTransport,
  customer: types.Producer,
  codec: G711,
): Promise<types.Consumer> {
  return transport.consume({ producerId: customer.id, rtpCapabilities: capabilities(codec), paused: true });
}
