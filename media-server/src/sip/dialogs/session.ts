import type { Result } from '../../shared/result.ts';
import type { LegEnd } from '../leg.ts';
import { parseContentType } from '../messages/fields.ts';
import type { SipRequest, SipResponse } from '../messages/message.ts';
import { cseqOf } from '../transactions/transaction-key.ts';
import { withRemoteRequest, withTarget } from './dialog.ts';
import { allowsUpdate, type ExchangeOutcome, OwnOffers } from './own-offers.ts';
import { sdpOf } from './sdp-body.ts';
import { answerTimer, type SessionTimer, timerDelays } from './session-timer.ts';
import { UnackedAnswers } from './unacked-answers.ts';
import { ALLOW, type HeaderChange, type UsageCore } from './usage.ts';

const REFRESH_TIMER = 'refresh';
const EXPIRE_TIMER = 'expire';
/** Content types that key presses come in by INFO; all three occur. */
const KEY_TYPES = ['application/dtmf-relay', 'application/dtmf', 'audio/telephone-event'];

interface FarOffer {
  readonly ref: number;
  readonly request: SipRequest;
  /** Their offer; undefined: they want one of us. */
  readonly offer: string | undefined;
}

/** A confirmed dialog's session: offers both ways, session timer, INFO, BYE (RFC 3261 §12.2, §14, §15). */
export class Session {
  readonly #core: UsageCore;
  readonly #own: OwnOffers;
  readonly #unacked: UnackedAnswers;
  /** The far side's re-INVITE or UPDATE that waits for the owner's word. */
  #farOffer: FarOffer | undefined;
  #timer: SessionTimer | undefined;
  #farAllowsUpdate = false;
  /** BYE waits for the ACK of our 2xx (RFC 3261 §15). */
  #byeWanted = false;
  #firstAckDue = false;

  constructor(core: UsageCore) {
    this.#core = core;
    this.#own = new OwnOffers(core);
    this.#unacked = new UnackedAnswers(core);
  }

  /** Whether nothing more is to be sent or waited for. */
  get isQuiet(): boolean {
    return this.#unacked.size === 0;
  }

  /** Starts after our INVITE was answered. */
  startOutgoing(ack: SipRequest, timer: SessionTimer | undefined, response: SipResponse): void {
    this.#own.acked(ack);
    this.#heard(response);
    this.#setTimer(timer);
  }

  /** Starts after our 200 to the far side's INVITE. */
  startIncoming(ref: number, invite: SipRequest, response: SipResponse, timer: SessionTimer | undefined): void {
    this.#firstAckDue = true;
    const offered = sdpOf(invite) === undefined;
    this.#unacked.add(cseqOf(invite).number, ref, response, offered);
    this.#heard(invite);
    this.#setTimer(timer);
  }

  request(ref: number, request: SipRequest): void {
    const { dialog } = this.#core;
    if (!dialog) return;
    const next = withRemoteRequest(dialog, request);
    if (next === 'out-of-order') {
      this.#core.respond(ref, request, 500);
      return;
    }
    this.#core.dialog = next;
    switch (request.method) {
      case 'BYE':
        this.#core.respond(ref, request, 200);
        this.#over({ by: 'far', cause: 'hung-up' });
        break;
      case 'INVITE':
      case 'UPDATE':
        this.#offerRequest(ref, request);
        break;
      case 'INFO':
        this.#info(ref, request);
        break;
      case 'OPTIONS':
        this.#core.respond(ref, request, 200, { headers: [['Allow', ALLOW]] });
        break;
      case 'PRACK':
        this.#core.respond(ref, request, 481);
        break;
      default:
        this.#core.respond(ref, request, 405, { headers: [['Allow', ALLOW]] });
    }
  }

  ack(request: SipRequest): void {
    const acked = this.#unacked.acked(cseqOf(request).number);
    if (!acked) return;
    const sdp = sdpOf(request);
    if (this.#core.isEnded) {
      if (this.#byeWanted) this.#sendBye();
      return;
    }
    if (acked.offered) {
      if (sdp === undefined) {
        this.bye({ by: 'us', cause: 'protocol' });
        return;
      }
      this.#core.remoteSdp = sdp;
    }
    const isFirst = this.#firstAckDue;
    this.#firstAckDue = false;
    if (isFirst || acked.offered) this.#core.emit({ do: 'established', sdp: acked.offered ? sdp : undefined });
    this.#proceed();
  }

  cancelled(ref: number): void {
    if (this.#farOffer?.ref !== ref) return;
    this.#core.respond(ref, this.#farOffer.request, 487);
    this.#farOffer = undefined;
    this.#proceed();
  }

  answered(ref: number, answer: Result<string, { status: number }>): void {
    const far = this.#farOffer;
    if (far?.ref !== ref) return;
    this.#farOffer = undefined;
    if (answer.ok) this.#accept(far, answer.value);
    else this.#core.respond(ref, far.request, answer.error.status);
    this.#proceed();
  }

  offered(ref: number, offer: string): void {
    const far = this.#farOffer;
    if (far?.ref !== ref) return;
    this.#farOffer = undefined;
    this.#accept(far, offer);
  }

  reinvite(want: number, offer: string): void {
    this.#own.reinvite(want, offer);
    this.#proceed();
  }

  response(id: number, response: SipResponse, again?: HeaderChange): void {
    const outcome = this.#own.response(id, response, again);
    if (outcome) {
      if (response.status >= 200) this.#heard(response);
      this.#settle(outcome);
      return;
    }
    if (response.status < 200 || !this.#core.opened(id)) return;
    if (again && this.#core.repeat(id, again)) return;
    this.#core.closed(id);
  }

  failed(id: number, why: 'timeout' | 'transport'): void {
    const outcome = this.#own.failed(id, why);
    if (outcome) this.#settle(outcome);
    else this.#core.closed(id);
  }

  fired(timer: string): void {
    const unacked = this.#unacked.fired(timer);
    if (unacked === 'given-up') {
      if (this.#core.isEnded) this.#sendBye();
      else this.bye({ by: 'us', cause: 'protocol' });
    }
    if (unacked || this.#own.fired(timer)) {
      this.#proceed();
      return;
    }
    if (this.#core.isEnded) return;
    if (timer === EXPIRE_TIMER) this.bye({ by: 'us', cause: 'session-expired' });
    if (timer === REFRESH_TIMER) {
      this.#own.refresh(this.#farAllowsUpdate && this.#core.config.sendsUpdate ? 'UPDATE' : 'INVITE');
      this.#proceed();
    }
  }

  /** Ends the session from our side. */
  bye(end: LegEnd): void {
    if (this.#core.isEnded) return;
    this.#refuseFarOffer();
    const mayBye = !this.#firstAckDue || this.#unacked.size === 0;
    this.#stop();
    this.#core.end(end);
    if (mayBye) {
      this.#unacked.clear();
      this.#sendBye();
    } else this.#byeWanted = true;
  }

  /** The far side is out of reach: nothing is sent. */
  lost(): void {
    this.#over({ by: 'far', cause: 'transport-lost' });
  }

  #over(end: LegEnd): void {
    this.#refuseFarOffer();
    this.#byeWanted = false;
    this.#stop();
    this.#unacked.clear();
    this.#core.end(end);
  }

  #stop(): void {
    this.#own.clear();
    this.#core.emit({ do: 'stop', timer: REFRESH_TIMER });
    this.#core.emit({ do: 'stop', timer: EXPIRE_TIMER });
  }

  #sendBye(): void {
    this.#byeWanted = false;
    this.#core.request('BYE');
  }

  #refuseFarOffer(): void {
    if (this.#farOffer) this.#core.respond(this.#farOffer.ref, this.#farOffer.request, 487);
    this.#farOffer = undefined;
  }

  #settle(outcome: ExchangeOutcome): void {
    if (this.#core.isEnded) return;
    if (outcome.kind === 'dead') {
      this.bye(outcome.end);
      return;
    }
    if (outcome.kind === 'done') {
      // A far side without session timers leaves the header out; the timer is ours alone then.
      this.#setTimer(outcome.timer ?? (this.#timer?.refresher === 'us' ? this.#timer : undefined));
      if (outcome.answer !== undefined) this.#core.emit({ do: 'established', sdp: outcome.answer });
    }
    if (outcome.kind !== 'open') this.#proceed();
  }

  /** Our own exchange begins only while no offer of the far side, and no 2xx without ACK, is open. */
  #proceed(): void {
    if (!this.#core.isEnded && !this.#farOffer && this.#unacked.size === 0) this.#own.proceed();
  }

  #offerRequest(ref: number, request: SipRequest): void {
    const offer = sdpOf(request);
    const isInvite = request.method === 'INVITE';
    const exchanges = isInvite || offer !== undefined;
    if (exchanges && (this.#own.isUnderWay || this.#unacked.awaitsAnswer)) {
      this.#core.respond(ref, request, 491);
      return;
    }
    if (exchanges && this.#farOffer) {
      // RFC 3261 §14.2: 0–10 s.
      const seconds = String(Math.floor(this.#core.config.random() * 11));
      this.#core.respond(ref, request, 500, { headers: [['Retry-After', seconds]] });
      return;
    }
    if (answerTimer(request, this.#core.config.timer, this.#timer).kind === 'too-small') {
      const minSe = String(this.#core.config.timer.minSessionExpires);
      this.#core.respond(ref, request, 422, { headers: [['Min-SE', minSe]] });
      return;
    }
    this.#heard(request);
    const far: FarOffer = { ref, request, offer };
    if (!exchanges) this.#accept(far, undefined);
    else if (offer !== undefined && offer === this.#core.remoteSdp && this.#core.localSdp !== undefined) {
      this.#accept(far, this.#core.localSdp);
    } else {
      this.#farOffer = far;
      this.#core.emit(offer === undefined ? { do: 'ask-offer', ref } : { do: 'ask-answer', ref, offer });
    }
  }

  #accept(far: FarOffer, sdp: string | undefined): void {
    const { request, ref } = far;
    if (this.#core.dialog) this.#core.dialog = withTarget(this.#core.dialog, request);
    const timer = answerTimer(request, this.#core.config.timer, this.#timer);
    const headers = timer.kind === 'timer' ? timer.headers : [];
    const response = this.#core.respond(ref, request, 200, { headers, sdp });
    if (sdp !== undefined) this.#core.localSdp = sdp;
    if (far.offer !== undefined) this.#core.remoteSdp = far.offer;
    if (request.method === 'INVITE') {
      this.#unacked.add(cseqOf(request).number, ref, response, far.offer === undefined);
    }
    this.#setTimer(timer.kind === 'timer' ? timer.timer : undefined);
  }

  #setTimer(timer: SessionTimer | undefined): void {
    this.#timer = timer;
    this.#own.sessionTimer = timer;
    this.#core.emit({ do: 'stop', timer: REFRESH_TIMER });
    this.#core.emit({ do: 'stop', timer: EXPIRE_TIMER });
    if (!timer) return;
    const { refreshMs, expireMs } = timerDelays(timer);
    if (refreshMs !== undefined) this.#core.emit({ do: 'timer', timer: REFRESH_TIMER, ms: refreshMs });
    this.#core.emit({ do: 'timer', timer: EXPIRE_TIMER, ms: expireMs });
  }

  #heard(message: SipRequest | SipResponse): void {
    this.#farAllowsUpdate = allowsUpdate(message) ?? this.#farAllowsUpdate;
  }

  #info(ref: number, request: SipRequest): void {
    const type = parseContentType(request.headers.get('Content-Type') ?? '');
    const isKey = type.ok && KEY_TYPES.includes(type.value.type);
    if (!isKey && request.body.length > 0) {
      this.#core.respond(ref, request, 415, { headers: [['Accept', ['application/sdp', ...KEY_TYPES].join(', ')]] });
      return;
    }
    this.#core.respond(ref, request, 200);
    if (isKey && type.ok) this.#core.emit({ do: 'key', contentType: type.value.type });
  }
}
