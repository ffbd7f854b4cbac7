import type { Clock } from '../shared/clock.ts';
import { newId, randomLetters } from '../shared/ids.ts';
import type { Logger } from '../shared/logger.ts';
import { nextHop } from './dialogs/dialog.ts';
import { InviteLeg } from './dialogs/invite-leg.ts';
import { InviteUsage } from './dialogs/invite-usage.ts';
import { sdpOf } from './dialogs/sdp-body.ts';
import type { SessionTimerWish } from './dialogs/session-timer.ts';
import type { HeaderChange, UsageConfig } from './dialogs/usage.ts';
import { type DigestAccount, DigestClient } from './digest/client.ts';
import type { LegHandlers, OutgoingOptions, Peer, SipLeg } from './leg.ts';
import type { LegRecord, LegTable } from './leg-table.ts';
import type { SipRequest, SipResponse } from './messages/message.ts';
import { serialize } from './messages/serialize.ts';
import { inviteRequest } from './outgoing-request.ts';
import { calledOf, callerOf } from './party.ts';
import type { Routing } from './routing.ts';
import type { SipSettings } from './settings.ts';
import type { ServerTransaction } from './transactions/server-transaction.ts';
import type { BaseTimes } from './transactions/timers.ts';
import { tagOf } from './transactions/transaction-key.ts';
import type { TransactionLayer } from './transactions/transaction-layer.ts';
import { type Flow, isWebSocket } from './transport/flow.ts';

export interface LegFactoryOptions {
  readonly settings: SipSettings;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly transactions: TransactionLayer;
  readonly routing: Routing;
  readonly legs: LegTable;
  /** 0 ≤ x < 1. */
  readonly random: () => number;
  readonly times: BaseTimes;
}

/** A flow, or that there is none, perhaps later. */
type Way = Flow | undefined | Promise<Flow | undefined>;

/** A call of ours, all but how it goes on. */
export interface OutgoingCall {
  readonly peer: Peer;
  /** Who is called, as people write it. */
  readonly number: string;
  /** Request URI. */
  readonly uri: string;
  /** URI in From. */
  readonly from: string;
  /** To answer challenges with. */
  readonly account: DigestAccount | undefined;
  /** See `LegRecord.isBound`. */
  readonly isBound: boolean;
  /** The way to the present destination. */
  readonly flow: () => Way;
  /** Goes to the next destination (RFC 3263 §4.3); false: there is none. */
  readonly elsewhere: () => boolean;
  /** Whether a request too large for UDP goes by TCP (RFC 3261 §18.1.1). */
  readonly largeByTcp: boolean;
}

/** Timer C: an INVITE of ours without final response is given up (RFC 3261 §16.6), ms. */
const RING_MS = 180_000;
/** Above this a UDP request may not arrive whole (RFC 3261 §18.1.1); what Via adds is counted in. */
const UDP_LIMIT = 1300;
const VIA_SIZE = 120;

/** Makes legs, and finds the way for what they send. */
export class LegFactory {
  readonly #options: LegFactoryOptions;

  constructor(options: LegFactoryOptions) {
    this.#options = options;
  }

  /** A leg for an INVITE that was let in; `introduce` hands it to its owner. */
  incoming(transaction: ServerTransaction, peer: Peer, introduce: (leg: SipLeg) => LegHandlers): void {
    const { request, flow } = transaction;
    const { clock, logger, transactions, legs } = this.#options;
    const tag = randomLetters(16);
    const callId = request.headers.get('Call-ID') ?? '';
    const leg = new InviteLeg({
      id: newId(clock.now()),
      direction: 'in',
      peer,
      far: callerOf(request, peer.kind === 'trunk'),
      called: calledOf(request),
      offer: sdpOf(request),
      source: { ip: flow.remote.ip, port: flow.remote.port, transport: flow.transport },
      clock,
      logger,
      transactions,
      flowFor: (own) => this.#flowInDialog(record, own),
      again: () => undefined,
      forgotten: () => legs.remove(callId, tag),
    });
    const record: LegRecord = { leg, flow, isBound: peer.kind !== 'trunk' };
    legs.add(callId, tag, record);
    leg.beginIncoming(
      transaction,
      (ref) => InviteUsage.incoming(this.#config(flow, false), ref, request, tag),
      introduce,
    );
  }

  /** A leg for a call of ours. Its owner hears of it only after this has returned. */
  outgoing(call: OutgoingCall, options: OutgoingOptions): SipLeg {
    const { clock, logger, transactions, legs } = this.#options;
    const digest = call.account && new DigestClient(call.account);
    let key: { readonly callId: string; readonly tag: string } | undefined;
    let record: LegRecord | undefined;
    const leg = new InviteLeg({
      id: newId(clock.now()),
      direction: 'out',
      peer: call.peer,
      far: { user: call.number, withheld: false },
      called: { user: call.number, withheld: false },
      source: { ip: '', port: 0, transport: 'udp' },
      clock,
      logger,
      transactions,
      flowFor: (request) => {
        if (tagOf(request, 'To') === undefined) return this.#sized(request, call.flow(), call.largeByTcp);
        return record && this.#flowInDialog(record, request);
      },
      again: (request, failure) => {
        const isNew = tagOf(request, 'To') === undefined && request.method === 'INVITE';
        if (typeof failure === 'string' || failure.status === 503) return isNew && call.elsewhere() ? [] : undefined;
        return digest && answerTo(digest, request, failure);
      },
      forgotten: () => key && legs.remove(key.callId, key.tag),
    });
    leg.handlers = options.handlers;
    const begin = (flow: Flow | undefined): void => {
      if (!flow) {
        leg.fail({ by: 'far', cause: 'transport-lost', status: 503 });
        return;
      }
      const invite = this.#invite(call, options, flow);
      key = { callId: invite.headers.get('Call-ID') ?? '', tag: tagOf(invite, 'From') ?? '' };
      record = { leg, flow, isBound: call.isBound };
      leg.goesBy(flow);
      legs.add(key.callId, key.tag, record);
      leg.beginOutgoing(InviteUsage.outgoing(this.#config(flow, true), invite), options.ringMs ?? RING_MS);
    };
    const flow = call.flow();
    if (flow instanceof Promise) void flow.then(begin, () => begin(undefined));
    else queueMicrotask(() => begin(flow));
    return leg;
  }

  /** What we ask of session timers on that flow. A browser that is gone shows by its connection. */
  timerWish(flow: Flow): SessionTimerWish {
    const { sessionExpires, minSessionExpires } = this.#options.settings;
    return { sessionExpires, minSessionExpires, ask: !isWebSocket(flow) };
  }

  #invite(call: OutgoingCall, options: OutgoingOptions, flow: Flow): SipRequest {
    const { ask, sessionExpires, minSessionExpires } = this.timerWish(flow);
    return inviteRequest({
      uri: call.uri,
      from: call.from,
      displayName: options.from.displayName,
      contact: this.#options.routing.contact(flow),
      offer: options.offer,
      session: ask ? { seconds: sessionExpires, minSe: minSessionExpires } : undefined,
      headers: options.headers,
    });
  }

  #config(flow: Flow, isOwner: boolean): UsageConfig {
    const { times, routing, random } = this.#options;
    return {
      times,
      contact: routing.contact(flow),
      owner: isOwner,
      timer: this.timerWish(flow),
      sendsUpdate: !isWebSocket(flow),
      random,
    };
  }

  #flowInDialog(record: LegRecord, request: SipRequest): Way {
    const { flow } = record;
    if (isWebSocket(flow) || (record.isBound && flow.alive)) return flow;
    return this.#options.routing.flowTo(nextHop(request), flow);
  }

  #sized(request: SipRequest, way: Way, largeByTcp: boolean): Way {
    if (!largeByTcp || !way || way instanceof Promise || way.transport !== 'udp') return way;
    if (serialize(request).length + VIA_SIZE <= UDP_LIMIT) return way;
    const { ip, port } = way.remote;
    const tcp = this.#options.routing.connect({ transport: 'tcp', host: ip, ip, port });
    return tcp instanceof Promise ? tcp.then((found) => found ?? way) : tcp;
  }
}

/** Headers that answer a 401 or 407, if we know how. */
function answerTo(digest: DigestClient, request: SipRequest, failure: SipResponse): HeaderChange | undefined {
  if (failure.status !== 401 && failure.status !== 407) return undefined;
  return digest.take(failure, request.headers).ok ? digest.credentials(request.method, request.uri) : undefined;
}
