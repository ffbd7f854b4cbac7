import { randomInt } from 'node:crypto';
import type { types } from 'mediasoup';
import { err, ok, type Result } from '../shared/result.ts';
import { describeForAgent, readAgent } from './agent-sdp.ts';
import { type AgentCounts, AgentStreams, type AgentStreamsParts, type CustomerStream } from './agent-streams.ts';
import type { G711, SdpFailure } from './sdp-reader.ts';

interface AgentLegParts extends AgentStreamsParts {
  readonly router: types.Router;
  readonly server: types.WebRtcServer;
  readonly closed: () => void;
}

/** One agent's window in the SFU: a WebRTC transport, and the streams on it. */
export class AgentLeg {
  readonly #closedBy: () => void;
  readonly #transport: types.WebRtcTransport;
  readonly #streams: AgentStreams;
  readonly #sessionId = String(randomInt(1, 2 ** 47));
  #iceRestarts = 0;
  #ufrag = '';
  #accepted = false;
  #closed = false;
  readonly #valve: () => 'shut' | 'open';

  private constructor(parts: AgentLegParts, transport: types.WebRtcTransport, streams: AgentStreams) {
    this.#closedBy = parts.closed;
    this.#valve = parts.valve;
    this.#transport = transport;
    this.#streams = streams;
  }

  static async open(parts: AgentLegParts): Promise<AgentLeg> {
    const transport = await parts.router.createWebRtcTransport({
      webRtcServer: parts.server,
      enableUdp: true,
      enableTcp: true,
      preferUdp: true,
      iceConsentTimeout: 20,
    });
    return new AgentLeg(parts, transport, await AgentStreams.open(parts, transport));
  }

  /** Our offer as it stands; the same text while nothing changed (session refreshes). */
  offer(): string {
    return this.#describe('offer');
  }

  /** What `offer()` says now. */
  get stream(): CustomerStream {
    return this.#streams.stream;
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
    this.#streams.accept();
    if (offered.codec === this.#streams.codec) await this.#streams.produce(side.value.ssrc, side.value.cname);
    if (this.#valve() === 'open') await this.resume();
    return ok(undefined);
  }

  /** Answers the agent's own re-INVITE: after a network change it brings new ICE credentials (RFC 8445 §9). */
  async reoffered(offer: string): Promise<Result<string, SdpFailure>> {
    const side = readAgent(offer, this.#streams.codec, 'offer');
    if (!side.ok) return side;
    if (side.value.ufrag !== this.#ufrag) {
      this.#ufrag = side.value.ufrag;
      await this.#transport.restartIce();
      this.#iceRestarts++;
    }
    return ok(this.#describe('answer'));
  }

  /** See `AgentStreams.follow`: the caller re-INVITEs with `offer()` and hands the answer to `accept()`. */
  follow(codec: G711, customer: types.Producer, afresh?: boolean): Promise<void> {
    return this.#streams.follow(codec, customer, afresh);
  }

  /** See `AgentStreams.shut`: `stream` may be another afterwards. */
  shut(): Promise<void> {
    return this.#streams.shut();
  }

  resume(): Promise<void> {
    return this.#streams.resume();
  }

  counts(): Promise<AgentCounts> {
    return this.#streams.counts();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    // Consumers of the agent on the customer's transport close with their producer.
    this.#transport.close();
    this.#closedBy();
  }

  #describe(as: 'offer' | 'answer'): string {
    return describeForAgent(
      {
        ice: this.#transport.iceParameters,
        candidates: this.#transport.iceCandidates,
        fingerprints: this.#transport.dtlsParameters.fingerprints,
        ...this.#streams.stream,
        sessionId: this.#sessionId,
        version: 1 + this.#streams.exchanges + this.#iceRestarts,
      },
      as,
    );
  }
}
