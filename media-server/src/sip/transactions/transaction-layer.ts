import type { Clock } from '../../shared/clock.ts';
import { randomLetters } from '../../shared/ids.ts';
import { Headers, type SipMessage, type SipRequest, type SipResponse } from '../messages/message.ts';
import { responseTo } from '../messages/response.ts';
import { serialize } from '../messages/serialize.ts';
import { markReceived } from '../messages/via.ts';
import type { Flow } from '../transport/flow.ts';
import { ClientDriver, type ClientTransaction, type ClientUser } from './client-transaction.ts';
import { ServerDriver, type ServerTransaction } from './server-transaction.ts';
import { BASE_TIMES, type BaseTimes } from './timers.ts';
import { BRANCH_COOKIE, clientKey, cseqOf, mergeKey, serverKey, tagOf } from './transaction-key.ts';

export interface TransactionLayerOptions {
  readonly clock: Clock;
  readonly times?: BaseTimes;
  /** Most transactions open at a time, both kinds together; beyond it new requests get 503 with Retry-After. */
  readonly limit: number;
  /** `host:port` for the Via of a request on this flow. */
  readonly sentBy: (flow: Flow) => string;
  /** The flow for responses to a request that came by `flow` (RFC 3261 §18.2.2). */
  readonly responseFlow: (flow: Flow, request: SipRequest) => Flow;
  /** A response to a new request that needs no transaction: it costs no memory and is made again for a repeated one. */
  readonly screen: (request: SipRequest, flow: Flow) => SipResponse | undefined;
  /** A new request that passed the screen; never ACK or CANCEL. */
  readonly request: (transaction: ServerTransaction) => void;
  /** An ACK that belongs to no transaction: to a 2xx, or stray. */
  readonly ack: (request: SipRequest, flow: Flow) => void;
}

/** Seconds after which a request refused at the limit may be tried again. */
const RETRY_AFTER_S = '5';

/** Drives the transaction machines of RFC 3261 §17: finds the one a message belongs to, sends, keeps their timers. */
export class TransactionLayer {
  readonly #options: TransactionLayerOptions;
  readonly #times: BaseTimes;
  readonly #servers = new Map<string, ServerDriver>();
  readonly #merges = new Map<string, ServerDriver>();
  readonly #clients = new Map<string, ClientDriver>();

  constructor(options: TransactionLayerOptions) {
    this.#options = options;
    this.#times = options.times ?? BASE_TIMES;
  }

  /** Open transactions of both kinds. */
  get size(): number {
    return this.#servers.size + this.#clients.size;
  }

  receive(message: SipMessage, flow: Flow): void {
    if (message.kind === 'response') this.#receiveResponse(message);
    else this.#receiveRequest(message, flow);
  }

  /**
   * Sends a request in a transaction of its own. The Via is added here; `branch` of the INVITE stays the same for
   * `cancel`. The user hears `failed` at once if the flow is dead.
   */
  send(request: SipRequest, flow: Flow, user: ClientUser): ClientTransaction {
    return this.#open(this.#withVia(request, flow, BRANCH_COOKIE + randomLetters(20)), flow, user);
  }

  /** Sends an ACK to a 2xx: a request without transaction (RFC 3261 §13.2.2.4). */
  sendAck(request: SipRequest, flow: Flow): void {
    flow.write(serialize(this.#withVia(request, flow, BRANCH_COOKIE + randomLetters(20))));
  }

  /**
   * Sends the CANCEL of an INVITE: same Via, URI, Route, From, To, Call-ID and CSeq number (RFC 3261 §9.1). The caller
   * has waited for a provisional response. What becomes of the CANCEL itself tells nothing; the INVITE's final does.
   */
  cancel(invite: ClientTransaction): void {
    const from = invite.request.headers;
    const headers = new Headers([['Via', from.get('Via') ?? '']]);
    for (const route of from.all('Route')) headers.add('Route', route);
    headers.add('Max-Forwards', '70');
    for (const name of ['From', 'To', 'Call-ID']) headers.add(name, from.get(name) ?? '');
    headers.add('CSeq', `${cseqOf(invite.request).number} CANCEL`);
    this.#open(
      { kind: 'request', method: 'CANCEL', uri: invite.request.uri, headers, body: Buffer.alloc(0) },
      invite.flow,
      { response: () => {}, failed: () => {} },
    );
  }

  /** Ends a request's transaction; its user hears no more. */
  abandon(transaction: ClientTransaction): void {
    this.#clients.get(clientKey(transaction.request))?.end();
  }

  /** A connection is gone: every request that waits on it has failed (RFC 3261 §17.1.4). */
  flowLost(flow: Flow): void {
    for (const client of [...this.#clients.values()]) if (client.flow === flow) client.lost();
  }

  /** Ends all transactions without telling anybody. */
  close(): void {
    for (const each of [...this.#servers.values(), ...this.#clients.values()]) each.end();
  }

  #withVia(request: SipRequest, flow: Flow, branch: string): SipRequest {
    const headers = request.headers.clone();
    const via = `SIP/2.0/${flow.transport.toUpperCase()} ${this.#options.sentBy(flow)};branch=${branch};rport`;
    headers.prepend('Via', via);
    return { ...request, headers };
  }

  #open(request: SipRequest, flow: Flow, user: ClientUser): ClientTransaction {
    const key = clientKey(request);
    const client = new ClientDriver(request, flow, user, this.#options.clock, this.#times, () =>
      this.#clients.delete(key),
    );
    this.#clients.set(key, client);
    client.start();
    return client;
  }

  #receiveResponse(response: SipResponse): void {
    // What belongs to no transaction is dropped: we forward nothing (RFC 3261 §18.1.2).
    this.#clients.get(clientKey(response))?.receive(response);
  }

  #receiveRequest(request: SipRequest, flow: Flow): void {
    markReceived(request.headers, flow.remote);
    const existing = this.#servers.get(serverKey(request));
    if (request.method === 'ACK') {
      if (existing) existing.receiveAck(request);
      else this.#options.ack(request, flow);
      return;
    }
    if (existing) {
      existing.repeated();
      return;
    }
    const back = this.#options.responseFlow(flow, request);
    if (this.size >= this.#options.limit) {
      const full = responseTo(request, 503);
      full.headers.set('Retry-After', RETRY_AFTER_S);
      back.write(serialize(full));
      return;
    }
    const refusal = request.method === 'CANCEL' ? undefined : this.#options.screen(request, flow);
    if (refusal) {
      back.write(serialize(refusal));
      return;
    }
    // The same request by another way, as a forking proxy makes it. CANCEL follows its INVITE and is never merged.
    if (request.method !== 'CANCEL' && tagOf(request, 'To') === undefined && this.#merges.has(mergeKey(request))) {
      this.#accept(request, flow, back).respond(responseTo(request, 482));
      return;
    }
    const server = this.#accept(request, flow, back);
    if (request.method !== 'CANCEL') {
      if (tagOf(request, 'To') === undefined) this.#merges.set(mergeKey(request), server);
      this.#options.request(server);
      return;
    }
    const invite = this.#servers.get(serverKey(request, 'INVITE'));
    server.respond(responseTo(request, invite ? 200 : 481, undefined, invite?.toTag));
    if (invite?.pending) invite.onCancel?.(request);
  }

  #accept(request: SipRequest, flow: Flow, back: Flow): ServerDriver {
    const key = serverKey(request);
    const server = new ServerDriver(request, flow, back, this.#options.clock, this.#times, () => {
      this.#servers.delete(key);
      const merge = mergeKey(request);
      if (this.#merges.get(merge) === server) this.#merges.delete(merge);
    });
    this.#servers.set(key, server);
    server.start();
    return server;
  }
}
