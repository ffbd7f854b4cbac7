import { hasOption, parseRSeq } from '../messages/fields.ts';
import type { SipRequest, SipResponse } from '../messages/message.ts';
import { cseqOf, tagOf } from '../transactions/transaction-key.ts';
import { lifetime } from '../transactions/timers.ts';
import { type Dialog, dialogOfResponse, nextRequest, withRemoteRequest } from './dialog.ts';
import { sdpOf } from './sdp-body.ts';
import { leastOf, timerHeaders } from './session-timer.ts';
import type { HeaderChange, UsageCore } from './usage.ts';

const CANCEL_TIMER = 'cancel';
/** Most early dialogs of one INVITE: forks of one call. */
const EARLY_LIMIT = 16;

interface Early {
  dialog: Dialog;
  rseq: number | undefined;
  /** SDP of a reliable provisional response: the answer, which the 2xx need not repeat (RFC 3262 §5). */
  answer: string | undefined;
}

/** What came of a response to our INVITE. */
export type InviteOutcome =
  | { readonly kind: 'still-open' }
  | { readonly kind: 'answered'; readonly dialog: Dialog; readonly answer: string; readonly invite: SipRequest }
  | { readonly kind: 'refused'; readonly status: number }
  /** A 2xx we can't take: nobody wants it any more, or it has no SDP. It is ACKed and hung up already. */
  | { readonly kind: 'unwanted' };

/** Our INVITE until its final response (RFC 3261 §13.2): early dialogs, PRACK, CANCEL, forked and late 2xx. */
export class OutgoingInvite {
  readonly id: number;
  readonly #core: UsageCore;
  readonly #early = new Map<string, Early>();
  /** ACKs of the 2xx that nobody wanted, by To tag, for when they come again. */
  readonly #hungUp = new Map<string, SipRequest>();
  #isProvisional = false;
  /** `wanted`: CANCEL waits for a provisional response (RFC 3261 §9.1). */
  #cancel: 'no' | 'wanted' | 'sent' = 'no';

  constructor(core: UsageCore, request: SipRequest) {
    this.#core = core;
    this.id = core.send(request);
  }

  /** The early dialog a request of the far side belongs to. */
  earlyDialog(remoteTag: string | undefined): Dialog | undefined {
    return this.#early.get(remoteTag ?? '')?.dialog;
  }

  /** Whether offer and answer are done in that early dialog, so that UPDATE may bring another offer (RFC 3311 §5.1). */
  hasAnswer(remoteTag: string | undefined): boolean {
    return this.#early.get(remoteTag ?? '')?.answer !== undefined;
  }

  /** Notes a request of the far side in an early dialog. */
  received(remoteTag: string, request: SipRequest): 'ok' | 'out-of-order' {
    const early = this.#early.get(remoteTag);
    if (!early) return 'out-of-order';
    const dialog = withRemoteRequest(early.dialog, request);
    if (dialog === 'out-of-order') return dialog;
    early.dialog = dialog;
    return 'ok';
  }

  cancel(): void {
    if (this.#cancel !== 'no') return;
    this.#cancel = 'wanted';
    if (this.#isProvisional) this.#sendCancel();
  }

  /** No final response came to the CANCELled INVITE within 64·T1: it counts as ended (RFC 3261 §9.1). */
  fired(timer: string): boolean {
    if (timer !== CANCEL_TIMER) return false;
    this.#core.abandon(this.id);
    return true;
  }

  response(response: SipResponse, again: HeaderChange | undefined): InviteOutcome {
    const invite = this.#core.opened(this.id);
    const { status } = response;
    if (!invite) {
      const ack = this.#hungUp.get(tagOf(response, 'To') ?? '');
      if (ack && status >= 200 && status < 300) this.#core.emit({ do: 'ack', request: ack });
      return { kind: 'still-open' };
    }
    if (status < 200) {
      this.#provisional(invite, response);
      return { kind: 'still-open' };
    }
    if (status >= 300) {
      if (this.#cancel === 'no' && this.#repeated(response, again)) return { kind: 'still-open' };
      this.#core.closed(this.id);
      this.#core.emit({ do: 'stop', timer: CANCEL_TIMER });
      return { kind: 'refused', status };
    }
    this.#core.closed(this.id);
    this.#core.emit({ do: 'stop', timer: CANCEL_TIMER });
    return this.#accepted(invite, response);
  }

  /** ACK and BYE for a 2xx that nobody wants: of another fork, or after CANCEL (RFC 3261 §13.2.2.4). */
  hangUp(invite: SipRequest, response: SipResponse): void {
    const dialog = dialogOfResponse(invite, response);
    if (!dialog) return;
    const acked = this.#hungUp.get(dialog.remoteTag);
    if (acked) {
      this.#core.emit({ do: 'ack', request: acked });
      return;
    }
    if (this.#hungUp.size >= EARLY_LIMIT) return;
    this.#hungUp.set(dialog.remoteTag, this.#core.ack(dialog, invite));
    const known = this.#early.get(dialog.remoteTag)?.dialog.localSeq ?? 0;
    const bye = nextRequest({ ...dialog, localSeq: Math.max(dialog.localSeq, known) }, 'BYE');
    this.#core.send(bye.request);
  }

  #accepted(invite: SipRequest, response: SipResponse): InviteOutcome {
    const fresh = dialogOfResponse(invite, response);
    const early = fresh && this.#early.get(fresh.remoteTag);
    const answer = sdpOf(response) ?? early?.answer;
    if (!fresh || this.#cancel !== 'no' || answer === undefined) {
      this.hangUp(invite, response);
      return { kind: 'unwanted' };
    }
    const dialog: Dialog = {
      ...fresh,
      localSeq: Math.max(fresh.localSeq, early?.dialog.localSeq ?? 0),
      remoteSeq: early?.dialog.remoteSeq,
    };
    return { kind: 'answered', dialog, answer, invite };
  }

  #provisional(invite: SipRequest, response: SipResponse): void {
    if (!this.#isProvisional) {
      this.#isProvisional = true;
      if (this.#cancel === 'wanted') this.#sendCancel();
    }
    if (response.status === 100) return;
    const tag = tagOf(response, 'To');
    let early = tag === undefined ? undefined : this.#early.get(tag);
    if (tag !== undefined && !early && this.#early.size < EARLY_LIMIT) {
      const dialog = dialogOfResponse(invite, response);
      if (dialog) this.#early.set(tag, (early = { dialog, rseq: undefined, answer: undefined }));
    }
    const isReliable = hasOption(response.headers, 'Require', '100rel');
    if (isReliable && (!early || !this.#acknowledge(invite, response, early))) return;
    const sdp = sdpOf(response);
    if (isReliable && early && sdp !== undefined) early.answer = sdp;
    if (this.#cancel === 'no') this.#core.emit({ do: 'ringing', sdp });
  }

  /** PRACKs a reliable response that comes in order; false: repeated or ahead of a lost one (RFC 3262 §4). */
  #acknowledge(invite: SipRequest, response: SipResponse, early: Early): boolean {
    const rseq = parseRSeq(response.headers.get('RSeq') ?? '');
    if (!rseq.ok || (early.rseq !== undefined && rseq.value !== early.rseq + 1)) return false;
    early.rseq = rseq.value;
    const prack = nextRequest(early.dialog, 'PRACK');
    prack.request.headers.add('RAck', `${rseq.value} ${cseqOf(invite).number} INVITE`);
    early.dialog = prack.dialog;
    this.#core.send(prack.request);
    return true;
  }

  /** Whether the INVITE goes out anew: as the driver says, or with the interval a 422 asks for. */
  #repeated(response: SipResponse, again: HeaderChange | undefined): boolean {
    let change = again;
    if (!change && response.status === 422) {
      change = timerHeaders(this.#core.config.timer.sessionExpires, leastOf(response.headers));
    }
    if (!change || !this.#core.repeat(this.id, change)) return false;
    this.#isProvisional = false;
    this.#early.clear();
    return true;
  }

  #sendCancel(): void {
    this.#cancel = 'sent';
    this.#core.emit({ do: 'cancel', id: this.id });
    this.#core.emit({ do: 'timer', timer: CANCEL_TIMER, ms: lifetime(this.#core.config.times) });
  }
}
