/**
 * One customer's leg: the sockets around a `GateCore`. Everything happens on the caller's thread.
 *
 *     const leg = new GateLeg(options, { portPool, ticker, clock, events });
 *     const ready = await leg.open();          // { rtpPort, sfuPort, ssrc } or a refusal; call it once
 *     leg.update({ far, sfu });                // what became known or changed
 *     leg.shut();                              // effective before it returns; answered by onWall('shut', …) within the call
 *     leg.requestOpen();                       // answered by onWall('open', …) once the keys were quiet for 300 ms; a shut() takes it back
 *     leg.play([welcome, 700, amount], false); // G.711 in the leg's codec, numbers are ms of silence; replaces what plays; onPlayed() at its own end
 *     leg.stop();                              // ends what plays, without onPlayed()
 *     leg.listenForSpeech(true);               // onSpeech() when the customer speaks while nothing plays
 *     leg.sendKey(5);                          // false: no key format towards the customer
 *     leg.counts();
 *     leg.close();                             // sockets, port and tick are given back; nothing is called afterwards
 *
 * Keys are numbers: 0 … 9, 10 is `*`, 11 is `#`.
 */
import { createSocket, type Socket, type SocketOptions } from 'node:dgram';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import type { Clock } from '../../shared/clock.ts';
import { isRtcp } from '../../rtp/packet.ts';
import { SrtpReceiver, SrtpSender } from '../../rtp/srtp.ts';
import { err, ok, type Result } from '../../shared/result.ts';
import type { Codec, FarSide, LegCounts, LegOpen, Refusal, SfuSide } from '../contract.ts';
import type { CardSettings } from '../settings.ts';
import { GateCore, type GateOutput } from './gate-core.ts';
import type { PortPool } from './port-pool.ts';
import type { Ticker } from './ticker.ts';

/** As in `leg-open`. `wall` shut unless it says open. */
export interface GateLegOptions {
  codec: Codec;
  /** The local address on which the customer's RTP is received. */
  bind: string;
  /** Ports of an earlier life, to be taken again; else free ones. */
  ports?: LegOpen['ports'];
  /** SSRC of the stream towards the SFU in that earlier life. */
  ssrc?: LegOpen['ssrc'];
  far?: FarSide | undefined;
  sfu?: SfuSide | undefined;
  wall: 'shut' | 'open';
}

/** What a leg tells. Called synchronously on the leg's thread; none of them may throw. */
export interface GateLegEvents {
  /** A press has begun: 0 … 9, 10 `*`, 11 `#`. Told in the order of pressing, whether the wall is shut or open. */
  onKey(key: number, transport: 'event' | 'tone'): void;
  /** A press that was told already has come by the other transport too; it is no new one. */
  onKeyAgain(): void;
  /**
   * While listened for: the customer has spoken for 1.2 s within 2.5 s without a key and while nothing was played. Told
   * again after as much again.
   */
  onSpeech(): void;
  /** What was played without `loop` came to its end by itself. */
  onPlayed(): void;
  /** The answer to each `shut()` and each `requestOpen()` that wasn't taken back. */
  onWall(state: 'shut' | 'open', counts: LegCounts): void;
  /** A bug in the gate: the leg has shut and closed itself. */
  onFault(error: Error): void;
}

export interface GateLegEnvironment {
  portPool: PortPool;
  ticker: Ticker;
  clock: Clock;
  /** On another host than the SFU: where it binds instead. Then it sends and takes nothing of the SFU's in clear. */
  remote?: Pick<NonNullable<CardSettings['remote']>, 'bind' | 'sfu'> | undefined;
  events: GateLegEvents;
}

export interface GateLegReady {
  rtpPort: number;
  sfuPort: number;
  /** SSRC of the stream towards the SFU. */
  ssrc: number;
}

interface SealedStreams {
  readonly keys: NonNullable<SfuSide['srtp']>;
  readonly out: SrtpSender;
  readonly in: SrtpReceiver;
}

const PORT_TRIES = 50;
const LOOPBACK = '127.0.0.1';

export class GateLeg {
  readonly #options: GateLegOptions;
  readonly #environment: GateLegEnvironment;
  readonly #core: GateCore;
  #rtp: Socket | undefined;
  #rtcp: Socket | undefined;
  #sfu: Socket | undefined;
  /** The address the SFU socket is connected to. */
  #sfuAddress: SfuSide['address'] | undefined;
  #sealed: SealedStreams | undefined;
  #rtpPort = 0;
  #unlisten: (() => void) | undefined;
  #closed = false;

  constructor(options: GateLegOptions, environment: GateLegEnvironment) {
    this.#options = options;
    this.#environment = environment;
    const { events } = environment;
    const output: GateOutput = {
      toSfu: (packet) => this.#toSfu(packet),
      toFar: (packet, ip, port) => this.#rtp?.send(packet, port, ip),
      rtcpToFar: (packet, ip, port) => this.#rtcp?.send(packet, port, ip),
      key: (key, transport) => events.onKey(key, transport),
      keyAgain: () => events.onKeyAgain(),
      speech: () => events.onSpeech(),
      played: () => events.onPlayed(),
      wall: (state, counts) => events.onWall(state, counts),
    };
    const { codec, far, wall, sfu } = options;
    // Under a key that was used before, the numbers of an earlier life's stream may not come again.
    const ssrc = sfu?.srtp ? undefined : options.ssrc;
    this.#core = new GateCore({ codec, ssrc, far, wall }, output, environment.clock.monotonic());
  }

  /**
   * Takes the ports and begins. Errors: `port-taken` (one of `ports` is in use), `no-free-port`. A leg that couldn't
   * be opened is closed.
   */
  async open(): Promise<Result<GateLegReady, Refusal>> {
    const bound = this.#options.ports
      ? (await this.#bindPair(this.#options.ports.rtp, true)) || 'port-taken'
      : (await this.#bindFreePair()) || 'no-free-port';
    if (bound !== true) return this.#refuse(bound);
    const sfu = await this.#bindSfu();
    if (!sfu) return this.#refuse(this.#options.ports ? 'port-taken' : 'no-free-port');
    if (this.#closed) {
      sfu.close();
      return err('no-such-leg');
    }
    this.#sfu = sfu;
    const rtp = this.#rtp as Socket;
    const rtcp = this.#rtcp as Socket;
    const { clock, ticker } = this.#environment;
    rtp.on('message', (packet, from) =>
      this.#guarded(() => this.#core.fromFar(packet, from.address, from.port, clock.monotonic())),
    );
    rtcp.on('message', (packet, from) =>
      this.#guarded(() => this.#core.rtcpFromFar(packet, from.address, from.port, clock.monotonic())),
    );
    sfu.on('message', (packet, from) => {
      // The kernel filters a connected socket, but not what was waiting when it was connected anew.
      if (from.port !== this.#sfuAddress?.port || from.address !== this.#sfuAddress.ip) this.#core.strangerAtSfu();
      else this.#guarded(() => this.#fromSfu(packet, clock.monotonic()));
    });
    this.#unlisten = ticker.listen((now) => this.#guarded(() => this.#core.tick(now)));
    if (this.#options.sfu) this.update({ sfu: this.#options.sfu });
    return ok({ rtpPort: this.#rtpPort, sfuPort: sfu.address().port, ssrc: this.#core.ssrcToSfu });
  }

  /** What became known or changed of either side. */
  update(sides: { far?: FarSide | undefined; sfu?: SfuSide | undefined }): void {
    if (this.#closed) return;
    if (sides.far) this.#core.updateFar(sides.far);
    if (sides.sfu) this.#connect(sides.sfu);
  }

  /** Nothing passes from here on, in either direction. */
  shut(): void {
    this.#guarded(() => this.#core.shut());
  }

  requestOpen(): void {
    this.#guarded(() => this.#core.requestOpen(this.#environment.clock.monotonic()));
  }

  /**
   * Plays one after the other: G.711 of the leg's codec, 8000 bytes a second, or silence of so many milliseconds.
   * `loop` begins again at the end, until `stop()`. The buffers are read while they play and not changed.
   */
  play(sounds: readonly (Uint8Array | number)[], loop: boolean): void {
    this.#guarded(() => this.#core.play(sounds, loop));
  }

  stop(): void {
    this.#guarded(() => this.#core.stop());
  }

  /** Whether `onSpeech()` is told; not unless asked for. */
  listenForSpeech(on: boolean): void {
    this.#guarded(() => this.#core.listenForSpeech(on));
  }

  /** Sends a key (0 … 11) of 100 ms to the customer's side. False: no key format was negotiated, or 16 keys wait. */
  sendKey(key: number): boolean {
    return !this.#closed && this.#core.sendKey(key);
  }

  counts(): LegCounts {
    return this.#core.counts();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#core.close();
    this.#unlisten?.();
    for (const socket of [this.#rtp, this.#rtcp, this.#sfu]) socket?.close();
    if (this.#rtpPort > 0) this.#environment.portPool.release(this.#rtpPort);
  }

  #toSfu(packet: Uint8Array): void {
    if (!this.#sealed) {
      if (!this.#environment.remote) this.#sfu?.send(packet);
      return;
    }
    const { out } = this.#sealed;
    const sealed = isRtcp(packet) ? out.rtcp(packet) : out.rtp(packet);
    packet.fill(0);
    if (sealed) this.#sfu?.send(sealed);
  }

  #fromSfu(packet: Buffer, now: number): void {
    const streams = this.#sealed?.in;
    const read = streams && (isRtcp(packet) ? streams.rtcp(packet) : streams.rtp(packet));
    const plain = this.#environment.remote || streams ? read : packet;
    if (plain) this.#core.fromSfu(plain, now);
    else this.#core.strangerAtSfu();
  }

  #connect(side: SfuSide): void {
    const { ip, port } = side.address;
    this.#useKeys(side.srtp);
    this.#core.updateSfu(side);
    if (!this.#sfu || (this.#sfuAddress?.ip === ip && this.#sfuAddress.port === port)) return;
    if (this.#sfuAddress) this.#sfu.disconnect();
    // With the lookup below this is done when it returns, so that no packet is sent between.
    this.#sfu.connect(port, ip);
    this.#sfuAddress = side.address;
  }

  /** The same keys are gone on with: what was sent under them is remembered. */
  #useKeys(keys: SfuSide['srtp']): void {
    const now = this.#sealed?.keys;
    if (keys?.toSfu === now?.toSfu && keys?.fromSfu === now?.fromSfu) return;
    this.#sealed = keys && {
      keys,
      out: new SrtpSender(Buffer.from(keys.toSfu, 'base64')),
      in: new SrtpReceiver(Buffer.from(keys.fromSfu, 'base64')),
    };
  }

  /** A bug ends the leg it is in, shut; other legs of the thread live on. */
  #guarded(act: () => void): void {
    if (this.#closed) return;
    try {
      act();
    } catch (error) {
      this.close();
      this.#environment.events.onFault(error instanceof Error ? error : new Error('the gate threw no error'));
    }
  }

  #refuse(why: Refusal): Result<GateLegReady, Refusal> {
    this.close();
    return err(why);
  }

  async #bindFreePair(): Promise<boolean> {
    for (let i = 0; i < PORT_TRIES && !this.#closed; i++) {
      const port = this.#environment.portPool.take();
      if (port === undefined) return false;
      if (await this.#bindPair(port, false)) return true;
      // Somebody else on this machine has it: to the end of the queue.
      this.#environment.portPool.release(port);
    }
    return false;
  }

  async #bindSfu(): Promise<Socket | undefined> {
    const { remote } = this.#environment;
    const { ports } = this.#options;
    if (ports) return bindSocket(remote?.sfu.ip ?? LOOPBACK, ports.sfu);
    return remote ? bindWithin(remote.sfu) : bindAnywhere();
  }

  async #bindPair(port: number, exact: boolean): Promise<boolean> {
    if (exact && !this.#environment.portPool.takeExact(port)) return false;
    const ip = this.#environment.remote?.bind ?? this.#options.bind;
    const rtp = await bindSocket(ip, port);
    const rtcp = rtp && (await bindSocket(ip, port + 1));
    if (!rtp || !rtcp || this.#closed) {
      rtp?.close();
      rtcp?.close();
      if (exact) this.#environment.portPool.release(port);
      return false;
    }
    this.#rtp = rtp;
    this.#rtcp = rtcp;
    this.#rtpPort = port;
    return true;
  }
}

/**
 * A socket on a free port of loopback. The port is chosen by the kernel and then asked for by its number, because a
 * port that the kernel chose is lost when the socket is connected to another address.
 */
async function bindAnywhere(): Promise<Socket | undefined> {
  for (let i = 0; i < PORT_TRIES; i++) {
    const chosen = await bindSocket(LOOPBACK, 0);
    const port = chosen?.address().port;
    chosen?.close();
    const socket = port === undefined ? undefined : await bindSocket(LOOPBACK, port);
    if (socket) return socket;
  }
  return undefined;
}

/** A socket on a free port of a range. It begins anywhere, so that a port isn't used again at once. */
async function bindWithin({ ip, ports: { min, max } }: { ip: string; ports: { min: number; max: number } }) {
  const count = max - min + 1;
  const first = randomInt(count);
  for (let i = 0; i < count; i++) {
    const socket = await bindSocket(ip, min + ((first + i) % count));
    if (socket) return socket;
  }
  return undefined;
}

/** A bound socket, or nothing where the port is in use. */
async function bindSocket(ip: string, port: number): Promise<Socket | undefined> {
  const family = ip.includes(':') ? 6 : 4;
  // Node's own look-up of an address that is one already answers a tick later: then a packet could leave after shut().
  const lookup: NonNullable<SocketOptions['lookup']> = (host, _options, done) => done(null, host, family);
  const socket = createSocket({ type: family === 6 ? 'udp6' : 'udp4', lookup });
  try {
    // That look-up answers at once, and so does bind: whoever listens only after it waits for ever.
    const listening = once(socket, 'listening');
    socket.bind({ address: ip, port, exclusive: true });
    await listening;
  } catch (error) {
    socket.close();
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') return undefined;
    throw error;
  }
  // A far side that isn't there yet answers with ICMP; packets are lost then, which is what RTP expects.
  socket.on('error', () => {});
  return socket;
}
