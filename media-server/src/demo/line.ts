import { randomBytes, randomInt } from 'node:crypto';
import type { Clock } from '../shared/clock.ts';
import { err, ok } from '../shared/result.ts';
import type { LegEnd, LegHandlers, SipLeg } from '../sip/leg.ts';
import { startBeat } from '../shared/beat.ts';
import { endingOf } from './ending.ts';
import { IncomingStream } from './incoming-stream.ts';
import { KeyPresses } from '../rtp/key-presses.ts';
import { FRAME_SAMPLES, OutgoingStream } from './outgoing-stream.ts';
import type { CallState, PageMessage, PhoneMessage } from './page-messages.ts';
import type { RtpPort } from './rtp-port.ts';
import { type Agreement, answer, offer, type OwnSide, readAnswer } from './sdp.ts';
import { Uplink } from './uplink.ts';

export interface LineOptions {
  readonly port: RtpPort;
  readonly clock: Clock;
  /** The customer's own number, and the one dialled when none is typed in. */
  readonly caller: string;
  readonly number: string;
  /** Linear samples at 8 kHz of the sample voice. */
  readonly sample: (language: 'ja' | 'en') => Int16Array;
  readonly call: (number: string, offer: string, handlers: LegHandlers) => SipLeg;
  /** Messages and sound for the page. */
  readonly tell: (message: PhoneMessage) => void;
  readonly hear: (samples: Int16Array) => void;
}

interface Call {
  /** Absent for the moment in which it is being dialled. */
  leg: SipLeg | undefined;
  readonly far: string | undefined;
  state: Exclude<CallState, 'idle'>;
  readonly own: { sessionId: string; version: number };
  /** What was last agreed on; before the answer it is early media's. */
  agreement: Agreement | undefined;
  readonly outgoing: OutgoingStream;
  readonly incoming: IncomingStream;
}

/** Refuses a call that no phone takes: SIP's 480, as a carrier says of a phone that is switched off. */
export const TEMPORARILY_UNAVAILABLE = 480;
const NOT_ACCEPTABLE_HERE = 488;

/** A customer's phone: one page's, with a line of its own. It has one call at most. */
export class Line {
  readonly #options: LineOptions;
  readonly #keys = new KeyPresses();
  readonly #uplink = new Uplink();
  #call: Call | undefined;
  #stopBeat: (() => void) | undefined;
  #closed = false;

  constructor(options: LineOptions) {
    this.#options = options;
    options.port.receive((packet, from) => this.#heard(packet, from));
    options.tell({ type: 'hello', number: options.number, caller: options.caller });
    options.tell({ type: 'state', call: 'idle' });
  }

  get idle(): boolean {
    return !this.#call && !this.#closed;
  }

  /** An incoming call for this phone: it rings, or is refused when its offer can't be met. */
  ring(leg: SipLeg): LegHandlers {
    const call = newCall('ringing', leg.far.withheld ? undefined : leg.far.user);
    call.leg = leg;
    if (leg.offer !== undefined && !answer(leg.offer, this.#own(call))) {
      leg.reject(NOT_ACCEPTABLE_HERE);
      return this.#handlers(call);
    }
    this.#call = call;
    leg.ring();
    this.#show();
    return this.#handlers(call);
  }

  /** What the page's customer does. What can't be done now is left undone. */
  take(message: PageMessage): void {
    switch (message.type) {
      case 'dial':
        return this.#dial(message.number || this.#options.number);
      case 'answer':
        return this.#answer();
      case 'hang-up':
        return this.#call?.leg?.end();
      case 'key-down':
        if (this.#takesKeys()) this.#keys.press(message.key);
        return;
      case 'key-up':
        return this.#keys.release();
      case 'sample':
        if (message.play && this.#call?.state === 'talking')
          this.#uplink.playSample(this.#options.sample(message.language));
        else this.#uplink.stopSample();
        this.#options.tell({ type: 'sample', playing: this.#uplink.samplePlaying });
    }
  }

  /** A text message for this phone's number. */
  showText(text: string): void {
    this.#options.tell({ type: 'text', text });
  }

  /** 20 ms of the page's microphone, FRAME_SAMPLES samples. */
  speak(frame: Int16Array): void {
    if (this.#call?.state === 'talking' && frame.length === FRAME_SAMPLES) this.#uplink.addMicrophone(frame);
  }

  /** The page is gone: its call ends. */
  close(): void {
    this.#closed = true;
    this.#call?.leg?.end();
    this.#over(undefined);
    this.#options.port.close();
  }

  #dial(number: string): void {
    if (!this.idle) return;
    const call = newCall('calling', number);
    this.#call = call;
    this.#show();
    call.leg = this.#options.call(number, offer(this.#own(call)), this.#handlers(call));
  }

  #answer(): void {
    const call = this.#call;
    if (call?.state !== 'ringing' || !call.leg) return;
    const own = this.#own(call);
    const answered = call.leg.offer === undefined ? undefined : answer(call.leg.offer, own);
    call.agreement = answered?.agreement;
    call.leg.answer(answered?.sdp ?? offer(own));
    this.#talk(call);
  }

  #handlers(call: Call): LegHandlers {
    return {
      ringing: (sdp) => {
        if (this.#call !== call || call.state === 'talking') return;
        if (sdp !== undefined) call.agreement = readAnswer(sdp);
        call.state = 'ringing-there';
        this.#show();
      },
      established: (sdp) => {
        if (this.#call !== call) return;
        if (sdp !== undefined) call.agreement = readAnswer(sdp);
        if (!call.agreement) call.leg?.end();
        else this.#talk(call);
      },
      reoffered: (offered) => {
        call.own.version++;
        const answered = answer(offered, this.#own(call));
        if (!answered) return err({ status: NOT_ACCEPTABLE_HERE });
        call.agreement = answered.agreement;
        if (this.#call === call) this.#show();
        return ok(answered.sdp);
      },
      offerWanted: () => {
        call.own.version++;
        return offer(this.#own(call));
      },
      ended: (end) => {
        if (this.#call === call) this.#over(end);
      },
    };
  }

  #talk(call: Call): void {
    call.state = 'talking';
    this.#stopBeat ??= startBeat(this.#options.clock, (missed) => this.#beat(missed));
    this.#show();
  }

  #over(end: LegEnd | undefined): void {
    const call = this.#call;
    this.#call = undefined;
    this.#stopBeat?.();
    this.#stopBeat = undefined;
    this.#keys.clear();
    const wasPlaying = this.#uplink.samplePlaying;
    this.#uplink.clear();
    if (!call || this.#closed) return;
    if (wasPlaying) this.#options.tell({ type: 'sample', playing: false });
    this.#options.tell({ type: 'state', call: 'idle', ...(end && { ended: endingOf(end, call.state) }) });
  }

  #beat(missed: number): void {
    const call = this.#call;
    if (!call) return;
    for (let i = 0; i < missed; i++) call.outgoing.pass();
    const wasPlaying = this.#uplink.samplePlaying;
    const samples = this.#uplink.next();
    if (wasPlaying && !this.#uplink.samplePlaying) this.#options.tell({ type: 'sample', playing: false });
    const { agreement } = call;
    if (!agreement?.far || !agreement.sends) {
      this.#keys.clear();
      call.outgoing.pass();
      return;
    }
    for (const packet of call.outgoing.next(agreement.format, this.#keys, samples)) {
      this.#options.port.send(packet, agreement.far);
    }
  }

  #heard(packet: Uint8Array, from: number): void {
    const call = this.#call;
    // A call that has just ended may still send for a moment: its packets are not the new call's.
    if (!call?.agreement || call.state === 'ringing' || from !== call.agreement.far?.port) return;
    const samples = call.incoming.take(packet, call.agreement.format);
    if (samples?.length) this.#options.hear(samples);
  }

  #takesKeys(): boolean {
    const agreement = this.#call?.state === 'talking' ? this.#call.agreement : undefined;
    return agreement !== undefined && agreement.sends && agreement.format.keysType !== undefined;
  }

  #own(call: Call): OwnSide {
    const { ip, rtp, rtcp } = this.#options.port;
    return { ip, rtp, rtcp, ...call.own };
  }

  #show(): void {
    const call = this.#call;
    if (!call) return;
    const { agreement, state, far } = call;
    this.#options.tell({
      type: 'state',
      call: state,
      ...(far !== undefined && { far }),
      ...(state === 'talking' && { held: !agreement?.sends, keys: this.#takesKeys() }),
      ...(state === 'ringing-there' && { earlySound: agreement !== undefined }),
    });
  }
}

function newCall(state: Call['state'], far: string | undefined): Call {
  return {
    leg: undefined,
    far,
    state,
    own: { sessionId: String(randomInt(1, 2 ** 31)), version: 1 },
    agreement: undefined,
    outgoing: new OutgoingStream({
      ssrc: randomBytes(4).readUInt32BE(),
      sequence: randomInt(0, 65_536),
      timestamp: randomBytes(4).readUInt32BE(),
    }),
    incoming: new IncomingStream(),
  };
}
