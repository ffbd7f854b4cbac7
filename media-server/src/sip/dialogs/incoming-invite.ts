import { hasOption, parseRAck } from '../messages/fields.ts';
import type { SipRequest, SipResponse } from '../messages/message.ts';
import { cseqOf } from '../transactions/transaction-key.ts';
import { lifetime } from '../transactions/timers.ts';
import { sdpOf } from './sdp-body.ts';
import { answerTimer, type SessionTimer } from './session-timer.ts';
import type { UsageCore } from './usage.ts';

const RELIABLE_TIMER = 'reliable';

interface ReliableResponse {
  readonly rseq: number;
  readonly response: SipResponse;
  interval: number;
  spent: number;
}

/**
 * An INVITE of the far side until our final response (RFC 3261 §13.3). Provisional responses are reliable (RFC 3262)
 * only where its Require says so; then one is under way at a time and the 2xx waits for the PRACK of one with SDP.
 */
export class IncomingInvite {
  readonly ref: number;
  readonly request: SipRequest;
  readonly #core: UsageCore;
  readonly #isReliable: boolean;
  readonly #hasOffer: boolean;
  #rseq: number;
  #underWay: ReliableResponse | undefined;
  /** What the owner asked for while a reliable response was under way; only the last counts. */
  #waiting: { readonly kind: 'ring' | 'answer'; readonly sdp: string | undefined } | undefined;
  #saidSdp: string | undefined;

  constructor(core: UsageCore, ref: number, request: SipRequest) {
    this.#core = core;
    this.ref = ref;
    this.request = request;
    this.#isReliable = hasOption(request.headers, 'Require', '100rel');
    this.#hasOffer = sdpOf(request) !== undefined;
    this.#rseq = 1 + Math.floor(core.config.random() * 2 ** 30);
  }

  ring(sdp: string | undefined): void {
    const status = sdp === undefined ? 180 : 183;
    if (!this.#isReliable) {
      this.#core.respond(this.ref, this.request, status, { sdp });
      if (sdp !== undefined) this.#saidSdp = sdp;
      return;
    }
    // The first reliable response would have to hold the offer (RFC 3261 §13.2.1), which the owner gives in `answer`.
    if (!this.#hasOffer) return;
    if (this.#underWay) {
      this.#waiting = { kind: 'ring', sdp };
      return;
    }
    const rseq = this.#rseq++;
    const headers: [string, string][] = [
      ['Require', '100rel'],
      ['RSeq', String(rseq)],
    ];
    const response = this.#core.respond(this.ref, this.request, status, { headers, sdp });
    if (sdp !== undefined) this.#saidSdp = sdp;
    const { t1 } = this.#core.config.times;
    this.#underWay = { rseq, response, interval: t1, spent: 0 };
    this.#core.emit({ do: 'timer', timer: RELIABLE_TIMER, ms: t1 });
  }

  /** Sends the 200, or keeps it until the PRACK; undefined: not yet sent. */
  answer(sdp: string): { readonly response: SipResponse; readonly timer: SessionTimer | undefined } | undefined {
    if (this.#underWay && this.#saidSdp !== undefined) {
      this.#waiting = { kind: 'answer', sdp };
      return undefined;
    }
    this.stop();
    const timer = answerTimer(this.request, this.#core.config.timer);
    const headers = timer.kind === 'timer' ? timer.headers : [];
    const response = this.#core.respond(this.ref, this.request, 200, { headers, sdp });
    return { response, timer: timer.kind === 'timer' ? timer.timer : undefined };
  }

  refuse(
    status: number,
    options: { readonly reason?: string | undefined; readonly retryAfter?: number | undefined } = {},
  ): void {
    this.stop();
    const headers: [string, string][] =
      options.retryAfter === undefined ? [] : [['Retry-After', String(Math.ceil(options.retryAfter))]];
    this.#core.respond(this.ref, this.request, status, { reason: options.reason, headers });
  }

  /** A PRACK came: what the owner wants next, if something waited for it; `unknown` gets 481 (RFC 3262 §3). */
  pracked(
    prack: SipRequest,
  ): 'unknown' | 'known' | { readonly kind: 'ring' | 'answer'; readonly sdp: string | undefined } {
    const rack = parseRAck(prack.headers.get('RAck') ?? '');
    if (!rack.ok || !this.#underWay) return 'unknown';
    const { rseq, cseq } = rack.value;
    if (rseq !== this.#underWay.rseq || cseq.number !== cseqOf(this.request).number || cseq.method !== 'INVITE') {
      return 'unknown';
    }
    this.stop();
    const waiting = this.#waiting;
    this.#waiting = undefined;
    return waiting ?? 'known';
  }

  /** Sends the reliable response again; `given-up` after 64·T1 without PRACK (RFC 3262 §3: refuse with a 5xx). */
  fired(timer: string): 'resent' | 'given-up' | undefined {
    if (timer !== RELIABLE_TIMER || !this.#underWay) return undefined;
    const way = this.#underWay;
    way.spent += way.interval;
    if (way.spent >= lifetime(this.#core.config.times)) return 'given-up';
    this.#core.emit({ do: 'respond', ref: this.ref, response: way.response });
    way.interval = Math.min(way.interval * 2, lifetime(this.#core.config.times) - way.spent);
    this.#core.emit({ do: 'timer', timer, ms: way.interval });
    return 'resent';
  }

  stop(): void {
    if (this.#underWay) this.#core.emit({ do: 'stop', timer: RELIABLE_TIMER });
    this.#underWay = undefined;
  }
}
