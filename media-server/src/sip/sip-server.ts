import { readFile } from 'node:fs/promises';
import type { WebSocket } from 'ws';
import type { Clock } from '../shared/clock.ts';
import { randomLetters } from '../shared/ids.ts';
import type { Logger } from '../shared/logger.ts';
import { err, ok, type Problem, type Result } from '../shared/result.ts';
import { Secret } from '../shared/secret.ts';
import { Authentication } from './authentication.ts';
import type { DigestAccount } from './digest/client.ts';
import type { OutgoingOptions, Peer, Registration, Sip, SipLeg, SipPolicy, Target } from './leg.ts';
import { LegFactory, type OutgoingCall } from './leg-factory.ts';
import { LegTable } from './leg-table.ts';
import type { SipMessage, SipRequest, SipResponse } from './messages/message.ts';
import { parseNameAddr } from './messages/name-addr.ts';
import { wipeInfoBody } from './messages/info-body.ts';
import { parseMessage } from './messages/parse.ts';
import { responseTo } from './messages/response.ts';
import { serialize } from './messages/serialize.ts';
import { topVia } from './messages/via.ts';
import { userOf } from './party.ts';
import { Registrar } from './registrar.ts';
import { capabilities, refusalOf, tooShort } from './request-screen.ts';
import { Routing } from './routing.ts';
import type { SipSettings } from './settings.ts';
import type { ServerTransaction } from './transactions/server-transaction.ts';
import { BASE_TIMES, type BaseTimes } from './transactions/timers.ts';
import { tagOf } from './transactions/transaction-key.ts';
import { TransactionLayer } from './transactions/transaction-layer.ts';
import { type Flow, isWebSocket } from './transport/flow.ts';
import type { Network } from './transport/network.ts';
import { RateLimiter } from './transport/rate-limiter.ts';
import { type Dns, systemDns } from './transport/resolve.ts';
import { SocketNetwork, type TlsFiles } from './transport/socket-network.ts';
import { Trunk } from './trunks/trunk.ts';

export interface SipServerOptions {
  readonly settings: SipSettings;
  readonly policy: SipPolicy;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Certificate for SIP over TLS; without it there is no TLS port. */
  readonly tls?: TlsFiles | undefined;
  /** The ways out; default: sockets as the settings say. */
  readonly network?: Network;
  readonly dns?: Dns;
  /** 0 ≤ x < 1. */
  readonly random?: () => number;
  readonly times?: BaseTimes;
}

export type SipProblem = Problem<'port-in-use' | 'cannot-listen' | 'bad-certificate' | 'no-password-file'>;

const DRAIN_RETRY_S = '30';
/** How long `close` waits for the last BYEs to be answered, ms. */
const CLOSING_MS = 1000;

/** The SIP server: registrar, trunks, and calls in and out over UDP, TCP, TLS and WebSocket. */
export class SipServer implements Sip {
  readonly #options: SipServerOptions;
  readonly #network: Network;
  readonly #routing: Routing;
  readonly #transactions: TransactionLayer;
  readonly #authentication: Authentication;
  readonly #registrar: Registrar;
  readonly #legs: LegTable;
  readonly #limiter: RateLimiter;
  readonly #factory: LegFactory;
  #trunks: readonly Trunk[] = [];
  #isDraining = false;
  readonly #counts = { received: 0, limited: 0, unreadable: 0 };

  constructor(options: SipServerOptions) {
    const { settings, clock, policy, logger } = options;
    this.#options = options;
    this.#network = options.network ?? new SocketNetwork({ settings, clock, tls: options.tls });
    this.#routing = new Routing(settings, this.#network, options.dns ?? systemDns, clock);
    this.#authentication = new Authentication(settings, clock, policy);
    this.#legs = new LegTable(clock);
    this.#limiter = new RateLimiter(settings.limits.perSourcePerSecond);
    this.#registrar = new Registrar({ clock, logger, policy, moved: (from, to) => this.#legs.move(from, to) });
    this.#transactions = new TransactionLayer({
      clock,
      times: options.times ?? BASE_TIMES,
      limit: settings.limits.transactions,
      sentBy: (flow) => this.#routing.ownHostPort(flow),
      responseFlow: (flow, request) => this.#responseFlow(flow, request),
      screen: (request, flow) => this.#screen(request, flow),
      request: (transaction) => this.#request(transaction),
      ack: (request) => this.#legs.find(request)?.leg.ack(request),
    });
    this.#factory = new LegFactory({
      settings,
      clock,
      logger,
      transactions: this.#transactions,
      routing: this.#routing,
      legs: this.#legs,
      random: options.random ?? Math.random,
      times: options.times ?? BASE_TIMES,
    });
  }

  /** The bound ports, once started. */
  get ports(): Network['ports'] {
    return this.#network.ports;
  }

  /** Messages that came, and of those: dropped by the rate limit, refused as no SIP message. */
  get counts(): { readonly received: number; readonly limited: number; readonly unreadable: number } {
    return this.#counts;
  }

  /** Binds, and begins to register with and watch the trunks. */
  async start(): Promise<Result<void, SipProblem>> {
    const trunks: Trunk[] = [];
    for (const settings of this.#options.settings.trunks) {
      const account = settings.register ? await accountOf(settings.name, settings.register) : ok(undefined);
      if (!account.ok) return account;
      trunks.push(
        new Trunk({
          settings,
          account: account.value,
          domain: this.#options.settings.domain,
          clock: this.#options.clock,
          logger: this.#options.logger,
          transactions: this.#transactions,
          routing: this.#routing,
        }),
      );
    }
    const opened = await this.#network.open({
      received: (bytes, flow, framing) => this.#received(bytes, flow, framing),
      lost: (flow) => this.#lost(flow),
    });
    if (!opened.ok) return opened;
    this.#trunks = trunks;
    for (const trunk of trunks) trunk.start();
    return ok(undefined);
  }

  /** No new calls from now on (503); running ones go on. */
  drain(): void {
    this.#isDraining = true;
  }

  /** Ends every leg, waits a moment for the answers, and closes all sockets. */
  async close(): Promise<void> {
    this.#isDraining = true;
    for (const { leg } of this.#legs.all()) leg.end();
    for (const trunk of this.#trunks) trunk.close();
    if (this.#legs.size > 0) {
      await new Promise<void>((resolve) => this.#options.clock.after(CLOSING_MS, resolve));
    }
    this.#transactions.close();
    this.#registrar.close();
    await this.#network.close();
  }

  /** Takes a WebSocket that the HTTP server has accepted with subprotocol `sip` (RFC 7118 §4). */
  acceptWebSocket(
    socket: WebSocket,
    remote: { readonly ip: string; readonly port: number; readonly secure: boolean },
  ): void {
    if (this.#network instanceof SocketNetwork) this.#network.acceptWebSocket(socket, remote);
    else socket.close();
  }

  /** New TLS connections get this certificate. */
  reloadTls(tls: TlsFiles): Result<void, SipProblem> {
    return this.#network instanceof SocketNetwork ? this.#network.reloadTls(tls) : ok(undefined);
  }

  registrations(user: string): readonly Registration[] {
    return this.#registrar.of(user);
  }

  trunks(): readonly { readonly name: string; readonly state: 'up' | 'down' | 'unknown' }[] {
    return this.#trunks.map((trunk) => ({ name: trunk.settings.name, state: trunk.state }));
  }

  drop(user: string): void {
    for (const { leg } of this.#legs.of(user)) leg.end();
    for (const { flow } of this.#registrar.drop(user)) if (isWebSocket(flow)) flow.close();
  }

  call(target: Target & { kind: 'trunk' }, options: OutgoingOptions): SipLeg {
    const trunk = this.#trunks.find(({ settings }) => settings.name === target.trunk);
    if (!trunk) throw new Error(`no trunk named ${target.trunk}`);
    const { destinations } = trunk;
    let attempt = 0;
    const call: OutgoingCall = {
      peer: { kind: 'trunk', trunk: target.trunk },
      number: target.number,
      uri: trunk.numberUri(target.number),
      from: trunk.fromUri(options.from.user),
      account: trunk.account,
      isBound: false,
      flow: () => {
        const destination = destinations[attempt];
        return destination && this.#routing.connect(destination);
      },
      // RFC 3263 §4.3: no answer, or 503, and the next destination is tried.
      elsewhere: () => ++attempt < destinations.length,
      largeByTcp: trunk.settings.largeByTcp,
    };
    return this.#factory.outgoing(call, options);
  }

  callRegistration(registration: string, options: OutgoingOptions): SipLeg {
    const binding = this.#registrar.get(registration);
    const user = binding?.user ?? '';
    const call: OutgoingCall = {
      peer: { kind: 'account', user },
      number: user,
      uri: binding?.contact ?? `sip:${user}@unknown.invalid`,
      from: `sip:${encodeURIComponent(options.from.user).replace(/%2B/g, '+')}@${this.#options.settings.domain}`,
      account: undefined,
      isBound: true,
      flow: () => {
        const current = this.#registrar.get(registration);
        if (!current) return undefined;
        return current.flow.alive ? current.flow : this.#routing.flowTo(current.contact);
      },
      elsewhere: () => false,
      largeByTcp: false,
    };
    return this.#factory.outgoing(call, options);
  }

  #received(bytes: Buffer, flow: Flow, framing: 'datagram' | 'stream'): void {
    this.#counts.received++;
    const isTrunk = this.#trunks.some((trunk) => trunk.knows(flow));
    if (!isTrunk && !this.#limiter.takes(flow.remote.ip, this.#options.clock.monotonic())) {
      this.#counts.limited++;
      return;
    }
    try {
      wipeInfoBody(bytes);
      const parsed = parseMessage(bytes, this.#options.settings.limits, framing);
      if (!parsed.ok) {
        this.#counts.unreadable++;
        const { request, status, reason } = parsed.error;
        // Nobody answers an ACK; the rest of what can't be read is answered without a transaction.
        if (request && request.method !== 'ACK') {
          const tag = this.#authentication.tagFor(request);
          this.#responseFlow(flow, request).write(serialize(responseTo(request, status, reason, tag)));
        }
        return;
      }
      const message = parsed.value;
      this.#trace(message, flow);
      this.#transactions.receive(message, flow);
    } catch (error) {
      this.#options.logger.error({ err: error, from: flow.remote.ip }, 'a SIP message could not be handled');
    }
  }

  #trace(message: SipMessage, flow: Flow): void {
    const { logger } = this.#options;
    const what = message.kind === 'request' ? message.method : message.status;
    const cseq = message.headers.get('CSeq');
    logger.trace({ what, cseq, callId: message.headers.get('Call-ID'), by: flow.transport }, 'sip message came');
  }

  #lost(flow: Flow): void {
    this.#transactions.flowLost(flow);
    this.#registrar.flowLost(flow);
    this.#legs.flowLost(flow);
  }

  /** RFC 3261 §18.2.2, RFC 3581: back by the connection, or to where the datagram came from if rport was there. */
  #responseFlow(flow: Flow, request: SipRequest): Flow {
    if (flow.reliable) return flow;
    const via = topVia(request.headers);
    if (!via.ok || via.value.params.has('rport')) return flow;
    const port = via.value.port ?? 5060;
    if (port === flow.remote.port) return flow;
    const back = this.#network.connect({ transport: 'udp', host: flow.remote.ip, ip: flow.remote.ip, port });
    return back instanceof Promise ? flow : back;
  }

  #screen(request: SipRequest, flow: Flow): SipResponse | undefined {
    const isInDialog = tagOf(request, 'To') !== undefined;
    const tag = this.#authentication.tagFor(request);
    const refusal = refusalOf(request, isInDialog, tag);
    if (refusal) return refusal;
    if (isInDialog) {
      if (request.method === 'REGISTER') return undefined;
      return this.#legs.find(request) ? undefined : responseTo(request, 481);
    }
    if (request.method === 'OPTIONS') return capabilities(request, tag);
    const has = this.#authentication.hasCredentials(request);
    if (request.method === 'REGISTER') return has ? undefined : this.#authentication.challenge(request);
    const { settings } = this.#options;
    if (this.#isDraining || this.#legs.size >= settings.limits.dialogs) {
      const busy = responseTo(request, 503, undefined, tag);
      busy.headers.set('Retry-After', DRAIN_RETRY_S);
      return busy;
    }
    if (!has && !this.#peerOf(flow)) return this.#authentication.challenge(request);
    return tooShort(request, this.#factory.timerWish(flow), tag);
  }

  /** Who that is without credentials: a trunk, or somebody the policy lets in. */
  #peerOf(flow: Flow): Peer | undefined {
    const known = this.#trunks.filter((trunk) => trunk.knows(flow));
    // Several trunks may share an address; the port tells them apart where it can.
    const trunk = known.find(({ settings }) => settings.port === flow.remote.port) ?? known[0];
    if (trunk) return { kind: 'trunk', trunk: trunk.settings.name };
    const source = { ip: flow.remote.ip, transport: flow.transport };
    return this.#options.policy.allowAnonymous(source) ? { kind: 'anonymous' } : undefined;
  }

  #request(transaction: ServerTransaction): void {
    const { request, flow } = transaction;
    if (tagOf(request, 'To') !== undefined && request.method !== 'REGISTER') {
      const record = this.#legs.find(request);
      if (!record) {
        transaction.respond(responseTo(request, 481));
        return;
      }
      record.flow = flow;
      record.leg.request(transaction);
      return;
    }
    if (!this.#authentication.hasCredentials(request)) {
      const peer = this.#peerOf(flow);
      if (peer) this.#factory.incoming(transaction, peer, (leg) => this.#options.policy.incoming(leg));
      return;
    }
    this.#authenticated(transaction).catch((error: unknown) => {
      this.#options.logger.error({ err: error }, 'credentials could not be looked up');
      transaction.respond(responseTo(request, 500, undefined, randomLetters(16)));
    });
  }

  async #authenticated(transaction: ServerTransaction): Promise<void> {
    const { request, flow } = transaction;
    let isCancelled = false;
    transaction.onCancel = () => {
      isCancelled = true;
      transaction.respond(responseTo(request, 487, undefined, randomLetters(16)));
    };
    const result = await this.#authentication.check(request);
    if (isCancelled) return;
    if (result.kind !== 'right') {
      transaction.respond(this.#authentication.challenge(request, result.kind === 'stale'));
      return;
    }
    if (request.method === 'INVITE') {
      const peer: Peer = { kind: 'account', user: result.user };
      this.#factory.incoming(transaction, peer, (leg) => this.#options.policy.incoming(leg));
      return;
    }
    const isOwn = userOf(addressOfRecord(request)) === result.user;
    if (!result.mayRegister || !isOwn) transaction.respond(responseTo(request, 403, undefined, randomLetters(16)));
    else {
      const response = this.#registrar.register(request, flow, result.user);
      response.headers.set('To', `${request.headers.get('To')};tag=${this.#authentication.tagFor(request)}`);
      transaction.respond(response);
    }
  }
}

/** The address of record of a REGISTER (RFC 3261 §10.2). */
function addressOfRecord(request: SipRequest): string {
  const to = parseNameAddr(request.headers.get('To') ?? '');
  return to.ok ? to.value.uri : '';
}

async function accountOf(
  trunk: string,
  register: { readonly user: string; readonly passwordFile: string },
): Promise<Result<DigestAccount, SipProblem>> {
  try {
    const password = (await readFile(register.passwordFile, 'utf8')).replace(/\r?\n$/, '');
    return ok({ user: register.user, password: new Secret(password) });
  } catch {
    return err({
      code: 'no-password-file',
      message: `sip.trunks ${trunk}: register.passwordFile ${register.passwordFile} can't be read. Name a file that holds the password.`,
    });
  }
}
