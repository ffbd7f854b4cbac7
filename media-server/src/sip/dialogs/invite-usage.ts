import type { LegEnd } from '../leg.ts';
import type { SipRequest, SipResponse } from '../messages/message.ts';
import { tagOf } from '../transactions/transaction-key.ts';
import { dialogOfRequest, withRemoteRequest } from './dialog.ts';
import { IncomingInvite } from './incoming-invite.ts';
import { OutgoingInvite } from './outgoing-invite.ts';
import { sdpOf } from './sdp-body.ts';
import { Session } from './session.ts';
import { timerOfResponse } from './session-timer.ts';
import { ALLOW, type HeaderChange, type UsageConfig, UsageCore, type UsageInput, type UsageOutput } from './usage.ts';

/**
 * One INVITE dialog usage (RFC 5057) from its INVITE to its last retransmission: a machine without sockets, clock or
 * timers. `handle` takes what happened and gives what to do, in order. The owner's `ended` comes at once when it is
 * decided; CANCEL, BYE and late answers are seen to after it, until `forget`.
 */
export class InviteUsage {
  readonly #core: UsageCore;
  readonly #session: Session;
  #incoming: IncomingInvite | undefined;
  #outgoing: OutgoingInvite | undefined;
  #isConfirmed = false;
  #isForgotten = false;
  /** The called side's UPDATE with an offer before its 2xx, waiting for the owner. */
  #earlyOffer: { readonly ref: number; readonly request: SipRequest } | undefined;
  /** The answered INVITE, to hang up other forks' answers with. */
  #answered: { readonly invite: SipRequest; readonly by: OutgoingInvite } | undefined;

  private constructor(config: UsageConfig) {
    this.#core = new UsageCore(config);
    this.#session = new Session(this.#core);
  }

  /** For an INVITE of the far side; nothing is sent yet. */
  static incoming(config: UsageConfig, ref: number, request: SipRequest, localTag: string): InviteUsage {
    const usage = new InviteUsage(config);
    usage.#core.dialog = dialogOfRequest(request, localTag);
    usage.#core.remoteSdp = sdpOf(request);
    usage.#incoming = new IncomingInvite(usage.#core, ref, request);
    return usage;
  }

  /** For our INVITE, whole but for Via; its body is our offer. */
  static outgoing(config: UsageConfig, invite: SipRequest): { usage: InviteUsage; outputs: UsageOutput[] } {
    const usage = new InviteUsage(config);
    usage.#core.localSdp = sdpOf(invite);
    usage.#outgoing = new OutgoingInvite(usage.#core, invite);
    return { usage, outputs: usage.#core.drain() };
  }

  get state(): 'early' | 'confirmed' | 'ended' {
    if (this.#core.isEnded) return 'ended';
    return this.#isConfirmed ? 'confirmed' : 'early';
  }

  handle(input: UsageInput): UsageOutput[] {
    switch (input.on) {
      case 'request':
        this.#request(input.ref, input.request);
        break;
      case 'ack':
        if (this.#isConfirmed) this.#session.ack(input.request);
        break;
      case 'cancelled':
        if (this.#incoming?.ref === input.ref && !this.#isConfirmed) {
          this.#refuse(487, {}, { by: 'far', cause: 'cancelled', status: 487 });
        } else this.#session.cancelled(input.ref);
        break;
      case 'response':
        this.#response(input.id, input.response, input.again);
        break;
      case 'failed':
        this.#failed(input.id, input.why, input.again);
        break;
      case 'timer':
        this.#fired(input.timer);
        break;
      case 'flow-lost':
        this.#flowLost();
        break;
      case 'ring':
        if (this.state === 'early') this.#incoming?.ring(input.sdp);
        break;
      case 'answer':
        if (this.state === 'early') this.#answer(input.sdp);
        break;
      case 'reject':
        if (this.state === 'early' && this.#incoming) {
          this.#refuse(input.status, input, { by: 'us', cause: 'rejected', status: input.status });
        }
        break;
      case 'end':
        this.#end(input.cause);
        break;
      case 'reinvite':
        if (this.state === 'confirmed') this.#session.reinvite(input.want, input.offer);
        else this.#core.emit({ do: 'reinvited', want: input.want, result: { ok: false, error: { status: 481 } } });
        break;
      case 'answered':
        if (this.#isConfirmed) this.#session.answered(input.ref, input.answer);
        else this.#earlyAnswered(input.ref, input.answer);
        break;
      case 'offered':
        this.#session.offered(input.ref, input.offer);
        break;
    }
    if (this.#core.isEnded && !this.#isForgotten && !this.#core.hasOpenRequests && this.#session.isQuiet) {
      this.#isForgotten = true;
      this.#core.emit({ do: 'forget' });
    }
    return this.#core.drain();
  }

  #end(cause: 'no-answer' | undefined): void {
    if (this.#core.isEnded) return;
    if (this.#isConfirmed) this.#session.bye({ by: 'us', cause: 'hung-up' });
    else if (this.#incoming) this.#refuse(480, {}, { by: 'us', cause: 'rejected', status: 480 });
    else {
      this.#outgoing?.cancel();
      this.#core.end({ by: 'us', cause: cause ?? 'cancelled' });
    }
  }

  #flowLost(): void {
    if (this.#isConfirmed) this.#session.lost();
    else {
      this.#incoming?.stop();
      this.#core.end({ by: 'far', cause: 'transport-lost' });
    }
  }

  #refuse(status: number, options: { reason?: string; retryAfter?: number }, end: LegEnd): void {
    this.#refuseEarlyOffer();
    this.#incoming?.refuse(status, options);
    this.#core.end(end);
  }

  #answer(sdp: string): void {
    const { dialog } = this.#core;
    const invite = this.#incoming;
    const sent = invite?.answer(sdp);
    if (!invite || !dialog || !sent) return;
    this.#refuseEarlyOffer();
    this.#isConfirmed = true;
    this.#core.localSdp = sdp;
    this.#session.startIncoming(invite.ref, invite.request, sent.response, sent.timer);
  }

  #request(ref: number, request: SipRequest): void {
    if (this.#core.isEnded) {
      // BYE that crossed ours is answered as if the session were there (RFC 3261 §15.1.2 allows both).
      this.#core.respond(ref, request, request.method === 'BYE' ? 200 : 481);
    } else if (this.#core.dialog && (tagOf(request, 'From') ?? '') !== this.#core.dialog.remoteTag) {
      // Call-ID and our tag led here, but both tags make the dialog (RFC 3261 §12).
      this.#core.respond(ref, request, 481);
    } else if (this.#isConfirmed) this.#session.request(ref, request);
    else if (this.#incoming) this.#earlyRequest(ref, request);
    else if (this.#outgoing) this.#requestBeforeAnswer(ref, request, this.#outgoing);
  }

  /** The caller's request before our answer. */
  #earlyRequest(ref: number, request: SipRequest): void {
    const dialog = this.#core.dialog && withRemoteRequest(this.#core.dialog, request);
    if (!dialog || dialog === 'out-of-order') {
      this.#core.respond(ref, request, 500);
      return;
    }
    this.#core.dialog = dialog;
    switch (request.method) {
      case 'PRACK':
        this.#prack(ref, request);
        break;
      case 'BYE':
        // A caller may hang up an early dialog (RFC 3261 §15); its INVITE gets 487 (§15.1.2).
        this.#core.respond(ref, request, 200);
        this.#refuse(487, {}, { by: 'far', cause: 'cancelled', status: 487 });
        break;
      case 'UPDATE':
        // The INVITE's offer has no answer yet, so there can be no other (RFC 3311 §5.2).
        if (sdpOf(request) === undefined) this.#core.respond(ref, request, 200);
        else this.#core.respond(ref, request, 500, { headers: [['Retry-After', '2']] });
        break;
      case 'INVITE':
        this.#core.respond(ref, request, 500, { headers: [['Retry-After', '5']] });
        break;
      case 'INFO':
      case 'OPTIONS':
        this.#core.respond(ref, request, 200, { headers: [['Allow', ALLOW]] });
        break;
      default:
        this.#core.respond(ref, request, 405, { headers: [['Allow', ALLOW]] });
    }
  }

  #prack(ref: number, request: SipRequest): void {
    const next = this.#incoming?.pracked(request) ?? 'unknown';
    if (next === 'unknown') {
      this.#core.respond(ref, request, 481);
      return;
    }
    // An offer in PRACK (RFC 3262 §5) would be a second one before our answer stands; it is left to a re-INVITE.
    this.#core.respond(ref, request, sdpOf(request) === undefined ? 200 : 488);
    if (next === 'known') return;
    if (next.kind === 'ring') this.#incoming?.ring(next.sdp);
    else if (next.sdp !== undefined) this.#answer(next.sdp);
  }

  /** The called side's request before its 2xx to our INVITE: in one of the early dialogs. */
  #requestBeforeAnswer(ref: number, request: SipRequest, outgoing: OutgoingInvite): void {
    const remoteTag = tagOf(request, 'From') ?? '';
    const tag = outgoing.earlyDialog(remoteTag)?.localTag;
    if (tag === undefined) {
      this.#core.respond(ref, request, 481);
      return;
    }
    if (outgoing.received(remoteTag, request) === 'out-of-order') {
      this.#core.respond(ref, request, 500, { tag });
      return;
    }
    const offer = sdpOf(request);
    if (request.method === 'UPDATE' && offer !== undefined) {
      if (!outgoing.hasAnswer(remoteTag) || this.#earlyOffer) this.#core.respond(ref, request, 491, { tag });
      else {
        this.#earlyOffer = { ref, request };
        this.#core.emit({ do: 'ask-answer', ref, offer });
      }
    } else if (['UPDATE', 'INFO', 'OPTIONS'].includes(request.method)) {
      this.#core.respond(ref, request, 200, { tag, headers: request.method === 'UPDATE' ? [] : [['Allow', ALLOW]] });
    } else {
      // The called side ends an early dialog by its response to INVITE, not by BYE (RFC 3261 §15).
      const status = request.method === 'BYE' || request.method === 'PRACK' ? 481 : 405;
      this.#core.respond(ref, request, status, { tag, headers: status === 405 ? [['Allow', ALLOW]] : [] });
    }
  }

  #earlyAnswered(ref: number, answer: { ok: true; value: string } | { ok: false; error: { status: number } }): void {
    const early = this.#earlyOffer;
    if (early?.ref !== ref) return;
    this.#earlyOffer = undefined;
    if (answer.ok) {
      this.#core.respond(ref, early.request, 200, { sdp: answer.value });
      this.#core.localSdp = answer.value;
      this.#core.remoteSdp = sdpOf(early.request);
    } else this.#core.respond(ref, early.request, answer.error.status);
  }

  #refuseEarlyOffer(): void {
    if (this.#earlyOffer) this.#core.respond(this.#earlyOffer.ref, this.#earlyOffer.request, 487);
    this.#earlyOffer = undefined;
  }

  #response(id: number, response: SipResponse, again?: HeaderChange): void {
    const outgoing = this.#outgoing;
    if (outgoing?.id === id) {
      this.#inviteResponse(outgoing, response, again);
      return;
    }
    if (this.#answered?.by.id === id && this.#isOtherFork(response)) {
      if (response.status >= 200 && response.status < 300) this.#answered.by.hangUp(this.#answered.invite, response);
      return;
    }
    this.#session.response(id, response, again);
  }

  #isOtherFork(response: SipResponse): boolean {
    return tagOf(response, 'To') !== this.#core.dialog?.remoteTag;
  }

  #inviteResponse(outgoing: OutgoingInvite, response: SipResponse, again: HeaderChange | undefined): void {
    const outcome = outgoing.response(response, again);
    if (outcome.kind === 'refused') this.#core.end({ by: 'far', cause: 'rejected', status: outcome.status });
    if (outcome.kind === 'unwanted') this.#core.end({ by: 'us', cause: 'protocol' });
    if (outcome.kind !== 'answered') return;
    this.#refuseEarlyOffer();
    this.#core.dialog = outcome.dialog;
    this.#core.remoteSdp = outcome.answer;
    this.#isConfirmed = true;
    this.#outgoing = undefined;
    this.#answered = { invite: outcome.invite, by: outgoing };
    const ack = this.#core.ack(outcome.dialog, outcome.invite);
    this.#session.startOutgoing(ack, timerOfResponse(response), response);
    this.#core.emit({ do: 'established', sdp: outcome.answer });
  }

  #failed(id: number, why: 'timeout' | 'transport', again?: HeaderChange): void {
    if (this.#outgoing?.id !== id) {
      this.#session.failed(id, why);
      return;
    }
    if (again && !this.#core.isEnded && this.#core.repeat(id, again)) return;
    this.#core.closed(id);
    this.#core.end(
      why === 'timeout'
        ? { by: 'far', cause: 'no-answer', status: 408 }
        : { by: 'far', cause: 'transport-lost', status: 503 },
    );
  }

  #fired(timer: string): void {
    if (this.#outgoing?.fired(timer)) return;
    const reliable = this.#isConfirmed ? undefined : this.#incoming?.fired(timer);
    if (reliable === 'given-up') this.#refuse(504, {}, { by: 'us', cause: 'protocol', status: 504 });
    if (reliable === undefined) this.#session.fired(timer);
  }
}
