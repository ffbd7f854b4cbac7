import { err, ok } from '../../shared/result.ts';
import type { LegEnd } from '../leg.ts';
import { listOf, parseSeconds } from '../messages/fields.ts';
import type { SipRequest, SipResponse } from '../messages/message.ts';
import { cseqOf, tagOf } from '../transactions/transaction-key.ts';
import { lifetime } from '../transactions/timers.ts';
import { withTarget } from './dialog.ts';
import { sdpOf } from './sdp-body.ts';
import { leastOf, type SessionTimer, timerHeaders, timerOfResponse } from './session-timer.ts';
import type { HeaderChange, UsageCore } from './usage.ts';

const GLARE_TIMER = 'glare';
const ANSWER_TIMER = 'reinvite';
/** Re-INVITEs waiting behind another exchange; more get 491 at once. */
const QUEUE_LIMIT = 8;
/** Times a re-INVITE is tried again after 491 or 500 with Retry-After. */
const RETRY_LIMIT = 6;
/** The longest Retry-After a re-INVITE waits for, seconds. */
const RETRY_AFTER_LIMIT_S = 10;

interface Exchange {
  /** The owner's number for a re-INVITE, undefined: a session refresh. */
  readonly want: number | undefined;
  readonly method: 'INVITE' | 'UPDATE';
  readonly offer: string | undefined;
  retries: number;
  id: number | undefined;
  cancelled: boolean;
  /** A provisional response came, without which there is no CANCEL (RFC 3261 §9.1). */
  isProvisional: boolean;
}

/** What a response to our re-INVITE or refresh means for the session. */
export type ExchangeOutcome =
  | { readonly kind: 'open' }
  | { readonly kind: 'failed' }
  /** `answer` if it changed and nobody awaits it. */
  | { readonly kind: 'done'; readonly timer: SessionTimer | undefined; readonly answer: string | undefined }
  /** The dialog is gone (RFC 3261 §12.2.1.2). */
  | { readonly kind: 'dead'; readonly end: LegEnd };

/** Re-INVITEs and session refreshes of ours: one under way at a time, glare retried (RFC 3261 §14.1, RFC 4028 §7). */
export class OwnOffers {
  readonly #core: UsageCore;
  #current: Exchange | undefined;
  readonly #queue: Exchange[] = [];
  /** ACKs of answered INVITEs, by CSeq, to be sent again when a 2xx comes again. Only the last few are kept. */
  readonly #acks = new Map<number, SipRequest>();
  #sessionTimer: SessionTimer | undefined;
  #minSe: number;

  constructor(core: UsageCore) {
    this.#core = core;
    this.#minSe = core.config.timer.minSessionExpires;
  }

  /** Whether a request of ours has no final response: the far side's offer gets 491. */
  get isUnderWay(): boolean {
    return this.#current?.id !== undefined;
  }

  set sessionTimer(timer: SessionTimer | undefined) {
    this.#sessionTimer = timer;
  }

  /** Remembers the ACK of an INVITE answered elsewhere (the first one). */
  acked(ack: SipRequest): void {
    this.#acks.set(cseqOf(ack).number, ack);
    const oldest = this.#acks.keys().next().value;
    if (this.#acks.size > 4 && oldest !== undefined) this.#acks.delete(oldest);
  }

  reinvite(want: number, offer: string): void {
    if (this.#queue.length >= QUEUE_LIMIT) {
      this.#core.emit({ do: 'reinvited', want, result: err({ status: 491 }) });
      return;
    }
    this.#queue.push({
      want,
      method: 'INVITE',
      offer,
      retries: 0,
      id: undefined,
      cancelled: false,
      isProvisional: false,
    });
  }

  refresh(method: 'INVITE' | 'UPDATE'): void {
    if (this.#current?.want === undefined && this.#current) return;
    if (this.#queue.some((each) => each.want === undefined)) return;
    const offer = method === 'INVITE' ? this.#core.localSdp : undefined;
    this.#queue.push({
      want: undefined,
      method,
      offer,
      retries: 0,
      id: undefined,
      cancelled: false,
      isProvisional: false,
    });
  }

  /** Starts the next exchange, unless one is under way. Called whenever nothing else holds the offer/answer state. */
  proceed(): void {
    if (this.#current) return;
    this.#current = this.#queue.shift();
    if (this.#current) this.#send(this.#current);
  }

  /** A response to one of our exchanges; undefined: not one of these. */
  response(id: number, response: SipResponse, again: HeaderChange | undefined): ExchangeOutcome | undefined {
    const current = this.#current;
    if (!current || current.id !== id) return this.#repeatedAnswer(response) ? { kind: 'open' } : undefined;
    const { status } = response;
    const sent = this.#core.opened(id);
    if (status < 200 || !sent) {
      if (current.cancelled && !current.isProvisional) this.#core.emit({ do: 'cancel', id });
      current.isProvisional = true;
      return { kind: 'open' };
    }
    if (again && this.#core.repeat(id, again)) return { kind: 'open' };
    if (status === 422) {
      this.#minSe = Math.max(this.#minSe, leastOf(response.headers));
      const seconds = this.#sessionTimer?.seconds ?? this.#core.config.timer.sessionExpires;
      if (this.#core.repeat(id, timerHeaders(seconds, this.#minSe, 'us'))) return { kind: 'open' };
    }
    this.#core.closed(id);
    this.#core.emit({ do: 'stop', timer: ANSWER_TIMER });
    current.id = undefined;
    if (status < 300) return this.#accepted(current, sent, response);
    if (this.#retryLater(current, response)) return { kind: 'open' };
    this.#current = undefined;
    if (status === 481 || status === 408) {
      this.#report(current, status);
      return { kind: 'dead', end: { by: 'far', cause: 'protocol', status } };
    }
    if (current.method === 'UPDATE') {
      // It was in Allow, and yet: the refresh goes by re-INVITE now.
      this.refresh('INVITE');
      return { kind: 'failed' };
    }
    this.#report(current, status);
    return { kind: 'failed' };
  }

  failed(id: number, why: 'timeout' | 'transport'): ExchangeOutcome | undefined {
    const current = this.#current;
    if (!current || current.id !== id) return undefined;
    this.#core.closed(id);
    this.#core.emit({ do: 'stop', timer: ANSWER_TIMER });
    this.#current = undefined;
    if (current.method === 'UPDATE' && why === 'timeout') {
      // Some carriers leave an UPDATE unanswered although their Allow has it.
      this.refresh('INVITE');
      return { kind: 'failed' };
    }
    this.#report(current, why === 'timeout' ? 408 : 503);
    return { kind: 'dead', end: { by: 'us', cause: 'transport-lost' } };
  }

  fired(timer: string): boolean {
    const current = this.#current;
    if (timer === GLARE_TIMER) {
      if (current && current.id === undefined) this.#send(current);
      return true;
    }
    if (timer !== ANSWER_TIMER) return false;
    if (current?.id !== undefined && !current.cancelled) {
      current.cancelled = true;
      if (current.isProvisional) this.#core.emit({ do: 'cancel', id: current.id });
      this.#core.emit({ do: 'timer', timer: ANSWER_TIMER, ms: lifetime(this.#core.config.times) });
    } else if (current?.id !== undefined) {
      this.#core.abandon(current.id);
      this.#current = undefined;
      this.#report(current, 408);
    }
    return true;
  }

  /** The session is over: whoever waits hears 487. */
  clear(): void {
    const waiting = [...(this.#current ? [this.#current] : []), ...this.#queue];
    this.#current = undefined;
    this.#queue.length = 0;
    this.#core.emit({ do: 'stop', timer: GLARE_TIMER });
    this.#core.emit({ do: 'stop', timer: ANSWER_TIMER });
    for (const exchange of waiting) this.#report(exchange, 487);
  }

  #send(exchange: Exchange): void {
    const { config } = this.#core;
    const timer = this.#sessionTimer;
    const headers = timer ? timerHeaders(timer.seconds, this.#minSe, timer.refresher) : [];
    exchange.isProvisional = false;
    exchange.id = this.#core.request(exchange.method, { headers, sdp: exchange.offer });
    if (exchange.method === 'INVITE') {
      this.#core.emit({ do: 'timer', timer: ANSWER_TIMER, ms: lifetime(config.times) });
    }
  }

  #accepted(exchange: Exchange, sent: SipRequest, response: SipResponse): ExchangeOutcome {
    this.#current = undefined;
    if (this.#core.dialog) this.#core.dialog = withTarget(this.#core.dialog, response);
    const timer = timerOfResponse(response);
    if (exchange.method === 'UPDATE' || !this.#core.dialog) return { kind: 'done', timer, answer: undefined };
    this.acked(this.#core.ack(this.#core.dialog, sent));
    const answer = sdpOf(response);
    if (answer === undefined) {
      this.#report(exchange, 500);
      return { kind: 'done', timer, answer: undefined };
    }
    const isNew = answer !== this.#core.remoteSdp;
    this.#core.localSdp = exchange.offer;
    this.#core.remoteSdp = answer;
    if (exchange.want === undefined) return { kind: 'done', timer, answer: isNew ? answer : undefined };
    this.#core.emit({ do: 'reinvited', want: exchange.want, result: ok(answer) });
    return { kind: 'done', timer, answer: undefined };
  }

  /** A 2xx that came again because our ACK was lost. */
  #repeatedAnswer(response: SipResponse): boolean {
    const { number, method } = cseqOf(response);
    const ack = this.#acks.get(number);
    if (method !== 'INVITE' || response.status < 200 || response.status > 299 || !ack) return false;
    if (tagOf(response, 'To') !== this.#core.dialog?.remoteTag) return false;
    this.#core.emit({ do: 'ack', request: ack });
    return true;
  }

  #retryLater(exchange: Exchange, response: SipResponse): boolean {
    if (exchange.retries >= RETRY_LIMIT || exchange.cancelled) return false;
    const { random, owner } = this.#core.config;
    const after = parseSeconds(response.headers.get('Retry-After') ?? '');
    let ms: number;
    // Units of 10 ms: 2.1–4 s if the Call-ID is ours, else 0–2 s (RFC 3261 §14.1).
    if (response.status === 491) ms = owner ? 2100 + Math.floor(random() * 191) * 10 : Math.floor(random() * 201) * 10;
    else if (response.status === 500 && after.ok && after.value.seconds <= RETRY_AFTER_LIMIT_S) {
      ms = after.value.seconds * 1000;
    } else return false;
    exchange.retries++;
    this.#core.emit({ do: 'timer', timer: GLARE_TIMER, ms });
    return true;
  }

  #report(exchange: Exchange, status: number): void {
    if (exchange.want === undefined) return;
    this.#core.emit({ do: 'reinvited', want: exchange.want, result: err({ status }) });
  }
}

/** Whether the far side has said that it takes UPDATE. */
export function allowsUpdate(message: SipRequest | SipResponse): boolean | undefined {
  const methods = listOf(message.headers, 'Allow');
  return methods.length === 0 ? undefined : methods.includes('UPDATE');
}
