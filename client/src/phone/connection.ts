import type { SipCredential } from '@tonegate/api-schema';
import { Registerer, RegistererState, TransportState, type UserAgent } from 'sip.js';
import { backOffMs } from '../api/back-off.ts';

export type Credential = ReturnType<(typeof SipCredential)['parse']>;

/** lost: it was or should be registered, and is being brought back. */
export type Registration = 'off' | 'connecting' | 'registered' | 'lost';

export interface ConnectionOptions {
  /** Asks the server for a new one; undefined when it can't be had now. */
  readonly credential: () => Promise<Credential | undefined>;
  readonly instanceId: string;
  /** The server's clock (UTC ms), by which a credential ends. */
  readonly serverNow: () => number;
  readonly createAgent: (credential: Credential) => UserAgent;
  /** A call hangs on the agent: it must not be replaced now. */
  readonly busy: () => boolean;
  readonly changed: () => void;
}

/** A connection without an answer for this long is dead, ms; browsers may take minutes to say so. */
const PING_EVERY_MS = 15_000;
const PONG_WITHIN_MS = 6_000;
/** How long before its end a credential is renewed, ms. */
const RENEW_BEFORE_MS = 60_000;
/** Lifetime asked for a registration, s; sip.js refreshes it by itself. */
const REGISTER_S = 300;

/**
 * Keeps one registration alive over one WebSocket: connects, registers, pings, renews the credential, and begins anew
 * with back-off after each loss. sip.js has no dependable reconnection of its own, and its Registerer gets stuck when a
 * request hangs, so that each connection gets a new one.
 */
export class Connection {
  readonly #options: ConnectionOptions;
  #registration: Registration = 'off';
  #credential: Credential | undefined;
  #agent: UserAgent | undefined;
  #agentIdentity = '';
  #registerer: Registerer | undefined;
  #stop: AbortController | undefined;
  #wake: (() => void) | undefined;

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  get registration(): Registration {
    return this.#registration;
  }

  start(): void {
    if (this.#stop !== undefined) return;
    this.#stop = new AbortController();
    void this.#supervise(this.#stop.signal);
  }

  stop(): void {
    this.#stop?.abort();
    this.#stop = undefined;
    if (this.#registerer?.state === RegistererState.Registered) {
      void this.#registerer.unregister().catch(() => undefined);
    }
    const agent = this.#agent;
    this.#agent = undefined;
    this.#credential = undefined;
    // One turn later, so that BYE and REGISTER are on their way before the socket closes.
    setTimeout(() => void agent?.stop().catch(() => undefined), 200);
    this.#set('off');
  }

  hurry(): void {
    this.#wake?.();
  }

  async #supervise(stopped: AbortSignal): Promise<void> {
    for (let attempt = 0; !stopped.aborted; attempt += 1) {
      const stood = await this.#connectOnce(stopped).catch(() => false);
      if (stopped.aborted) return;
      this.#set('lost');
      if (stood) attempt = 0;
      await this.#pause(backOffMs(attempt, Math.random()), stopped);
    }
  }

  /** One connection from its beginning to its loss; true if it was ever registered. */
  async #connectOnce(stopped: AbortSignal): Promise<boolean> {
    if (this.#registration === 'off') this.#set('connecting');
    const credential = await this.#usableCredential();
    if (credential === undefined || stopped.aborted) return false;
    const agent = await this.#agentFor(credential);
    await (agent.state === 'Started' ? agent.transport.connect() : agent.start());
    if (stopped.aborted) return false;

    const registerer = new Registerer(agent, {
      expires: REGISTER_S,
      instanceId: this.#options.instanceId,
      regId: 1,
      logConfiguration: false,
    });
    this.#registerer = registerer;
    try {
      if (!(await register(registerer))) {
        // Refused: perhaps it ended early. The next attempt asks for a new one.
        this.#credential = undefined;
        return false;
      }
      if (stopped.aborted) return true;
      this.#set('registered');
      await this.#untilLost(agent, registerer, stopped);
      return true;
    } finally {
      void registerer.dispose().catch(() => undefined);
    }
  }

  async #usableCredential(): Promise<Credential | undefined> {
    if (this.#credential === undefined || this.#credential.expiresAt - RENEW_BEFORE_MS < this.#options.serverNow()) {
      this.#credential = await this.#options.credential();
    }
    return this.#credential;
  }

  async #agentFor(credential: Credential): Promise<UserAgent> {
    const identity = `${credential.user}@${credential.domain}${credential.path}`;
    if (this.#agent !== undefined && (identity === this.#agentIdentity || this.#options.busy())) {
      this.#agent.configuration.authorizationPassword = credential.password;
      return this.#agent;
    }
    await this.#agent?.stop();
    this.#agent = this.#options.createAgent(credential);
    this.#agentIdentity = identity;
    return this.#agent;
  }

  /** Resolves when this connection is of no more use. */
  #untilLost(agent: UserAgent, registerer: Registerer, stopped: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const over = (): void => {
        clearInterval(ping);
        clearTimeout(renewal);
        agent.transport.stateChange.removeListener(transportChanged);
        registerer.stateChange.removeListener(registrationChanged);
        stopped.removeEventListener('abort', over);
        resolve();
      };
      const transportChanged = (state: TransportState): void => {
        if (state === TransportState.Disconnected) over();
      };
      const registrationChanged = (state: RegistererState): void => {
        if (state === RegistererState.Unregistered || state === RegistererState.Terminated) {
          this.#credential = undefined;
          over();
        }
      };
      const ping = setInterval(() => {
        void answersPing(agent).then((answered) => {
          if (!answered) void agent.transport.disconnect().catch(() => undefined);
        });
      }, PING_EVERY_MS);
      let renewal = this.#scheduleRenewal(agent, registerer, (next) => {
        renewal = next;
      });
      agent.transport.stateChange.addListener(transportChanged);
      registerer.stateChange.addListener(registrationChanged);
      stopped.addEventListener('abort', over);
      if (agent.transport.state === TransportState.Disconnected) over();
    });
  }

  #scheduleRenewal(
    agent: UserAgent,
    registerer: Registerer,
    scheduled: (timer: ReturnType<typeof setTimeout>) => void,
  ): ReturnType<typeof setTimeout> {
    const renew = async (): Promise<void> => {
      const fresh = await this.#options.credential();
      if (fresh === undefined || registerer.state !== RegistererState.Registered) {
        scheduled(setTimeout(() => void renew(), RENEW_BEFORE_MS / 6));
        return;
      }
      this.#credential = fresh;
      agent.configuration.authorizationPassword = fresh.password;
      await register(registerer);
      scheduled(setTimeout(() => void renew(), this.#untilRenewal()));
    };
    return setTimeout(() => void renew(), this.#untilRenewal());
  }

  #untilRenewal(): number {
    const until = (this.#credential?.expiresAt ?? 0) - RENEW_BEFORE_MS - this.#options.serverNow();
    // setTimeout takes 31 bits; a clock that is far off must not make a busy loop.
    return Math.min(Math.max(until, 10_000), 2 ** 31 - 1);
  }

  #pause(ms: number, stopped: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(done, ms);
      const wake = done;
      function done(): void {
        clearTimeout(timer);
        stopped.removeEventListener('abort', done);
        resolve();
      }
      this.#wake = wake;
      stopped.addEventListener('abort', done);
    });
  }

  #set(registration: Registration): void {
    if (registration === this.#registration) return;
    this.#registration = registration;
    this.#options.changed();
  }
}

/** Sends REGISTER; true once the server has accepted it. */
function register(registerer: Registerer): Promise<boolean> {
  return new Promise((resolve) => {
    registerer
      .register({ requestDelegate: { onAccept: () => resolve(true), onReject: () => resolve(false) } })
      .catch(() => resolve(false));
  });
}

/** OPTIONS to the server (RFC 3261 §11): any final answer shows that the connection carries both ways. */
function answersPing(agent: UserAgent): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), PONG_WITHIN_MS);
    const answered = (): void => {
      clearTimeout(timer);
      resolve(true);
    };
    const core = agent.userAgentCore;
    const target = agent.configuration.uri.clone();
    target.user = undefined;
    core.request(core.makeOutgoingRequestMessage('OPTIONS', target, core.configuration.aor, target, {}), {
      onAccept: answered,
      onReject: (response) => {
        // 408 and 503 are what sip.js makes up itself when nothing came or the socket is gone.
        if (response.message.statusCode === 408 || response.message.statusCode === 503) return;
        answered();
      },
    });
  });
}
