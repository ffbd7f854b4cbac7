import type { Result } from '../../shared/result.ts';
import type { LegEnd } from '../leg.ts';
import type { SipRequest, SipResponse } from '../messages/message.ts';
import { responseTo } from '../messages/response.ts';
import { cseqOf } from '../transactions/transaction-key.ts';
import type { BaseTimes } from '../transactions/timers.ts';
import { type Dialog, nextRequest } from './dialog.ts';
import type { SessionTimerWish } from './session-timer.ts';

/** Methods that our dialogs take. */
export const ALLOW = 'INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, PRACK';
/** Extensions that we know; everything else in Require gets 420. */
export const SUPPORTED = ['100rel', 'timer'] as const;

/** What doesn't change in the life of an INVITE usage. */
export interface UsageConfig {
  readonly times: BaseTimes;
  /** Our Contact as a header value, `<sip:…>`. */
  readonly contact: string;
  /** Our Call-ID, From tag and so on belong to us: decides who waits longer after glare (RFC 3261 §14.1). */
  readonly owner: boolean;
  readonly timer: SessionTimerWish;
  /** Whether to refresh by UPDATE where the far side's Allow has it. Never to browsers: theirs answer 405. */
  readonly sendsUpdate: boolean;
  /** 0 ≤ x < 1: waiting times and first RSeq. */
  readonly random: () => number;
}

/** Headers to set before a request is sent again. */
export type HeaderChange = readonly (readonly [string, string])[];

/** What happens to a usage. `ref` names a request of the far side, `id` one of ours. */
export type UsageInput =
  | { readonly on: 'request'; readonly ref: number; readonly request: SipRequest }
  | { readonly on: 'ack'; readonly request: SipRequest }
  /** The far side's INVITE `ref` was cancelled; its 200 is out. */
  | { readonly on: 'cancelled'; readonly ref: number }
  /**
   * A response to our request. `again`: the driver can send it once more with these headers (they answer a 401 or 407;
   * none: to another destination).
   */
  | { readonly on: 'response'; readonly id: number; readonly response: SipResponse; readonly again?: HeaderChange }
  | {
      readonly on: 'failed';
      readonly id: number;
      readonly why: 'timeout' | 'transport';
      readonly again?: HeaderChange;
    }
  | { readonly on: 'timer'; readonly timer: string }
  /** The connection is gone and nobody came back for the session. */
  | { readonly on: 'flow-lost' }
  | { readonly on: 'ring'; readonly sdp?: string | undefined }
  | { readonly on: 'answer'; readonly sdp: string }
  | { readonly on: 'reject'; readonly status: number; readonly reason?: string; readonly retryAfter?: number }
  /** `no-answer`: it rang too long. */
  | { readonly on: 'end'; readonly cause?: 'no-answer' }
  | { readonly on: 'reinvite'; readonly want: number; readonly offer: string }
  /** The owner's word on `ask-answer`. */
  | { readonly on: 'answered'; readonly ref: number; readonly answer: Result<string, { status: number }> }
  /** The owner's word on `ask-offer`. */
  | { readonly on: 'offered'; readonly ref: number; readonly offer: string };

/** What a usage wants done, in this order. */
export type UsageOutput =
  | { readonly do: 'respond'; readonly ref: number; readonly response: SipResponse }
  | { readonly do: 'request'; readonly id: number; readonly request: SipRequest }
  /** An ACK to a 2xx, which has no transaction. */
  | { readonly do: 'ack'; readonly request: SipRequest }
  /** CANCEL of our INVITE `id`. */
  | { readonly do: 'cancel'; readonly id: number }
  /** The transaction of `id` is to end now; nothing it brings is wanted. */
  | { readonly do: 'abandon'; readonly id: number }
  | { readonly do: 'timer'; readonly timer: string; readonly ms: number }
  | { readonly do: 'stop'; readonly timer: string }
  | { readonly do: 'ringing'; readonly sdp: string | undefined }
  | { readonly do: 'established'; readonly sdp: string | undefined }
  | { readonly do: 'ask-answer'; readonly ref: number; readonly offer: string }
  | { readonly do: 'ask-offer'; readonly ref: number }
  | { readonly do: 'key'; readonly contentType: string }
  | { readonly do: 'reinvited'; readonly want: number; readonly result: Result<string, { status: number }> }
  | { readonly do: 'ended'; readonly end: LegEnd }
  /** Nothing more will come of it: all its requests have their ends. */
  | { readonly do: 'forget' };

/** Times a request of ours is sent anew with an answer to a challenge or another Session-Expires. */
const REPEAT_LIMIT = 3;

/** What the parts of one usage share: its dialog, its descriptions, its open requests, and the way out. */
export class UsageCore {
  readonly config: UsageConfig;
  dialog: Dialog | undefined;
  /** The SDP in force, as text; kept to see whether a re-INVITE changes anything, and to send in a refresh. */
  localSdp: string | undefined;
  remoteSdp: string | undefined;
  readonly #open = new Map<number, { request: SipRequest; repeats: number }>();
  #outputs: UsageOutput[] = [];
  #nextId = 1;
  #isEnded = false;

  constructor(config: UsageConfig) {
    this.config = config;
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** Whether requests of ours have no final response yet. */
  get hasOpenRequests(): boolean {
    return this.#open.size > 0;
  }

  emit(output: UsageOutput): void {
    this.#outputs.push(output);
  }

  drain(): UsageOutput[] {
    const outputs = this.#outputs;
    this.#outputs = [];
    return outputs;
  }

  /** Tells the owner, once. */
  end(end: LegEnd): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.emit({ do: 'ended', end });
  }

  /** Answers the far side's request; 1xx and 2xx to what sets a target carry Contact (RFC 3261 §12.1.1). */
  respond(
    ref: number,
    request: SipRequest,
    status: number,
    options: {
      readonly reason?: string | undefined;
      readonly headers?: readonly (readonly [string, string])[];
      readonly sdp?: string | undefined;
      readonly tag?: string | undefined;
    } = {},
  ): SipResponse {
    const response = responseTo(request, status, options.reason, options.tag ?? this.dialog?.localTag);
    const { headers } = response;
    const refreshesTarget = request.method === 'INVITE' || request.method === 'UPDATE';
    if (refreshesTarget && status > 100 && status < 300) {
      headers.add('Contact', this.config.contact);
      headers.add('Allow', ALLOW);
      headers.add('Supported', SUPPORTED.join(', '));
    }
    for (const [name, value] of options.headers ?? []) headers.add(name, value);
    if (options.sdp !== undefined) {
      headers.add('Content-Type', 'application/sdp');
      response.body = Buffer.from(options.sdp, 'utf8');
    }
    this.emit({ do: 'respond', ref, response });
    return response;
  }

  /** Sends a request in the dialog and returns its id. */
  request(
    method: string,
    options: { readonly headers?: readonly (readonly [string, string])[]; readonly sdp?: string | undefined } = {},
  ): number {
    if (!this.dialog) throw new Error('no dialog to send a request in');
    const next = nextRequest(this.dialog, method);
    this.dialog = next.dialog;
    const { headers } = next.request;
    if (method === 'INVITE' || method === 'UPDATE') {
      headers.add('Contact', this.config.contact);
      headers.add('Allow', ALLOW);
      headers.add('Supported', SUPPORTED.join(', '));
    }
    for (const [name, value] of options.headers ?? []) headers.add(name, value);
    if (options.sdp !== undefined) {
      headers.add('Content-Type', 'application/sdp');
      next.request.body = Buffer.from(options.sdp, 'utf8');
    }
    return this.send(next.request);
  }

  send(request: SipRequest): number {
    const id = this.#nextId++;
    this.#open.set(id, { request, repeats: 0 });
    this.emit({ do: 'request', id, request });
    return id;
  }

  /** The request as it was sent last, if it has no final response. */
  opened(id: number): SipRequest | undefined {
    return this.#open.get(id)?.request;
  }

  /**
   * Sends request `id` once more with other headers and the next CSeq number: after a challenge (RFC 3261 §22.2) or a
   * 422. False if it was tried too often.
   */
  repeat(id: number, change: HeaderChange): boolean {
    const open = this.#open.get(id);
    if (!open || open.repeats >= REPEAT_LIMIT) return false;
    const headers = open.request.headers.clone();
    for (const [name, value] of change) headers.set(name, value);
    const { number, method } = cseqOf(open.request);
    const next = Math.max(number, this.dialog?.localSeq ?? 0) + 1;
    headers.set('CSeq', `${next} ${method}`);
    if (this.dialog) this.dialog = { ...this.dialog, localSeq: next };
    const request = { ...open.request, headers };
    this.#open.set(id, { request, repeats: open.repeats + 1 });
    this.emit({ do: 'request', id, request });
    return true;
  }

  closed(id: number): void {
    this.#open.delete(id);
  }

  /** Gives up a request that has no final response. */
  abandon(id: number): void {
    if (this.#open.delete(id)) this.emit({ do: 'abandon', id });
  }

  /** ACKs a 2xx to the INVITE with that CSeq number (RFC 3261 §13.2.2.4); returns it to be sent again. */
  ack(dialog: Dialog, invite: SipRequest): SipRequest {
    const { request } = nextRequest(dialog, 'ACK', cseqOf(invite).number);
    for (const name of ['Authorization', 'Proxy-Authorization']) {
      const value = invite.headers.get(name);
      if (value !== undefined) request.headers.add(name, value);
    }
    this.emit({ do: 'ack', request });
    return request;
  }
}
