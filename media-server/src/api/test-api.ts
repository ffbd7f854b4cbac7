import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import type {
  AgentState,
  AskAgain,
  Call,
  CallCounts,
  DoMoney,
  Hint,
  KeyTest,
  ManualPage,
  Payment,
  ProblemCode,
  ResolveManual,
  ServerEvent,
  ServerState,
  StartPayment,
} from '@tonegate/api-schema';
import type { FastifyInstance, InjectOptions } from 'fastify';
import { Registry } from 'prom-client';
import type { WebSocket } from 'ws';
import type { z } from 'zod';
import { GatewayDesk } from '../calls/gateway-desk.ts';
import type { FromCard, ToCard } from '../card-link/contract.ts';
import { readOwnGateway } from '../cde/gateways/own-gateway.ts';
import { TestClock } from '../shared/clock.ts';
import { type Id, newId } from '../shared/ids.ts';
import { createLogger, silentLogger } from '../shared/logger.ts';
import { err, ok } from '../shared/result.ts';
import { checkAudit } from '../storage/audit.ts';
import { type Demo, seedDemo } from '../storage/demo.ts';
import { MerchantPrompts, type PromptCommand } from '../integrations/prompts/merchant-prompts.ts';
import { receiptSigner } from '../storage/receipt-key.ts';
import { addSession } from '../storage/sessions.ts';
import { openStorage, type Storage } from '../storage/storage.ts';
import { memoryStorage } from '../storage/test-storage.ts';
import { type ApiOptions, createApi } from './api.ts';
import type { CallControl, CallResult, Who } from './call-control.ts';
import { type ApiParts, createApiParts, type HealthPart } from './parts.ts';
import type { WebSocketRemote } from './sip-socket.ts';

/** A `calls/` for tests: says yes, remembers what it was asked, and refuses with `refusal` where that is set. */
export class FakeCalls implements CallControl {
  readonly asked: unknown[][] = [];
  refusal: ProblemCode | undefined;
  /** What an act waits for before it is done. */
  gate: () => Promise<void> = async () => {};
  running: Call[] = [];
  readonly payments = new Map<Id, Payment>();
  /** Payment → whose it is. */
  readonly owners = new Map<Id, Id>();
  readonly states = new Map<Id, AgentState>();
  readonly listeners = new Map<Id, Set<(event: ServerEvent) => void>>();

  snapshot(person: Id) {
    return { state: this.states.get(person) ?? ('not-ready' as const), calls: this.running };
  }
  subscribe(person: Id, listener: (event: ServerEvent) => void) {
    const listeners = this.listeners.get(person) ?? new Set();
    this.listeners.set(person, listeners.add(listener));
    return () => void listeners.delete(listener);
  }
  setState(person: Id, state: AgentState) {
    this.states.set(person, state);
    for (const listener of this.listeners.get(person) ?? []) listener({ type: 'agent-state', state });
  }
  dial(person: Id, number: string, merchant: Id) {
    return this.#act(['dial', person, number, merchant], () =>
      testCall({ number, merchant: { id: merchant, name: 'M' } }),
    );
  }
  hold(person: Id, id: Id, on: boolean) {
    return this.#act(['hold', person, id, on], () => testCall({ id, state: on ? 'held' : 'talking' }));
  }
  hangUp(person: Id, id: Id) {
    return this.#act(['hangUp', person, id], () => testCall({ id, state: 'ended', end: 'agent-hung-up', endedAt: 2 }));
  }
  sendKey(person: Id, id: Id, key: string) {
    return this.#act(['sendKey', person, id, key], () => undefined);
  }
  testKeys(person: Id, id: Id) {
    return this.#act<KeyTest>(['testKeys', person, id], () => ({
      heard: 'right',
      event: true,
      tone: false,
      info: false,
    }));
  }
  counts(who: Who, id: Id) {
    const sfu = { fromCustomer: 5, toAgent: 4, fromAgent: 3, toCustomer: 2 };
    return this.#act<CallCounts>(['counts', who, id], () => ({ gate: null, sfu }));
  }
  startPayment(who: Who, request: StartPayment) {
    return this.#act(['startPayment', who, request], () => {
      const { call, purpose, order } = request;
      const payment = testPayment({
        call,
        purpose,
        order,
        merchant: who.merchants[0] ?? '',
        language: request.language ?? 'ja',
      });
      this.payments.set(payment.id, payment);
      if (who.person !== undefined) this.owners.set(payment.id, who.person);
      return payment;
    });
  }
  payment(id: Id) {
    return this.payments.get(id);
  }
  cancelPayment(who: Who, id: Id) {
    return this.#act(['cancelPayment', who, id], () => testPayment({ id }));
  }
  acknowledge(who: Who, id: Id) {
    return this.#act(['acknowledge', who, id], () => testPayment({ id, acknowledged: true }));
  }
  isPaymentOf(person: Id, payment: Id) {
    return this.owners.get(payment) === person;
  }
  askAgain(who: Who, id: Id, field: AskAgain['field']) {
    return this.#act(['askAgain', who, id, field], () => testPayment({ id }));
  }
  hint(who: Who, id: Id, hint: Hint) {
    return this.#act(['hint', who, id, hint], () => testPayment({ id }));
  }
  moreTime(who: Who, id: Id) {
    return this.#act(['moreTime', who, id], () => testPayment({ id }));
  }
  gentle(who: Who, id: Id, on: boolean) {
    return this.#act(['gentle', who, id, on], () => testPayment({ id, gentle: on }));
  }
  money(who: Who, id: Id, wanted: DoMoney) {
    const merchant = who.merchants[0] ?? '';
    return this.#act(['money', who, id, wanted], () => testPayment({ purpose: wanted.action, about: id, merchant }));
  }
  manual(who: Who) {
    return this.#act<z.infer<typeof ManualPage>>(['manual', who], () => ({ attempts: [], more: 0 }));
  }
  resolveManual(who: Who, id: Id, as: ResolveManual['as']) {
    const merchant = who.merchants[0] ?? '';
    return this.#act(['resolveManual', who, id, as], () => testPayment({ id, merchant }));
  }
  told(payment: Id, outcome: string) {
    this.asked.push(['told', payment, outcome]);
    return this.refusal !== 'card-process-down';
  }

  async #act<T>(asked: unknown[], make: () => T): CallResult<T> {
    this.asked.push(asked);
    await this.gate();
    return this.refusal ? err({ code: this.refusal, message: `refused: ${this.refusal}` }) : ok(make());
  }
}

export function testCall(facts: Partial<Call> = {}): Call {
  return {
    id: newId(),
    direction: 'out',
    merchant: { id: newId(), name: 'Tanaka Foods' },
    number: '+819011112222',
    displayName: null,
    called: '+819011112222',
    state: 'talking',
    startedAt: 1,
    answeredAt: null,
    endedAt: null,
    end: null,
    codec: 'PCMU',
    keysPossible: true,
    keys: { advice: 'sure', negotiated: true, event: 0, tone: 0, both: 0, info: 0 },
    payment: null,
    ...facts,
  };
}

export function testPayment(facts: Partial<Payment> = {}): Payment {
  return {
    id: newId(),
    call: newId(),
    merchant: newId(),
    purpose: 'charge',
    order: { reference: 'A-1042', amountMinor: 12_800, currency: 'JPY' },
    member: null,
    about: null,
    language: 'ja',
    gentle: false,
    state: 'opening',
    wall: 'shut',
    step: 'confirmation',
    keys: 0,
    of: null,
    mistakes: 0,
    waiting: false,
    waitingSince: null,
    speaking: false,
    declined: 0,
    cards: 1,
    outcome: null,
    reason: null,
    brand: null,
    lastFour: null,
    receipt: null,
    startedAt: 1,
    endedAt: null,
    acknowledged: false,
    refundedMinor: 0,
    possible: [],
    ...facts,
  };
}

/** An API over a demo storage in memory, with what stands around it in view of the test. */
export class TestApi {
  readonly folder = mkdtempSync(join(tmpdir(), 'api-'));
  readonly clock = new TestClock();
  readonly calls = new FakeCalls();
  readonly credentialsEnded: unknown[][] = [];
  /** What the card process was told of merchants' prompts. */
  readonly promptCommands: PromptCommand[] = [];
  /** What the card process was told of merchants' gateways, and how it answers. */
  readonly gatewayCommands: ToCard[] = [];
  answerGateway: (command: ToCard) => FromCard | undefined = () => undefined;
  readonly gateways: GatewayDesk = new GatewayDesk({
    clock: this.clock,
    faults: (settings, credentials) => {
      const read = readOwnGateway(settings, credentials);
      return read.ok ? [] : read.error;
    },
    link: {
      send: (command) => {
        this.gatewayCommands.push(command);
        const answer = this.answerGateway(command);
        if (answer) this.gateways.heard(answer);
        return answer !== undefined;
      },
    },
  });
  directoryLoads = 0;
  readonly sipSockets: { socket: WebSocket; remote: WebSocketRemote }[] = [];
  health: HealthPart[] = [];
  state: ServerState = {
    canary: null,
    cardProcess: { up: true, notInForce: [] },
    scopeMap: { approved: false, changes: [] },
  };
  #log = '';
  #closers: (() => Promise<void>)[] = [];
  app!: FastifyInstance;
  parts!: ApiParts;
  storage!: Storage;
  demo!: Demo;

  /** @param onDisk for tests that start the server again */
  static async open(options: Partial<ApiOptions> = {}, onDisk = false): Promise<TestApi> {
    const api = new TestApi();
    api.storage = onDisk ? await api.#openFile() : await memoryStorage(api.clock.now());
    api.demo = await seedDemo(api.storage, { folder: api.folder, realm: 'tonegate.local', now: api.clock.now() });
    api.parts = api.newParts();
    api.app = await api.newApp(api.parts, options);
    return api;
  }

  /** Ends the server and starts it again: what is left is the storage's file. */
  async restart(): Promise<void> {
    await this.app.close();
    await this.storage.destroy();
    this.storage = await this.#openFile();
    this.parts = this.newParts();
    this.app = await this.newApp(this.parts);
  }

  async #openFile(): Promise<Storage> {
    const opened = await openStorage({ kind: 'sqlite', file: join(this.folder, 'tonegate.db') }, this.clock.now());
    if (!opened.ok) throw new Error(opened.error.message);
    return opened.value;
  }

  /** Parts of their own, over the same storage. */
  newParts(): ApiParts {
    const destination = new PassThrough();
    destination.on('data', (chunk) => {
      this.#log += chunk;
    });
    return createApiParts({
      storage: this.storage,
      calls: this.calls,
      clock: this.clock,
      logger: createLogger('trace', destination),
      registry: new Registry(),
      signer: receiptSigner(join(this.folder, 'receipt-key.pem')),
      auditSeal: { findings: [], check: async () => checkAudit(this.storage) },
      sipDomain: 'tonegate.local',
      languages: () => ['en', 'ja'],
      prompts: new MerchantPrompts({
        storage: this.storage,
        clock: this.clock,
        log: silentLogger,
        // A sound is its file's bytes here, twice as long as they are.
        convert: async (bytes) =>
          bytes.length > 8
            ? ok({ ulaw: bytes, lengthMs: bytes.length * 2 })
            : err({ code: 'sound-unfit', message: 'The file is no WAV and no MP3.' }),
        ready: {
          languages: ['en', 'ja'],
          prompts: (language) =>
            new Map([['card-number', { text: `number in ${language}`, ulaw: new Uint8Array(8000).fill(1) }]]),
        },
        send: (command) => this.promptCommands.push(command) > 0,
      }),
      gateways: this.gateways,
      merchantsChanged: async () => void this.directoryLoads++,
      health: () => this.health,
      state: () => this.state,
      credentialEnded: (...ended) => this.credentialsEnded.push(ended),
    });
  }

  async newApp(parts: ApiParts, options: Partial<ApiOptions> = {}): Promise<FastifyInstance> {
    const app = await createApi({
      parts,
      version: 'test',
      acceptSip: (socket, remote) => this.sipSockets.push({ socket, remote }),
      ...options,
    });
    this.#closers.push(() => app.close());
    return app;
  }

  /** Everything that was logged so far, at level trace. */
  get log(): string {
    return this.#log;
  }

  /** The cookie of a new session of one of the demo's agents. */
  async cookie(agent: 0 | 1 = 0, name = 'tonegate'): Promise<string> {
    const { token } = await addSession(this.storage, this.agent(agent).id, this.clock.now());
    return `${name}=${token.reveal()}`;
  }

  agent(index: 0 | 1 = 0): Demo['agents'][number] {
    const agent = this.demo.agents[index];
    if (!agent) throw new Error('the demo has two agents');
    return agent;
  }

  get bearer(): Record<string, string> {
    return { authorization: `Bearer ${this.demo.apiKey.reveal()}` };
  }

  /** Asks; a POST gets a key of its own unless the headers name one (`''`: none). */
  async ask(
    method: 'GET' | 'POST' | 'PUT' | 'DELETE',
    url: string,
    options: { headers?: Record<string, string>; body?: unknown; app?: FastifyInstance } = {},
  ) {
    const headers: Record<string, string> = {
      ...(method === 'GET' ? {} : { 'content-type': 'application/json' }),
      ...(method === 'POST' ? { 'idempotency-key': newId() } : {}),
      ...options.headers,
    };
    if (headers['idempotency-key'] === '') delete headers['idempotency-key'];
    const request: InjectOptions = { method, url, headers };
    if (options.body !== undefined) request.payload = JSON.stringify(options.body);
    const response = await (options.app ?? this.app).inject(request);
    return {
      status: response.statusCode,
      headers: response.headers,
      text: response.body,
      json: response.body.startsWith('{') ? response.json() : undefined,
    };
  }

  async close(): Promise<void> {
    for (const close of this.#closers) await close();
    await this.storage.destroy();
    rmSync(this.folder, { recursive: true });
  }
}
