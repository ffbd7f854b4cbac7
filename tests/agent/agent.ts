// An agent without a browser: signs in over HTTP, registers over WebSocket, answers with WebRTC in Node. For the start's
// self-check, faults and load; the stories with sound that people hear run in a real browser.
import { randomUUID } from 'node:crypto';
import {
  type AgentState,
  type Call,
  CALL_HEADER,
  IDEMPOTENCY_HEADER,
  type Me,
  type Order,
  type Payment,
  RESUME_HEADER,
  type ServerEvent,
} from '@tonegate/api-schema';
import { type Invitation, Registerer, RegistererState, SessionState, UserAgent } from 'sip.js';
import WebSocket from 'ws';
import { addTone, decode, encode, type Law, levelAt, loudness } from '../phone/sound.ts';
import { type Packet, WeriftHandler } from './werift-handler.ts';

export interface AgentOptions {
  /** Origin of the server, e.g. http://127.0.0.1:7080. */
  readonly base: string;
  readonly name: string;
  readonly password: string;
}

interface Heard {
  readonly at: number;
  readonly samples: Int16Array;
}

const FRAME = 160;
const HISTORY_MS = 120_000;

export class Agent {
  readonly #base: string;
  readonly #cookie: string;
  readonly me: Me;
  readonly #events: WebSocket;
  #sip: UserAgent | undefined;
  #registerer: Registerer | undefined;
  #session: Invitation | undefined;
  #media: WeriftHandler | undefined;
  #sending: ReturnType<typeof setTimeout> | undefined;
  #tone: { hz: number; dbfs: number } | undefined;
  #heard: Heard[] = [];
  #checks = new Set<() => void>();
  /** Answer calls that ring, or leave them ringing. */
  autoAnswer = true;
  /** Is told of every packet of the customer's side as it comes. */
  onPacket: ((packet: Packet) => void) | undefined;
  call: Call | undefined;
  state: AgentState = 'not-ready';
  /** Everything the server said, in order. */
  readonly said: ServerEvent[] = [];
  /** Packets of the customer that came, and of what we sent. */
  readonly counts = { received: 0, sent: 0, otherTypes: 0 };
  /** Arrival times of the last packets, performance.now(). */
  readonly arrivals: number[] = [];

  private constructor(options: AgentOptions, me: Me, cookie: string, events: WebSocket) {
    this.#base = options.base;
    this.me = me;
    this.#cookie = cookie;
    this.#events = events;
    events.on('message', (data: Buffer) => this.#onEvent(JSON.parse(data.toString('utf8')) as ServerEvent));
    events.on('error', () => {});
  }

  /** Signs in, listens for events and registers. */
  static async signIn(options: AgentOptions): Promise<Agent> {
    const answer = await fetch(`${options.base}/v1/sign-in`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name: options.name, password: options.password }),
    });
    if (!answer.ok) throw new Error(`sign-in: ${answer.status} ${await answer.text()}`);
    const cookie = (answer.headers.getSetCookie()[0] ?? '').split(';')[0] ?? '';
    const me = (await answer.json()) as Me;
    const events = new WebSocket(`${options.base.replace('http', 'ws')}/v1/events`, { headers: { cookie } });
    const agent = new Agent(options, me, cookie, events);
    await agent.until((a) => a.said.some(({ type }) => type === 'snapshot'), 5000, 'the first snapshot');
    await agent.#register();
    return agent;
  }

  async #register(): Promise<void> {
    const { user, password, domain, path } = (await this.post('/v1/sip-credential', {})) as {
      user: string;
      password: string;
      domain: string;
      path: string;
    };
    const uri = UserAgent.makeURI(`sip:${user}@${domain}`);
    if (!uri) throw new Error('the SIP credential makes no URI');
    this.#sip = new UserAgent({
      uri,
      authorizationUsername: user,
      authorizationPassword: password,
      transportOptions: { server: this.#base.replace('http', 'ws') + path },
      sessionDescriptionHandlerFactory: () => {
        this.#media = new WeriftHandler((packet) => this.#onPacket(packet));
        return this.#media;
      },
      logBuiltinEnabled: false,
      delegate: { onInvite: (invitation) => this.#onInvite(invitation) },
    });
    await this.#sip.start();
    this.#registerer = new Registerer(this.#sip, { expires: 300, instanceId: randomUUID(), regId: 1 });
    const registered = new Promise<void>((resolve) => {
      this.#registerer?.stateChange.addListener((state) => state === RegistererState.Registered && resolve());
    });
    await this.#registerer.register();
    await registered;
  }

  #onInvite(invitation: Invitation): void {
    this.#session = invitation;
    for (const check of this.#checks) check();
    invitation.stateChange.addListener((state) => {
      if (state === SessionState.Terminated && this.#session === invitation) this.#silence();
    });
    // A call that ends while it is being answered is no fault of the test's; what matters shows in what is heard.
    if (this.autoAnswer || invitation.request.getHeader(RESUME_HEADER) === '1') this.answer().catch(() => {});
  }

  /** Name of the call that the ringing or answered INVITE belongs to. */
  get sipCall(): string | undefined {
    return this.#session?.request.getHeader(CALL_HEADER);
  }

  async answer(): Promise<void> {
    await this.#session?.accept();
    await this.#media?.untilConnected(10_000);
    this.#speakOn();
  }

  reject(): Promise<void> {
    return this.#session?.reject({ statusCode: 603 }) ?? Promise.resolve();
  }

  async ready(): Promise<void> {
    await this.request('PUT', '/v1/me/state', { state: 'ready' });
  }

  async startPayment(order: Order, language: 'ja' | 'en' = 'en'): Promise<Payment> {
    return (await this.post('/v1/payments', { call: this.call?.id, purpose: 'charge', order, language })) as Payment;
  }

  hangUp(): Promise<unknown> {
    return this.post(`/v1/calls/${this.call?.id}/hang-up`, {});
  }

  /** Ends the call's SIP leg itself, as a window does whose page knows nothing better. */
  async bye(): Promise<void> {
    await this.#session?.bye();
  }

  post(path: string, body: unknown): Promise<unknown> {
    return this.request('POST', path, body);
  }

  /** Rejects with `STATUS code` when the server refuses. */
  async request(method: string, path: string, body?: unknown): Promise<unknown> {
    const answer = await fetch(this.#base + path, {
      method,
      headers: { cookie: this.#cookie, 'content-type': 'application/json', [IDEMPOTENCY_HEADER]: randomUUID() },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    const read = text === '' ? undefined : (JSON.parse(text) as { code?: string });
    if (!answer.ok) throw new Error(`${answer.status} ${read?.code ?? text}`);
    return read;
  }

  /** Speaks a tone from now on; without one, silence. Packets go out all the same. */
  speak(tone?: { hz: number; dbfs: number }): void {
    this.#tone = tone;
  }

  heard(ms: number): Int16Array {
    const from = performance.now() - ms;
    const parts = this.#heard.filter((part) => part.at >= from);
    const all = new Int16Array(parts.reduce((sum, part) => sum + part.samples.length, 0));
    let at = 0;
    for (const { samples } of parts) {
      all.set(samples, at);
      at += samples.length;
    }
    return all;
  }

  /** Resolves when `hz` is heard above −40 dBFS for 200 ms. */
  async hears(hz: number, ms = 5000): Promise<void> {
    await this.until(
      () => this.heard(200).length >= 1200 && levelAt(this.heard(200), hz) > -40,
      ms,
      `to hear ${hz} Hz`,
    );
  }

  /** Resolves when the condition holds; asked again at each event and packet. */
  async until(met: (agent: Agent) => boolean, ms: number, what: string): Promise<void> {
    if (met(this)) return;
    await new Promise<void>((resolve, reject) => {
      const check = () => {
        if (!met(this)) return;
        clearTimeout(timer);
        this.#checks.delete(check);
        resolve();
      };
      const timer = setTimeout(() => {
        this.#checks.delete(check);
        const { call } = this;
        reject(
          new Error(
            `the agent waited ${ms} ms for ${what}; call ${call?.state}, payment ${JSON.stringify(call?.payment)}, hears ${Math.round(loudness(this.heard(300)))} dBFS`,
          ),
        );
      }, ms);
      this.#checks.add(check);
    });
  }

  /** Resolves with the payment when it has its outcome and the wall is open again. */
  async outcome(ms: number): Promise<Payment> {
    await this.until(({ call }) => call?.payment?.state === 'ended' && call.payment.wall === 'open', ms, 'the outcome');
    if (!this.call?.payment) throw new Error('no payment');
    return this.call.payment;
  }

  /** Drops the connections without a word, as a browser does that is killed. */
  vanish(): void {
    this.#silence();
    this.#events.terminate();
    void this.#sip?.transport.disconnect().catch(() => {});
  }

  async close(): Promise<void> {
    this.#silence();
    this.#media?.close();
    this.#events.close();
    const stopped = this.#sip?.stop().catch(() => {});
    // A server that a test killed never answers the goodbye.
    await Promise.race([stopped, new Promise((resolve) => setTimeout(resolve, 1000).unref())]);
  }

  #onEvent(event: ServerEvent): void {
    this.said.push(event);
    if (event.type === 'snapshot') {
      this.call = event.calls[0];
      this.state = event.state;
    } else if (event.type === 'call') this.call = event.call;
    else if (event.type === 'agent-state') this.state = event.state;
    for (const check of this.#checks) check();
  }

  #onPacket(packet: Packet): void {
    this.onPacket?.(packet);
    if (packet.payloadType !== 0 && packet.payloadType !== 8) this.counts.otherTypes++;
    this.counts.received++;
    this.arrivals.push(packet.at);
    const law: Law = packet.payloadType === 8 ? 'PCMA' : 'PCMU';
    this.#heard.push({ at: packet.at, samples: decode(law, packet.payload) });
    while ((this.#heard[0]?.at ?? packet.at) < packet.at - HISTORY_MS) {
      this.#heard.shift();
      this.arrivals.shift();
    }
    for (const check of this.#checks) check();
  }

  #speakOn(): void {
    if (this.#sending) return;
    const started = performance.now();
    let frames = 0;
    const tick = () => {
      while (started + frames * 20 <= performance.now()) this.#sendFrame(frames++);
      this.#sending = setTimeout(tick, Math.max(1, started + frames * 20 - performance.now()));
    };
    tick();
  }

  #sendFrame(frame: number): void {
    const samples = new Int16Array(FRAME);
    if (this.#tone) addTone(samples, this.#tone.hz, this.#tone.dbfs, frame * FRAME);
    const law: Law = this.call?.codec ?? 'PCMU';
    const packet = Buffer.alloc(12 + FRAME);
    packet[0] = 0x80;
    packet[1] = law === 'PCMA' ? 8 : 0;
    packet.writeUInt16BE(frame & 0xffff, 2);
    packet.writeUInt32BE((frame * FRAME) >>> 0, 4);
    packet.set(encode(law, samples), 12);
    this.#media?.send(packet);
    this.counts.sent++;
  }

  #silence(): void {
    clearTimeout(this.#sending);
    this.#sending = undefined;
  }
}
