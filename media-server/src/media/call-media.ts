import { randomBytes } from 'node:crypto';
import type { types } from 'mediasoup';
import { err, ok, type Result } from '../shared/result.ts';
import { AgentLeg } from './agent-leg.ts';
import { PlainAgent } from './plain-agent.ts';
import { PAYLOAD_TYPE, ROUTER_CODECS, sendParameters } from './rtp-parameters.ts';
import type { G711 } from './sdp-reader.ts';
import type { MediaWorkers } from './workers.ts';

/** Packets through the SFU since the call's media was opened, as the worker counts them. */
export interface SfuCounts {
  /** Of the customer, into the SFU. */
  readonly fromCustomer: number;
  /** Of the customer, out to the agent. */
  readonly toAgent: number;
  readonly fromAgent: number;
  /** Of the agent, out towards the customer's gate. */
  readonly toCustomer: number;
}

/** How the SFU and a gate on another host reach each other. What passes between them is sealed. */
export interface RemoteGates {
  /** Local address of the SFU's ports for gates, and the one that gates send to, where that is another (NAT). */
  readonly ip: string;
  readonly announced?: string | undefined;
  readonly ports: { readonly min: number; readonly max: number };
}

/** The SFU's side of one call's way to its gate, as `leg-open` has it. */
export interface SfuAddress {
  readonly address: { readonly ip: string; readonly port: number };
  readonly payloadType: number;
  readonly srtp?: { readonly toSfu: string; readonly fromSfu: string };
}

const LOOPBACK = '127.0.0.1';
const CRYPTO_SUITE = 'AEAD_AES_256_GCM';
/** Bytes of its master key and salt. */
const KEY_BYTES = 44;

/**
 * One call in the SFU: a router with the customer's plain transport (to and from the gate: on loopback, or by SRTP to
 * another host) and the agents' WebRTC transports. Holds the second valve: shut, every consumer is paused and every new one is born paused. It is
 * shut from the start.
 */
export class CallMedia {
  readonly #router: types.Router;
  readonly #worker: { server: types.WebRtcServer };
  readonly #release: () => void;
  readonly #plain: types.PlainTransport;
  /** The key of what gates on another host send. */
  readonly #gateKey: string | undefined;
  readonly #legs = new Set<AgentLeg | PlainAgent>();
  #codec: G711;
  #customer: types.Producer | undefined;
  #customerSsrc = 0;
  #connected = false;
  #valve: 'shut' | 'open' = 'shut';
  #closed = false;
  /** Told once when the worker died: every leg of this call is dead. */
  onLost: () => void = () => {};

  private constructor(
    router: types.Router,
    worker: { server: types.WebRtcServer },
    plain: types.PlainTransport,
    codec: G711,
    gateKey: string | undefined,
    release: () => void,
  ) {
    this.#gateKey = gateKey;
    this.#router = router;
    this.#worker = worker;
    this.#plain = plain;
    this.#codec = codec;
    this.#release = release;
    router.once('workerclose', () => {
      this.#closed = true;
      release();
      this.onLost();
    });
  }

  /**
   * Takes a place on the least loaded worker; fails while no worker is up.
   *
   * @param remote for gates on another host
   */
  static async create(
    workers: MediaWorkers,
    codec: G711,
    remote?: RemoteGates,
  ): Promise<Result<CallMedia, 'no-worker'>> {
    const place = workers.take();
    if (!place) return err('no-worker');
    const { worker, release } = place;
    try {
      const router = await worker.worker.createRouter({ mediaCodecs: ROUTER_CODECS });
      const plain = await router.createPlainTransport({
        listenInfo: remote ? listenFor(remote) : { protocol: 'udp', ip: LOOPBACK },
        rtcpMux: true,
        comedia: false,
        ...(remote && { enableSrtp: true, srtpCryptoSuite: CRYPTO_SUITE }),
      });
      const gateKey = remote && randomBytes(KEY_BYTES).toString('base64');
      return ok(new CallMedia(router, worker, plain, codec, gateKey, release));
    } catch {
      // The worker died meanwhile.
      release();
      return err('no-worker');
    }
  }

  get codec(): G711 {
    return this.#codec;
  }

  get valve(): 'shut' | 'open' {
    return this.#valve;
  }

  /** Where the gate sends the customer's sound, the payload type of both directions, and the keys to another host. */
  get sfu(): SfuAddress {
    const { localAddress: ip, localPort: port } = this.#plain.tuple;
    const fromSfu = this.#plain.srtpParameters?.keyBase64;
    const sealed = this.#gateKey !== undefined && fromSfu !== undefined;
    return {
      address: { ip, port },
      payloadType: PAYLOAD_TYPE[this.#codec],
      ...(sealed && { srtp: { toSfu: this.#gateKey, fromSfu } }),
    };
  }

  /** Tells the SFU of the gate's port and stream. Of a gate that was opened again the port is the same. */
  async connectCustomer(gate: { ip?: string | undefined; port: number; ssrc: number }): Promise<void> {
    if (!this.#connected) {
      this.#connected = true;
      const srtp = this.#gateKey !== undefined && {
        srtpParameters: { cryptoSuite: CRYPTO_SUITE, keyBase64: this.#gateKey } as const,
      };
      await this.#plain.connect({ ip: gate.ip ?? LOOPBACK, port: gate.port, ...srtp });
    }
    await this.#produceCustomer(gate.ssrc);
  }

  /**
   * A gate that was opened again: where it is sealed its stream is another, and so have those towards it to be, of whose
   * numbers it knows nothing. All are paused as the valve says; whether they are others now.
   */
  async reconnectCustomer(ssrc: number): Promise<boolean> {
    if (ssrc === this.#customerSsrc) return false;
    await this.#produceCustomer(ssrc);
    for (const leg of this.#legs) await leg.follow(this.#codec, this.#required(), true);
    return true;
  }

  /** The customer's side chose another codec than the one begun with: all streams are made anew, paused as the valve says. */
  async setCodec(codec: G711, ssrc: number): Promise<void> {
    if (codec === this.#codec) return;
    this.#codec = codec;
    await this.#produceCustomer(ssrc);
    for (const leg of this.#legs) await leg.follow(codec, this.#required());
  }

  async #produceCustomer(ssrc: number): Promise<void> {
    this.#customer?.close();
    this.#customerSsrc = ssrc;
    this.#customer = await this.#plain.produce({
      kind: 'audio',
      rtpParameters: sendParameters(this.#codec, ssrc, 'customer'),
    });
  }

  #required(): types.Producer {
    if (!this.#customer) throw new Error('the customer is not connected yet');
    return this.#customer;
  }

  /** A leg for one agent's window, with a consumer of the customer that is paused until the valve opens. */
  async openAgent(): Promise<AgentLeg> {
    const leg = await AgentLeg.open({
      router: this.#router,
      server: this.#worker.server,
      customer: this.#required(),
      plain: this.#plain,
      codec: this.#codec,
      valve: () => this.#valve,
      closed: () => this.#legs.delete(leg),
    });
    this.#legs.add(leg);
    return leg;
  }

  /** An agent by plain RTP on loopback, who is there until the call's media is closed. */
  async openPlainAgent(of: { readonly port: number; readonly ssrc: number }): Promise<PlainAgent> {
    const leg = await PlainAgent.open({
      router: this.#router,
      customer: this.#required(),
      plain: this.#plain,
      codec: this.#codec,
      valve: () => this.#valve,
      ...of,
    });
    this.#legs.add(leg);
    await leg.resume();
    return leg;
  }

  /**
   * Shuts the valve: pauses every consumer of both directions. Resolves when the worker has done it. The agents' offers are
   * others then (see `AgentLeg.shut`).
   */
  async shut(): Promise<void> {
    this.#valve = 'shut';
    await Promise.all([...this.#legs].map((leg) => leg.shut()));
  }

  /** Opens the valve for the leg that was accepted. A `shut()` that comes meanwhile wins. */
  async open(): Promise<void> {
    this.#valve = 'open';
    await Promise.all([...this.#legs].map((leg) => leg.resume()));
  }

  /** As the worker counts; zeros once it is gone. */
  async counts(): Promise<SfuCounts> {
    if (this.#closed) return { fromCustomer: 0, toAgent: 0, fromAgent: 0, toCustomer: 0 };
    const customer = await this.#customer?.getStats().catch(() => []);
    const legs = await Promise.all([...this.#legs].map((leg) => leg.counts()));
    return {
      fromCustomer: customer?.[0]?.packetCount ?? 0,
      toAgent: legs.reduce((sum, leg) => sum + leg.toAgent, 0),
      fromAgent: legs.reduce((sum, leg) => sum + leg.fromAgent, 0),
      toCustomer: legs.reduce((sum, leg) => sum + leg.toCustomer, 0),
    };
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#router.close();
    this.#release();
  }
}

function listenFor({ ip, announced, ports }: RemoteGates): types.TransportListenInfo {
  return { protocol: 'udp', ip, portRange: ports, ...(announced !== undefined && { announcedAddress: announced }) };
}
