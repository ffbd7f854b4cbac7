import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import type {
  AgentState,
  Call,
  Funnel,
  KeyTest,
  Me,
  MerchantPrompt,
  Payment,
  ProblemCode,
  ServerEvent,
  TrunkKeys,
} from '@tonegate/api-schema';
import { type WebSocket, WebSocketServer } from 'ws';
import { SipPeer } from './sip-peer.ts';

const TYPES: Record<string, string> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};

/** A request that changes something, as it came. */
export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly key: string | undefined;
  readonly body: unknown;
}

/** A server without calls of its own: serves the built softphone and says what a test tells it to. */
export class MockServer {
  /** Every POST and PUT, in order. */
  readonly seen: Seen[] = [];
  /** The query of every question for a funnel, in order. */
  readonly asked: string[] = [];
  /** Answers of the server by `METHOD /path`, instead of the usual 200. */
  readonly refusals = new Map<
    string,
    { status: number; code: ProblemCode; reason?: string; fields?: readonly string[] }
  >();
  /** What `METHOD /path` answers, by its query, where the server has no other words for it. */
  readonly answers = new Map<string, (query: URLSearchParams) => unknown>();
  me: Me;
  state: AgentState = 'not-ready';
  calls: Call[] = [];
  recent: Call[] = [];
  /** Payments that can be asked for, by id. */
  readonly payments = new Map<string, Payment>();
  /** What a key test hears, once the test lets it answer. */
  keyTest: Promise<KeyTest> | KeyTest = { heard: 'nothing', event: false, tone: false, info: false };
  /** What becomes of a refund, a capture or a void: the answer, and what the payment that it is about is afterwards. */
  money: { readonly answer: Payment; readonly about: Payment } | undefined;
  funnel: Funnel | undefined;
  trunks: TrunkKeys[] = [];
  prompts: MerchantPrompt[] = [];
  sip: SipPeer | undefined;
  #signedIn = false;
  #cut = false;
  readonly #events = new Set<WebSocket>();
  readonly #files: string;
  readonly #http = createServer((request, response) => void this.#answer(request, response));

  private constructor(me: Me, files: string) {
    this.me = me;
    this.#files = files;
  }

  /** `files` is the folder of the built softphone. */
  static async start(me: Me, files: string): Promise<MockServer> {
    const server = new MockServer(me, files);
    const sockets = new WebSocketServer({ noServer: true });
    server.#http.on('upgrade', (request, socket, head) => {
      if (server.#cut) return socket.destroy();
      sockets.handleUpgrade(request, socket, head, (ws) => {
        if (request.url?.startsWith('/v1/events')) server.#watch(ws);
        else server.sip = new SipPeer(ws);
      });
    });
    await new Promise<void>((resolve) => server.#http.listen(0, '127.0.0.1', resolve));
    return server;
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}`;
  }

  /** Tells every window something, and remembers a call for the next snapshot. */
  push(event: ServerEvent): void {
    if (event.type === 'call') {
      const others = this.calls.filter((call) => call.id !== event.call.id);
      this.calls = event.call.state === 'ended' ? others : [...others, event.call];
    }
    if (event.type === 'agent-state') this.state = event.state;
    for (const socket of this.#events) socket.send(JSON.stringify(event));
  }

  /** The network takes every events connection away; new ones are refused until `false`. */
  cutEvents(cut: boolean): void {
    this.#cut = cut;
    if (cut) for (const socket of this.#events) socket.terminate();
  }

  /** Back to the beginning: nobody signed in, no calls. */
  reset(): void {
    this.#signedIn = false;
    this.#cut = false;
    this.state = 'not-ready';
    this.calls = [];
    this.recent = [];
    this.payments.clear();
    this.money = undefined;
    this.keyTest = { heard: 'nothing', event: false, tone: false, info: false };
    this.refusals.clear();
    this.answers.clear();
    this.seen.length = 0;
    this.asked.length = 0;
    this.sip = undefined;
  }

  async stop(): Promise<void> {
    for (const socket of this.#events) socket.terminate();
    this.#http.closeAllConnections();
    await new Promise((resolve) => this.#http.close(resolve));
  }

  #watch(socket: WebSocket): void {
    this.#events.add(socket);
    socket.on('close', () => this.#events.delete(socket));
    const snapshot: ServerEvent = { type: 'snapshot', state: this.state, calls: this.calls, serverTime: Date.now() };
    socket.send(JSON.stringify(snapshot));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, search } = new URL(request.url ?? '/', this.origin);
    const method = request.method ?? 'GET';
    if (!pathname.startsWith('/v1/')) return this.#file(pathname, response);

    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const isJson = request.headers['content-type'] === 'application/json';
    const body: unknown = text === '' ? undefined : isJson ? JSON.parse(text) : text;
    if (method !== 'GET') {
      const key = request.headers['idempotency-key'];
      this.seen.push({ method, path: pathname, key: typeof key === 'string' ? key : undefined, body });
    }

    const send = (status: number, value: unknown): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
    };
    const notFound = (): void => send(404, { code: 'not-found', message: 'the test has none' });
    const refusal = this.refusals.get(`${method} ${pathname}`);
    if (refusal !== undefined) {
      const { status, ...said } = refusal;
      return send(status, { ...said, message: 'refused by the test' });
    }
    if (pathname === '/v1/sign-in') this.#signedIn = true;
    if (!this.#signedIn) return send(401, { code: 'not-signed-in', message: 'sign in first' });
    switch (`${method} ${pathname}`) {
      case 'POST /v1/sign-in':
      case 'GET /v1/me':
        return send(200, this.me);
      case 'POST /v1/sign-out':
        this.#signedIn = false;
        return send(200, {});
      case 'PUT /v1/me/state':
        this.push({ type: 'agent-state', state: (body as { state: AgentState }).state });
        return send(200, body);
      case 'GET /v1/calls':
        return send(200, { calls: this.recent, next: null });
      case 'POST /v1/sip-credential':
        return send(201, {
          user: 'agent',
          password: 'secret',
          domain: 'tonegate.invalid',
          path: '/sip',
          expiresAt: Date.now() + 3_600_000,
        });
      case 'GET /v1/funnel':
        this.asked.push(search);
        return this.funnel === undefined ? notFound() : send(200, this.funnel);
      case 'GET /v1/trunks':
        return send(200, { trunks: this.trunks });
      default: {
        const answer = this.answers.get(`${method} ${pathname}`);
        if (answer !== undefined) return send(200, answer(new URLSearchParams(search)));
        if (pathname.includes('/prompts')) return this.#prompt(method, pathname, search, send);
        if (pathname.endsWith('/key-test')) return send(200, await this.keyTest);
        if (method === 'GET') {
          const payment = this.payments.get(pathname.split('/')[3] ?? '');
          return payment === undefined ? notFound() : send(200, payment);
        }
        if (pathname.endsWith('/money') && this.money !== undefined) {
          const { answer, about } = this.money;
          this.payments.set(about.id, about);
          return send(201, answer);
        }
        return send(200, {});
      }
    }
  }

  #prompt(method: string, pathname: string, search: string, send: (status: number, value: unknown) => void): void {
    const name = pathname.split('/')[6];
    if (name === undefined) return send(200, { prompts: this.prompts });
    const fileName = new URLSearchParams(search).get('file') ?? '';
    const own = method === 'PUT' ? { fileName, lengthMs: 2_400, uploadedBy: this.me.id, uploadedAt: Date.now() } : null;
    this.prompts = this.prompts.map((prompt) => (prompt.name === name ? { ...prompt, own } : prompt));
    return send(200, method === 'PUT' ? this.prompts.find((prompt) => prompt.name === name) : {});
  }

  async #file(pathname: string, response: ServerResponse): Promise<void> {
    const path = join(this.#files, normalize(pathname === '/' ? '/index.html' : pathname));
    try {
      const content = await readFile(path);
      response.writeHead(200, { 'content-type': TYPES[extname(path)] ?? 'application/octet-stream' }).end(content);
    } catch {
      response.writeHead(404).end();
    }
  }
}
