import { randomInt } from 'node:crypto';
import { SocketAddress } from 'node:net';
import { type Law, SILENCE } from '../../rtp/g711.ts';
import { emptyHeader, isRtcp, readRtp, RTP_HEADER_BYTES, writeRtp } from '../../rtp/packet.ts';
import { Reception } from '../../rtp/reception.ts';
import { StreamRewriter } from '../../rtp/stream-rewriter.ts';
import type { FarSide, KeyFormat, LegCounts, SfuSide } from '../contract.ts';
import { Keys } from '../keys/keys.ts';
import { SpeechDetector } from '../keys/speech-detector.ts';
import { UnagreedEvents } from '../keys/unagreed-events.ts';
import { FarStream, FRAME_BYTES } from './far-stream.ts';
import { KeySender } from './key-sender.ts';
import { Latch } from './latch.ts';
import { Playlist } from './playlist.ts';
import { Reports } from './reports.ts';
import { SfuInputs } from './sfu-inputs.ts';

/** The customer's last key has ended for so long before the wall opens, ms. */
export const QUIET_MS = 300;
/** With the wall open the customer hears silence of ours when the SFU sent nothing for so long, ms. */
const SFU_SILENT_MS = 200;
/** The longest packet of sound that is taken from a customer, bytes (160 ms). */
const SOUND_LIMIT = 1280;
/** Clock rate of events that nobody negotiated, Hz: the sound's. */
const UNAGREED_RATE = 8000;
/** A loudspeaker's echo of what we played may come back for so long after its end, ms. */
const ECHO_MS = 400;

export interface GateCoreOptions {
  codec: Law;
  /** SSRC of the stream towards the SFU; random when absent. */
  ssrc?: number | undefined;
  far?: FarSide | undefined;
  wall: 'shut' | 'open';
}

/** What the core does. A packet handed out must be sent at once; the core may use it no more. */
export interface GateOutput {
  toSfu(packet: Uint8Array): void;
  toFar(packet: Uint8Array, ip: string, port: number): void;
  /** RTCP that isn't multiplexed with RTP. */
  rtcpToFar(packet: Uint8Array, ip: string, port: number): void;
  key(key: number, transport: 'event' | 'tone'): void;
  keyAgain(): void;
  speech(): void;
  played(): void;
  wall(state: 'shut' | 'open', counts: LegCounts): void;
}

/**
 * The gate of one leg without sockets and clocks: latching, the wall, clean streams either way, counting. Packets are
 * rewritten in place. Times are monotonic milliseconds.
 */
export class GateCore {
  readonly ssrcToSfu: number;
  readonly #out: GateOutput;
  readonly #keys: Keys;
  readonly #unagreed = new UnagreedEvents();
  readonly #speech: SpeechDetector;
  readonly #latch = new Latch();
  readonly #toSfu: StreamRewriter;
  readonly #farStream: FarStream;
  readonly #inputs: SfuInputs;
  readonly #playlist: Playlist;
  readonly #keySender = new KeySender();
  readonly #reception = new Reception();
  readonly #reports: Reports;
  readonly #silentFrame: Uint8Array;
  readonly #frame = new Uint8Array(FRAME_BYTES);
  readonly #mixed = new Uint8Array(FRAME_BYTES);
  readonly #header = emptyHeader();

  #far: FarSide | undefined;
  #sfu: SfuSide | undefined;
  #open: boolean;
  #openWanted = false;
  #closed = false;
  #playBegins = false;
  #keyTimestamp = 0;
  #listening = false;
  #playedAt = Number.NEGATIVE_INFINITY;
  #sfuHeardAt = Number.NEGATIVE_INFINITY;

  #fromFar = 0;
  #sentToSfu = 0;
  #bytesToSfu = 0;
  #fromSfu = 0;
  #keptIn = 0;
  #keptOut = 0;
  #foreign = 0;
  #keyEvents = 0;

  constructor(options: GateCoreOptions, out: GateOutput, now: number) {
    const { codec } = options;
    const silence = SILENCE[codec];
    this.#out = out;
    this.#open = options.wall === 'open';
    this.ssrcToSfu = options.ssrc ?? randomInt(1, 0xffff_ffff);
    this.#toSfu = new StreamRewriter(this.ssrcToSfu, randomInt(0, 0x8000), randomInt(0, 0x8000_0000));
    const toFar = new StreamRewriter(randomInt(1, 0xffff_ffff), randomInt(0, 0x8000), randomInt(0, 0x8000_0000));
    this.#farStream = new FarStream(toFar, silence, (packet) => this.#sendToFar(packet));
    this.#inputs = new SfuInputs(codec);
    this.#playlist = new Playlist(silence);
    this.#silentFrame = new Uint8Array(FRAME_BYTES).fill(silence);
    const pressed = (key: number, transport: 'event' | 'tone') => {
      this.#speech.interrupt();
      out.key(key, transport);
    };
    this.#keys = new Keys(codec, { pressed, again: () => out.keyAgain() }, now);
    this.#speech = new SpeechDetector(codec);
    this.#reports = new Reports(now);
    if (options.far) this.updateFar(options.far);
  }

  /** What SDP says of the customer's side by now. */
  updateFar(far: FarSide): void {
    this.#far = far;
    this.#unagreed.reset();
    this.#latch.announce(far.rtp && { ip: asReceived(far.rtp.ip), port: far.rtp.port });
    this.#farStream.setFormat(far.payloadType, far.ptime);
    if (!far.keysOut) this.#keySender.clear();
  }

  updateSfu(sfu: SfuSide): void {
    this.#sfu = sfu;
  }

  /** A datagram at the customer's RTP port. It is zeroed or sent on before this returns. */
  fromFar(packet: Buffer, ip: string, port: number, now: number): void {
    if (isRtcp(packet)) {
      this.rtcpFromFar(packet, ip, port, now);
      return;
    }
    this.#hear(packet, ip, port, now);
  }

  /** A datagram at the customer's RTCP port. */
  rtcpFromFar(packet: Buffer, ip: string, port: number, now: number): void {
    // No answer can go to port 0, which a forged datagram may have as its source; nor is it anybody's.
    if (port === 0) return this.#strange(packet);
    const announced = this.#far?.rtcp;
    const known = ip === this.#latch.target?.ip || (ip === announced?.ip && port === announced.port);
    if (!known || !this.#reports.heardFar(packet, this.#farStream.rewriter.ssrc, ip, port, now)) this.#foreign++;
  }

  /** A datagram of the SFU's. */
  fromSfu(packet: Buffer, now: number): void {
    const header = this.#header;
    if (isRtcp(packet)) {
      this.#reports.heardSfu(packet, this.ssrcToSfu, now);
      return;
    }
    if (!readRtp(packet, header) || header.payloadType !== this.#sfu?.payloadType || header.start === header.end) {
      this.#foreign++;
      return;
    }
    this.#fromSfu++;
    this.#reports.fromSfu.packet(header.ssrc, header.sequence, header.timestamp, now);
    if (!this.#open) {
      this.#keptOut++;
      return;
    }
    if (!this.#inputs.heard(header.ssrc, packet, header.start, header.end, now)) {
      this.#foreign++;
      return;
    }
    this.#sfuHeardAt = now;
    if (this.#inputs.mixing || this.#playlist.playing || this.#keySender.sending || !this.#far?.wantsSound) return;
    this.#farStream.forward(packet, header, now);
  }

  /** A datagram of somebody else at the SFU's port. */
  strangerAtSfu(): void {
    this.#foreign++;
  }

  /** Every 20 ms. */
  tick(now: number): void {
    this.#keys.forgetOld(now);
    if (this.#openWanted) this.#openIfQuiet(now);
    this.#sendFrame(now);
    if (this.#reports.due(now)) this.#sendReports(now);
  }

  /** Shuts the wall; when this returns nothing passes any more, and nothing waits to. */
  shut(): void {
    this.#openWanted = false;
    this.#open = false;
    this.#discard();
    this.#out.wall('shut', this.counts());
  }

  /** Opens the wall as soon as the customer's keys are quiet for 300 ms: now or on a tick. */
  requestOpen(now: number): void {
    this.#openWanted = true;
    this.#openIfQuiet(now);
  }

  play(items: readonly (Uint8Array | number)[], loop: boolean): void {
    this.#playlist.play(items, loop);
    this.#playBegins = true;
    // Nothing to play has been played; told on the tick, as every end is.
    if (!this.#playlist.playing) this.#playlist.play([20], false);
  }

  stop(): void {
    this.#playlist.stop();
  }

  /** Whether `speech` is told while nothing of ours plays. */
  listenForSpeech(on: boolean): void {
    this.#listening = on;
    this.#speech.interrupt();
  }

  /** Sends a key to the customer's side. False without a key format, or when too many wait. */
  sendKey(key: number): boolean {
    return this.#far?.keysOut !== undefined && this.#keySender.add(key);
  }

  counts(): LegCounts {
    return {
      fromFar: this.#fromFar,
      toSfu: this.#sentToSfu,
      fromSfu: this.#fromSfu,
      toFar: this.#farStream.packets,
      keptIn: this.#keptIn,
      keptOut: this.#keptOut,
      foreign: this.#foreign,
      keyEvents: this.#keyEvents,
      lost: this.#reception.lost,
      jitterMs: this.#reception.jitterMs,
    };
  }

  /** Shuts for good, and zeroes what is held of sound and keys. */
  close(): void {
    this.#closed = true;
    this.#open = this.#openWanted = false;
    this.#playlist.stop();
    this.#keySender.clear();
    this.#discard();
    this.#keys.reset();
    this.#unagreed.reset();
    this.#speech.interrupt();
  }

  #hear(packet: Buffer, ip: string, port: number, now: number): void {
    const header = this.#header;
    const far = this.#far;
    if (!far || port === 0 || !readRtp(packet, header) || header.end - header.start > SOUND_LIMIT) {
      this.#strange(packet);
      return;
    }
    const sound = header.payloadType === far.payloadType;
    const keys = sound ? undefined : formatOf(far.keysIn, header.payloadType);
    const negotiated = sound || keys !== undefined;
    // Comfort noise and the like, unasked for, neither latches nor passes, but it is the customer's.
    if (!(negotiated ? this.#latch.accept(header, ip, port, now) : this.#latch.isSource(ip, port))) {
      this.#strange(packet);
      return;
    }
    this.#fromFar++;
    if (!sound) {
      if (keys || this.#unagreed.recognises(packet, header)) {
        this.#keyEvents++;
        this.#keys.event(packet, header, keys?.rate ?? UNAGREED_RATE, now);
      }
      this.#reception.aside(header.ssrc, header.sequence);
      this.#toSfu.leaveOut(header.ssrc, header.sequence);
      this.#keepIn(packet);
      return;
    }
    this.#reception.packet(header.ssrc, header.sequence, header.timestamp, now);
    this.#keys.sound(packet, header, now);
    if (this.#listening) this.#listen(packet, now);
    // Asked only now: a key that was just told may have shut the wall.
    if (!this.#open || !this.#sfu || header.start === header.end) {
      this.#keepIn(packet);
      return;
    }
    this.#passOn(packet, this.#sfu.payloadType, now);
  }

  #passOn(packet: Buffer, payloadType: number, now: number): void {
    const { ssrc, sequence, timestamp, marker, start, end } = this.#header;
    const stream = this.#toSfu;
    if (!stream.rewrite(ssrc, sequence, timestamp, end - start, marker, now)) return;
    const at = start - RTP_HEADER_BYTES;
    writeRtp(packet, at, payloadType, stream.marker, stream.sequence, stream.timestamp, stream.ssrc);
    this.#sentToSfu++;
    this.#bytesToSfu += end - start;
    this.#out.toSfu(packet.subarray(at, end));
  }

  #listen(packet: Buffer, now: number): void {
    const { start, end } = this.#header;
    if (now - this.#playedAt < ECHO_MS) this.#speech.interrupt();
    else if (!this.#keys.lasts(now) && this.#speech.push(packet, start, end)) this.#out.speech();
  }

  #keepIn(packet: Buffer): void {
    if (!this.#open) this.#keptIn++;
    packet.fill(0);
  }

  #strange(packet: Buffer): void {
    this.#foreign++;
    packet.fill(0);
  }

  #openIfQuiet(now: number): void {
    if (this.#keys.quietSince(now) < QUIET_MS) return;
    this.#openWanted = false;
    if (!this.#open) {
      this.#discard();
      this.#open = true;
    }
    this.#out.wall('open', this.counts());
  }

  /** Throws away what is held of either side's sound. */
  #discard(): void {
    this.#toSfu.interrupt();
    this.#inputs.clear();
    this.#farStream.clear();
    this.#sfuHeardAt = Number.NEGATIVE_INFINITY;
  }

  #sendFrame(now: number): void {
    const far = this.#far;
    const format = far?.keysOut;
    if (format && this.#keySender.sending) {
      this.#sendKeyPart(format, now);
      return;
    }
    const playing = this.#playlist.playing;
    const ended = playing && this.#playlist.next(this.#frame);
    if (playing) this.#playedAt = now;
    // Taken even when it isn't heard, so that nothing old is heard after what plays.
    const mixed = this.#inputs.mixing && this.#inputs.frame(this.#mixed, now);
    if (far?.wantsSound) {
      if (playing) this.#farStream.frame(this.#frame, this.#playBegins, now);
      else if (mixed) this.#farStream.frame(this.#mixed, false, now);
      else if (!this.#open || now - this.#sfuHeardAt >= SFU_SILENT_MS) {
        this.#farStream.frame(this.#silentFrame, false, now);
      }
    }
    if (playing) this.#playBegins = false;
    if (ended) this.#out.played();
  }

  #sendKeyPart(format: KeyFormat, now: number): void {
    const { rewriter } = this.#farStream;
    const begins = this.#keySender.begins;
    const payload = this.#keySender.next(format);
    if (!payload || !this.#far?.wantsSound) return;
    if (begins) this.#keyTimestamp = rewriter.timestampAt(now);
    this.#farStream.event(payload, format.payloadType, begins, this.#keyTimestamp, now);
  }

  #sendReports(now: number): void {
    const { rewriter, packets, bytes } = this.#farStream;
    const target = this.#reports.targetAt(this.#far, this.#latch.target);
    if (target) {
      const sent = { ssrc: rewriter.ssrc, packets, bytes, timestamp: rewriter.timestampAt(now) };
      const packet = this.#reports.forFar(sent, this.#reception.report(), now);
      if (target.multiplexed) this.#out.toFar(packet, target.ip, target.port);
      else this.#out.rtcpToFar(packet, target.ip, target.port);
    }
    if (!this.#open || !this.#sfu) return;
    const timestamp = this.#toSfu.timestampAt(now);
    this.#out.toSfu(
      this.#reports.forSfu({ ssrc: this.ssrcToSfu, packets: this.#sentToSfu, bytes: this.#bytesToSfu, timestamp }, now),
    );
  }

  #sendToFar(packet: Uint8Array): void {
    const target = this.#latch.target;
    if (target && !this.#closed) this.#out.toFar(packet, target.ip, target.port);
  }
}

/** An address as a socket spells it: IPv6 can be written in many ways (RFC 5952). */
function asReceived(ip: string): string {
  return ip.includes(':') ? new SocketAddress({ address: ip, family: 'ipv6' }).address : ip;
}

function formatOf(formats: readonly KeyFormat[], payloadType: number): KeyFormat | undefined {
  for (const format of formats) if (format.payloadType === payloadType) return format;
  return undefined;
}
