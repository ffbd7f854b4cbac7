import { isIP } from 'node:net';
import type { Clock } from '../../shared/clock.ts';
import type { Logger } from '../../shared/logger.ts';
import { DigestClient, type DigestAccount } from '../digest/client.ts';
import { parseSeconds } from '../messages/fields.ts';
import type { SipRequest, SipResponse } from '../messages/message.ts';
import { parseNameAddr } from '../messages/name-addr.ts';
import { splitList } from '../messages/scan.ts';
import { plainRequest } from '../outgoing-request.ts';
import type { Routing } from '../routing.ts';
import type { TrunkSettings } from '../settings.ts';
import { cseqOf } from '../transactions/transaction-key.ts';
import type { TransactionLayer } from '../transactions/transaction-layer.ts';
import { AddressSet } from '../transport/addresses.ts';
import { type Destination, type Flow, formatHost, isWebSocket } from '../transport/flow.ts';
import { dialledNumber } from './dialled-number.ts';

export interface TrunkOptions {
  readonly settings: TrunkSettings;
  /** Our password there; without it a challenge can't be answered. */
  readonly account: DigestAccount | undefined;
  /** Host of our addresses where we have no account. */
  readonly domain: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly transactions: TransactionLayer;
  readonly routing: Routing;
}

/** How often the host's addresses are looked up again, ms. */
const RESOLVE_MS = 300_000;
/** Registration tried again after failures: first, and at most, ms. Doubles between. */
const FIRST_RETRY_MS = 5000;
const LAST_RETRY_MS = 300_000;
/** A registration is renewed after this share of its time, so that a lost try can be made up for. */
const RENEW_SHARE = 0.8;
const SHORTEST_RENEW_MS = 15_000;
/** Times one request is sent again with credentials. */
const CHALLENGE_LIMIT = 2;

type State = 'up' | 'down' | 'unknown';

/** One carrier: where it is, whether it is there, our registration with it. */
export class Trunk {
  readonly settings: TrunkSettings;
  readonly #options: TrunkOptions;
  readonly #digest: DigestClient | undefined;
  readonly #callId = plainRequest('REGISTER', '', '', '').headers.get('Call-ID') ?? '';
  #destinations: readonly Destination[] = [];
  #from: AddressSet;
  #optionsState: State = 'unknown';
  #registerState: State = 'unknown';
  #registerCseq = 1;
  #retryMs = FIRST_RETRY_MS;
  readonly #timers = new Map<string, () => void>();
  #isClosed = false;

  constructor(options: TrunkOptions) {
    this.settings = options.settings;
    this.#options = options;
    this.#from = new AddressSet(options.settings.from ?? (isIP(options.settings.host) ? [options.settings.host] : []));
    this.#digest = options.account && new DigestClient(options.account);
  }

  get state(): State {
    if (!this.settings.register) return this.#optionsState;
    if (this.#optionsState === 'down') return 'down';
    return this.#registerState;
  }

  get account(): DigestAccount | undefined {
    return this.#options.account;
  }

  /** Where its requests go, best first; empty before the first look-up is back. */
  get destinations(): readonly Destination[] {
    return this.#destinations;
  }

  /** Whether a message from there is this trunk's. Browsers never are, whatever their address. */
  knows(flow: Flow): boolean {
    return !isWebSocket(flow) && this.#from.has(flow.remote.ip);
  }

  /** `sip:` URI of a user at the trunk; no user: the trunk itself. */
  uri(user?: string, isNumber = false): string {
    const { host, port, transport } = this.settings;
    const address = `${formatHost(host)}${port === undefined ? '' : `:${port}`}`;
    const who = user === undefined ? '' : `${encodeURIComponent(user).replace(/%2B/g, '+').replace(/%2A/g, '*')}@`;
    return `sip:${who}${address}${transport === 'udp' ? '' : `;transport=${transport}`}${isNumber ? ';user=phone' : ''}`;
  }

  numberUri(number: string): string {
    return this.uri(dialledNumber(number, this.settings.numberFormat, this.settings.countryCode), true);
  }

  /** URI in our From: at the carrier's host where we have an account, else at ours. */
  fromUri(user: string): string {
    const host = this.settings.register ? this.settings.host : this.#options.domain;
    return `sip:${encodeURIComponent(user).replace(/%2B/g, '+')}@${formatHost(host)}`;
  }

  start(): void {
    void this.#resolve().then(() => {
      if (this.#isClosed) return;
      if (this.settings.register) this.#register();
      if (this.settings.optionsEvery > 0) this.#sendOptions();
    });
  }

  close(): void {
    this.#isClosed = true;
    for (const cancel of this.#timers.values()) cancel();
  }

  async #resolve(): Promise<void> {
    const { host, port, transport, from } = this.settings;
    const found = await this.#options.routing.destinations({ host, port, transport, secure: transport === 'tls' });
    // Names that DNS has lost for a while keep their last addresses.
    if (found.length > 0) {
      this.#destinations = found;
      if (!from) this.#from = new AddressSet(found.map(({ ip }) => ip));
    }
    this.#later('resolve', RESOLVE_MS, () => void this.#resolve());
  }

  #later(name: string, ms: number, then: () => void): void {
    this.#timers.get(name)?.();
    if (!this.#isClosed) this.#timers.set(name, this.#options.clock.after(ms, then));
  }

  #sendOptions(): void {
    const request = plainRequest('OPTIONS', this.uri(), this.fromUri('tonegate'), this.uri());
    this.#send(request, (response) => {
      // Whoever answers is there; 408 and 503 are a proxy's word for a carrier that isn't.
      this.#setState('options', response && response.status !== 503 && response.status !== 408 ? 'up' : 'down');
      this.#later('options', this.settings.optionsEvery * 1000, () => this.#sendOptions());
    });
  }

  #register(): void {
    const { register } = this.settings;
    if (!register) return;
    const own = this.fromUri(register.user);
    const request = plainRequest('REGISTER', this.uri(), own, own);
    // One Call-ID for all registrations with a registrar (RFC 3261 §10.2).
    request.headers.set('Call-ID', this.#callId);
    request.headers.set('CSeq', `${this.#registerCseq++} REGISTER`);
    request.headers.add('Expires', String(register.expires));
    this.#send(request, (response, sent) => {
      const granted = response && response.status < 300 ? grantedSeconds(response, sent, register.expires) : undefined;
      if (granted !== undefined) {
        this.#retryMs = FIRST_RETRY_MS;
        this.#setState('register', 'up');
        this.#later('register', Math.max(granted * 1000 * RENEW_SHARE, SHORTEST_RENEW_MS), () => this.#register());
        return;
      }
      this.#setState('register', 'down', response?.status);
      this.#later('register', this.#retryMs, () => this.#register());
      this.#retryMs = Math.min(this.#retryMs * 2, LAST_RETRY_MS);
    });
  }

  #setState(of: 'options' | 'register', state: State, status?: number): void {
    const before = of === 'options' ? this.#optionsState : this.#registerState;
    if (of === 'options') this.#optionsState = state;
    else this.#registerState = state;
    if (before === state) return;
    const { logger } = this.#options;
    const fields = { trunk: this.settings.name, status };
    if (state === 'down')
      logger.warn(fields, of === 'options' ? 'trunk does not answer' : 'trunk refuses our registration');
    else logger.info(fields, of === 'options' ? 'trunk answers' : 'registered with trunk');
  }

  /** Sends outside a dialog; `done` gets the final response, or undefined if none came. */
  #send(request: SipRequest, done: (response: SipResponse | undefined, sent: SipRequest) => void, tries = 0): void {
    const [destination] = this.#destinations;
    if (!destination) {
      done(undefined, request);
      return;
    }
    const { transactions, routing } = this.#options;
    void Promise.resolve(routing.connect(destination)).then((flow) => {
      if (this.#isClosed) return;
      if (!flow) {
        done(undefined, request);
        return;
      }
      request.headers.set('Contact', routing.contact(flow, this.settings.register?.user));
      transactions.send(request, flow, {
        response: (response) => {
          if (response.status < 200 || this.#isClosed) return;
          const isChallenge = response.status === 401 || response.status === 407;
          if (!isChallenge || tries >= CHALLENGE_LIMIT || !this.#digest?.take(response, request.headers).ok) {
            done(response, request);
            return;
          }
          const again: SipRequest = { ...request, headers: request.headers.clone() };
          const { number, method } = cseqOf(request);
          again.headers.set('CSeq', `${number + 1} ${method}`);
          if (method === 'REGISTER') this.#registerCseq = number + 2;
          for (const [name, value] of this.#digest.credentials(method, request.uri)) again.headers.set(name, value);
          this.#send(again, done, tries + 1);
        },
        failed: () => {
          if (!this.#isClosed) done(undefined, request);
        },
      });
    });
  }
}

/** Seconds our binding lasts: at our Contact in the 200, else in its Expires (RFC 3261 §10.2.4). */
function grantedSeconds(response: SipResponse, sent: SipRequest, asked: number): number {
  const own = parseNameAddr(sent.headers.get('Contact') ?? '');
  for (const value of response.headers.all('Contact').flatMap(splitList)) {
    const contact = parseNameAddr(value);
    if (!own.ok || !contact.ok || contact.value.uri !== own.value.uri) continue;
    const seconds = parseSeconds(contact.value.params.get('expires') ?? '');
    if (seconds.ok) return seconds.value.seconds;
  }
  const expires = parseSeconds(response.headers.get('Expires') ?? '');
  return expires.ok ? expires.value.seconds : asked;
}
