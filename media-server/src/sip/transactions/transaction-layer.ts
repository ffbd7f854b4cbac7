import type { Clock } from '../../shared/clock.ts';
import { randomLetters } from '../../shared/ids.ts';
import { Headers, type SipMessage, type SipRequest, type SipResponse } from '../messages/message.ts';
import { responseTo } from '../messages/response.ts';
import { serialize } from '../messages/serialize.ts';
import { markReceived } from '../messages/via.ts';
import type { Flow } from '../transport/flow.ts';
import { type InviteClientState, startInviteClient, stepInviteClient } from './invite-client.ts';
import { type InviteServerState, startInviteServer, stepInviteServer } from './invite-server.ts';
import { type NonInviteClientState, startNonInviteClient, stepNonInviteClient } from './non-invite-client.ts';
import { type NonInviteServerState, startNonInviteServer, stepNonInviteServer } from './non-invite-server.ts';
import type { ClientTransaction, ClientUser, ServerTransaction } from './server-transaction.ts';
import { TimerSet } from './timer-set.ts';
import { BASE_TIMES, type BaseTimes, type Step } from './timers.ts';
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
  /** A response that belongs to no transaction: a very late 2xx to INVITE, or stray. */
  readonly strayResponse: (response: SipResponse, flow: Flow) => void;
}

/** Seconds after which a request refused at the limit may be tried again. */
const RETRY_AFTER_S = '5';

type ServerMachine = { kind: 'invite'; state: InviteServerState } | { kind: 'other'; state: NonInviteServerState };
type ClientMachine = { kind: 'invite'; state: InviteClientState } | { kind: 'other'; state: NonInviteClientState };

/** Drives the transaction machines of RFC 3261 §17: finds the one a message belongs to, sends, keeps their timers. */
export class TransactionLayer {
  readonly #options: TransactionLayerOptions;
  readonly #times: BaseTimes;
  readonly #servers = new Map<string, Server>();
  readonly #merges = new Map<string, Server>();
  readonly #clients = new Map<string, Client>();

  constructor(options: TransactionLayerOptions) {
    this.#options = options;
    this.#times = options.times ?? BASE_TIMES;
  }

  /** Open transactions of both kinds. */
  get size(): number {
    return this.#servers.size + this.#clients.size;
  }

  receive(message: SipMessage, flow: Flow): void {
    if (message.kind === 'response') this.#receiveResponse(message, flow);
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
    const client = new Client(request, flow, user, this.#options.clock, this.#times, () => this.#clients.delete(key));
    this.#clients.set(key, client);
    client.start();
    return client;
  }

  #receiveResponse(response: SipResponse, flow: Flow): void {
    const client = this.#clients.get(clientKey(response));
    if (client) client.receive(response);
    else this.#options.strayResponse(response, flow);
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

  #accept(request: SipRequest, flow: Flow, back: Flow): Server {
    const key = serverKey(request);
    const server = new Server(request, flow, back, this.#options.clock, this.#times, () => {
      this.#servers.delete(key);
      const merge = mergeKey(request);
      if (this.#merges.get(merge) === server) this.#merges.delete(merge);
    });
    this.#servers.set(key, server);
    server.start();
    return server;
  }
}

class Server implements ServerTransaction {
  readonly request: SipRequest;
  readonly flow: Flow;
  onFailed: ServerTransaction['onFailed'] = undefined;
  onCancel: ServerTransaction['onCancel'] = undefined;
  onAck: ServerTransaction['onAck'] = undefined;
  /** To tag of the last response that had one, which the 200 to CANCEL repeats (RFC 3261 §9.2). */
  toTag: string | undefined;
  readonly #back: Flow;
  readonly #times: BaseTimes;
  readonly #timers: TimerSet;
  readonly #ended: () => void;
  #machine: ServerMachine | undefined;
  #last: Buffer | undefined;

  constructor(request: SipRequest, flow: Flow, back: Flow, clock: Clock, times: BaseTimes, ended: () => void) {
    this.request = request;
    this.flow = flow;
    this.#back = back;
    this.#times = times;
    this.#ended = ended;
    this.#timers = new TimerSet(clock, (timer) => this.#put({ on: 'timer', timer }));
  }

  /** Whether no final response is out. */
  get pending(): boolean {
    const phase = this.#machine?.state.phase;
    return phase === 'proceeding' || phase === 'trying';
  }

  start(): void {
    if (this.request.method === 'INVITE') {
      const { state, outputs } = startInviteServer(this.#times);
      if (state) this.#machine = { kind: 'invite', state };
      for (const output of outputs) if (output.do === 'timer') this.#timers.start(output.timer, output.ms);
    } else {
      const { state } = startNonInviteServer();
      if (state) this.#machine = { kind: 'other', state };
    }
  }

  respond(response: SipResponse): void {
    this.toTag = tagOf(response, 'To') ?? this.toTag;
    this.#put({ on: 'respond', status: response.status }, response);
  }

  repeated(): void {
    this.#put({ on: 'repeated' });
  }

  receiveAck(ack: SipRequest): void {
    if (this.#machine?.kind === 'invite') this.#put({ on: 'ack' }, undefined, ack);
  }

  end(): void {
    this.#machine = undefined;
    this.#timers.clear();
    this.#ended();
  }

  #put(
    input: { on: 'repeated' } | { on: 'ack' } | { on: 'respond'; status: number } | { on: 'timer'; timer: string },
    response?: SipResponse,
    ack?: SipRequest,
  ): void {
    const machine = this.#machine;
    if (!machine) return;
    let step: Step<unknown, ServerOutput>;
    if (machine.kind === 'invite') {
      const next = stepInviteServer(machine.state, input, this.#back.reliable, this.#times);
      this.#machine = next.state && { kind: 'invite', state: next.state };
      step = next;
    } else {
      if (input.on === 'ack') return;
      const next = stepNonInviteServer(machine.state, input, this.#back.reliable, this.#times);
      this.#machine = next.state && { kind: 'other', state: next.state };
      step = next;
    }
    for (const output of step.outputs) this.#do(output, response, ack);
    if (!this.#machine) this.end();
  }

  #do(output: ServerOutput, response: SipResponse | undefined, ack: SipRequest | undefined): void {
    switch (output.do) {
      case 'timer':
        this.#timers.start(output.timer, output.ms);
        break;
      case 'send':
        if (response) this.#write(serialize(response));
        break;
      case 'send-trying':
        this.#write(serialize(responseTo(this.request, 100)));
        break;
      case 'send-last':
        if (this.#last) this.#write(this.#last);
        break;
      case 'pass-ack':
        if (ack) this.onAck?.(ack);
        break;
      case 'failed':
        this.onFailed?.(output.why);
        break;
    }
  }

  #write(bytes: Buffer): void {
    this.#last = bytes;
    this.#back.write(bytes);
  }
}

type ServerOutput =
  | { readonly do: 'timer'; readonly timer: string; readonly ms: number }
  | { readonly do: 'send' | 'send-trying' | 'send-last' | 'pass-ack' }
  | { readonly do: 'failed'; readonly why: 'timeout' | 'transport' };

type ClientInput = { on: 'response'; status: number } | { on: 'timer'; timer: string } | { on: 'transport-error' };

class Client implements ClientTransaction {
  readonly request: SipRequest;
  readonly flow: Flow;
  readonly #bytes: Buffer;
  readonly #user: ClientUser;
  readonly #times: BaseTimes;
  readonly #timers: TimerSet;
  readonly #ended: () => void;
  #machine: ClientMachine | undefined;

  constructor(request: SipRequest, flow: Flow, user: ClientUser, clock: Clock, times: BaseTimes, ended: () => void) {
    this.request = request;
    this.flow = flow;
    this.#bytes = serialize(request);
    this.#user = user;
    this.#times = times;
    this.#ended = ended;
    this.#timers = new TimerSet(clock, (timer) => this.#put({ on: 'timer', timer }));
  }

  start(): void {
    const { reliable } = this.flow;
    if (this.request.method === 'INVITE') {
      const first = startInviteClient(reliable, this.#times);
      this.#machine = first.state && { kind: 'invite', state: first.state };
      for (const output of first.outputs) this.#do(output);
    } else {
      const first = startNonInviteClient(reliable, this.#times);
      this.#machine = first.state && { kind: 'other', state: first.state };
      for (const output of first.outputs) this.#do(output);
    }
    // Not at once: the caller hasn't got this transaction in its hands yet.
    if (!this.flow.alive) this.#timers.start('dead-flow', 0);
  }

  receive(response: SipResponse): void {
    this.#put({ on: 'response', status: response.status }, response);
  }

  lost(): void {
    this.#put({ on: 'transport-error' });
  }

  end(): void {
    this.#machine = undefined;
    this.#timers.clear();
    this.#ended();
  }

  #put(input: ClientInput, response?: SipResponse): void {
    const machine = this.#machine;
    if (!machine) return;
    const { reliable } = this.flow;
    const known: ClientInput = input.on === 'timer' && input.timer === 'dead-flow' ? { on: 'transport-error' } : input;
    let outputs: readonly ClientOutput[];
    if (machine.kind === 'invite') {
      const next = stepInviteClient(machine.state, known, reliable, this.#times);
      this.#machine = next.state && { kind: 'invite', state: next.state };
      outputs = next.outputs;
    } else {
      const next = stepNonInviteClient(machine.state, known, reliable, this.#times);
      this.#machine = next.state && { kind: 'other', state: next.state };
      outputs = next.outputs;
    }
    if (!this.#machine) this.end();
    for (const output of outputs) this.#do(output, response);
  }

  #do(output: ClientOutput, response?: SipResponse): void {
    switch (output.do) {
      case 'timer':
        this.#timers.start(output.timer, output.ms);
        break;
      case 'send':
        this.flow.write(this.#bytes);
        break;
      case 'ack':
        if (response) this.flow.write(serialize(ackOf(this.request, response)));
        break;
      case 'report':
        if (response) this.#user.response(response);
        break;
      case 'failed':
        this.#user.failed(output.why);
        break;
    }
  }
}

type ClientOutput =
  | { readonly do: 'timer'; readonly timer: string; readonly ms: number }
  | { readonly do: 'send' | 'ack' | 'report' }
  | { readonly do: 'failed'; readonly why: 'timeout' | 'transport' };

/** ACK of a non-2xx final response: the INVITE's own Via and Route, the response's To (RFC 3261 §17.1.1.3). */
function ackOf(invite: SipRequest, response: SipResponse): SipRequest {
  const headers = new Headers([['Via', invite.headers.get('Via') ?? '']]);
  for (const route of invite.headers.all('Route')) headers.add('Route', route);
  headers.add('Max-Forwards', '70');
  headers.add('From', invite.headers.get('From') ?? '');
  headers.add('To', response.headers.get('To') ?? '');
  headers.add('Call-ID', invite.headers.get('Call-ID') ?? '');
  headers.add('CSeq', `${cseqOf(invite).number} ACK`);
  return { kind: 'request', method: 'ACK', uri: invite.uri, headers, body: Buffer.alloc(0) };
}
