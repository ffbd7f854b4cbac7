import { randomInt } from 'node:crypto';
import type { CallEnd } from '@tonegate/api-schema';
import type { Codec } from '../card-link/contract.ts';
import type { CallMedia } from '../media/call-media.ts';
import { answerCustomer, type CustomerSide, offerToCustomer, readCustomerAnswer } from '../media/customer-sdp.ts';
import type { Id } from '../shared/ids.ts';
import { ok } from '../shared/result.ts';
import type { LegEnd, LegHandlers, SipLeg } from '../sip/leg.ts';
import type { CallParts } from './call-parts.ts';
import type { CustomerGate } from './customer-gate.ts';

/** What the customer's side tells its call. */
export interface CustomerLineEvents {
  /** Gate and SFU are ready: agents can be rung. */
  opened(media: CallMedia): void;
  /** It rings at the far end, or the carrier sends sound before the answer. */
  ringing(): void;
  early(): void;
  answered(): void;
  gone(end: CallEnd): void;
  /** Their answer to our offer is none that we could follow. */
  unusable(): void;
  /** The stream towards the agents is another one now. */
  codecChanged(): Promise<void>;
  keyByInfo(): void;
  broken(what: string, cause: unknown): void;
}

export interface CustomerLineOptions {
  readonly call: Id;
  readonly parts: CallParts;
  readonly gate: CustomerGate;
  /** Whether the call is over, and whether a payment holds its wall. */
  readonly isEnded: () => boolean;
  readonly isPaying: () => boolean;
  readonly events: CustomerLineEvents;
}

/** The customer's side of a call: their SIP leg, the SDP that is exchanged, and the gate and SFU as it agrees. */
export class CustomerLine {
  readonly #options: CustomerLineOptions;
  readonly #sessionId = String(randomInt(1, 2 ** 47));
  #sdpVersion = 1;
  #leg: SipLeg | undefined;
  #media: CallMedia | undefined;
  #codec: Codec | undefined;
  #announcedIp = '127.0.0.1';
  #ourSdp = '';
  #trunk: string | null = null;

  constructor(options: CustomerLineOptions) {
    this.#options = options;
  }

  /** The trunk it goes through; null for a phone with an account of its own. */
  get trunk(): string | null {
    return this.#trunk;
  }

  get codec(): Codec | undefined {
    return this.#codec;
  }

  /** Takes an incoming call's leg: makes gate and media as it offers. Its handlers are `handlers`. */
  take(leg: SipLeg): void {
    this.#leg = leg;
    this.#announcedIp = this.#options.parts.announced(peerOf(leg));
    this.#trunk = leg.peer.kind === 'trunk' ? leg.peer.trunk : null;
  }

  /** Answers the offer that came with the call and lets it ring. False: it was refused, and `gone` was told. */
  async begin(): Promise<boolean> {
    const { gate, call, parts, events } = this.#options;
    const leg = this.#leg;
    if (!leg) throw new Error('no call came in');
    let codec: Codec = 'PCMU';
    let far: CustomerSide | undefined;
    if (leg.offer !== undefined) {
      const agreed = answerCustomer(leg.offer, this.#port(1));
      if (!agreed.ok) {
        parts.log.info({ call, why: agreed.error.why }, 'call refused: no common codec');
        leg.reject(agreed.error.status);
        events.gone('rejected');
        return false;
      }
      codec = agreed.value.codec;
      far = agreed.value.far;
    }
    if (!(await this.#open(codec, far))) {
      leg.reject(503, { retryAfter: 5 });
      events.gone('not-reachable');
      return false;
    }
    if (this.#options.isEnded()) return false;
    const port = this.#port(gate.ready.rtpPort);
    const answer = leg.offer === undefined ? undefined : answerCustomer(leg.offer, port);
    this.#ourSdp = answer?.ok ? answer.value.answer : offerToCustomer(port, ['PCMU']);
    leg.ring();
    return true;
  }

  /** Gate and media for an outgoing call. False: there are none now. */
  async prepare(trunk: string): Promise<boolean> {
    this.#announcedIp = this.#options.parts.announced({ ip: '', trunk });
    this.#trunk = trunk;
    return this.#open('PCMU', undefined);
  }

  /** Calls the customer through the trunk of `prepare`. */
  dial(number: string, from: string): void {
    const { parts, gate } = this.#options;
    if (this.#trunk === null) throw new Error('no trunk was prepared');
    this.#ourSdp = offerToCustomer(this.#port(gate.ready.rtpPort), ['PCMU', 'PCMA']);
    this.#leg = parts.sip.call(
      { kind: 'trunk', trunk: this.#trunk, number },
      { offer: this.#ourSdp, from: { user: from }, handlers: this.handlers() },
    );
  }

  answer(): void {
    this.#leg?.answer(this.#ourSdp);
  }

  /** Busy. */
  refuse(): void {
    this.#leg?.reject(486);
  }

  end(): void {
    this.#leg?.end();
  }

  handlers(): LegHandlers {
    const { events, gate } = this.#options;
    return {
      ringing: (sdp) => {
        if (sdp === undefined) return events.ringing();
        this.#agree(sdp)
          .then((agreed) => agreed && events.early())
          .catch((cause) => events.broken('early media', cause));
      },
      established: (sdp) => {
        const wanted = sdp === undefined ? Promise.resolve(true) : this.#agree(sdp);
        wanted
          .then((agreed) => (agreed ? events.answered() : events.unusable()))
          .catch((cause) => events.broken('customer', cause));
      },
      reoffered: (offer) => {
        const answer = answerCustomer(offer, this.#port(gate.ready.rtpPort), this.#codec);
        if (!answer.ok) return answer;
        gate.update(answer.value.far);
        this.#sdpVersion++;
        const again = answerCustomer(offer, this.#port(gate.ready.rtpPort), this.#codec);
        this.#ourSdp = again.ok ? again.value.answer : answer.value.answer;
        return ok(this.#ourSdp);
      },
      offerWanted: () => offerToCustomer(this.#port(gate.ready.rtpPort), [this.#codec ?? 'PCMU']),
      keyByInfo: () => events.keyByInfo(),
      ended: (end) => events.gone(endOf(end)),
    };
  }

  async #open(codec: Codec, far: CustomerSide | undefined): Promise<boolean> {
    const { call, parts, gate, events } = this.#options;
    this.#codec = codec;
    const created = await parts.createMedia(codec);
    if (!created.ok) return false;
    const media = created.value;
    if (this.#options.isEnded()) {
      // Nobody would close what is opened now.
      media.close();
      return false;
    }
    this.#media = media;
    media.onLost = () => events.broken('media worker', new Error('the media worker died'));
    const opened = await gate.open({ codec, far, sfu: media.sfu });
    if (!opened.ok) {
      parts.log.warn({ call, why: opened.error }, 'the card process opened no leg');
      media.close();
      return false;
    }
    await media.connectCustomer({ ip: parts.link.host?.sfu, port: gate.ready.sfuPort, ssrc: gate.ready.ssrc });
    events.opened(media);
    return true;
  }

  /** Takes in the customer's answer to our offer, and follows its codec. */
  async #agree(sdp: string): Promise<boolean> {
    const { gate, events } = this.#options;
    const agreed = readCustomerAnswer(sdp);
    if (!agreed.ok || !this.#media) return false;
    const { codec, far } = agreed.value;
    if (codec === this.#codec) {
      gate.update(far);
      return true;
    }
    // Opening the leg anew would end the payment; what comes in the other codec is dropped until they change back.
    if (this.#options.isPaying()) return true;
    this.#codec = codec;
    const media = this.#media;
    const reopened = await gate.reopen(codec, far, { ...media.sfu, payloadType: codec === 'PCMU' ? 0 : 8 });
    if (!reopened.ok) return false;
    await media.setCodec(codec, gate.ready.ssrc);
    await events.codecChanged();
    return true;
  }

  #port(rtpPort: number) {
    return { ip: this.#announcedIp, rtpPort, sessionId: this.#sessionId, version: this.#sdpVersion };
  }
}

function peerOf(leg: SipLeg): { ip: string; trunk?: string } {
  return { ip: leg.source.ip, ...(leg.peer.kind === 'trunk' && { trunk: leg.peer.trunk }) };
}

function endOf(end: LegEnd): CallEnd {
  if (end.cause === 'hung-up' || end.cause === 'cancelled')
    return end.by === 'far' ? 'customer-hung-up' : 'agent-hung-up';
  if (end.cause === 'no-answer') return 'no-answer';
  if (end.cause !== 'rejected') return 'lost';
  switch (end.status) {
    case 404:
    case 484:
    case 604:
      return 'unknown-number';
    case 486:
    case 600:
      return 'busy';
    case 408:
    case 480:
      return 'no-answer';
    case 403:
    case 603:
      return 'rejected';
    default:
      return 'not-reachable';
  }
}
