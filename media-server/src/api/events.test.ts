import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { ServerEvent } from '@tonegate/api-schema';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { newId } from '../shared/ids.ts';
import { PING_MS } from './event-stream.ts';
import { selfSigned } from './test-certificate.ts';
import { TestApi, testCall } from './test-api.ts';
import { WINDOW_LIMIT } from './windows.ts';

let api: TestApi;
let port: number;
beforeAll(async () => {
  api = await TestApi.open();
  await api.app.listen({ host: '127.0.0.1', port: 0 });
  port = (api.app.server.address() as AddressInfo).port;
});
afterAll(() => api.close());

/** A window: what it was sent, as it comes. */
class Window {
  readonly socket: WebSocket;
  readonly #events: ServerEvent[] = [];
  #wake = () => {};

  constructor(cookie: string, window = newId(), headers: Record<string, string> = {}) {
    this.socket = new WebSocket(`ws://127.0.0.1:${port}/v1/events?window=${window}`, {
      headers: { cookie, ...headers },
    });
    this.socket.on('message', (data: Buffer) => {
      this.#events.push(ServerEvent.parse(JSON.parse(String(data))));
      this.#wake();
    });
  }

  async next(): Promise<ServerEvent> {
    for (;;) {
      const event = this.#events.shift();
      if (event) return event;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  async closed(): Promise<number> {
    const [code] = await once(this.socket, 'close');
    return code;
  }
}

/** Closes windows, and returns when the server has seen that none is left. */
async function closeAll(...windows: (Window | undefined)[]): Promise<void> {
  for (const window of windows) window?.socket.close();
  while (api.parts.windows.size > 0) await new Promise((resolve) => setImmediate(resolve));
}

/** The status by which an upgrade is refused. */
async function refused(path: string, headers: Record<string, string>, protocols: string[] = []): Promise<number> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, protocols, { headers });
  const [, response] = await once(socket, 'unexpected-response');
  socket.on('error', () => {});
  socket.terminate();
  return response.statusCode;
}

const me = () => api.agent(0).id;

test('a window gets a snapshot and then every change', async () => {
  api.calls.running = [testCall()];
  const window = new Window(await api.cookie());
  expect(await window.next()).toEqual({
    type: 'snapshot',
    state: 'not-ready',
    calls: api.calls.running,
    serverTime: api.clock.now(),
  });
  api.calls.setState(me(), 'ready');
  expect(await window.next()).toEqual({ type: 'agent-state', state: 'ready' });
  expect(api.parts.windows.size).toBe(1);
  expect((await api.ask('GET', '/metrics')).text).toContain('tonegate_event_windows 1');
  await closeAll(window);
  const again = new Window(await api.cookie());
  expect(await again.next()).toMatchObject({ type: 'snapshot', state: 'ready' });
  await closeAll(again);
  expect(api.calls.listeners.get(me())?.size).toBe(0);
});

test("a second window's SIP credential tells the first one that it was replaced, a renewal tells nobody", async () => {
  const [a, b] = [newId(), newId()];
  const headers = { cookie: await api.cookie() };
  const first = new Window(headers.cookie, a);
  const second = new Window(headers.cookie, b);
  await Promise.all([first.next(), second.next()]);
  const ask = (window: string) => api.ask('POST', '/v1/sip-credential', { headers, body: { window } });
  await ask(b);
  expect(await first.next()).toEqual({ type: 'replaced' });
  await ask(b);
  api.calls.setState(me(), 'ready');
  expect(await second.next()).toEqual({ type: 'agent-state', state: 'ready' });
  await closeAll(first, second);
});

test('signing out closes the windows of that session and no other', async () => {
  const cookie = await api.cookie();
  const window = new Window(cookie);
  const other = new Window(await api.cookie());
  await Promise.all([window.next(), other.next()]);
  const closed = window.closed();
  await api.ask('POST', '/v1/sign-out', { headers: { cookie } });
  expect(await closed).toBe(1008);
  expect(other.socket.readyState).toBe(WebSocket.OPEN);
  await closeAll(other);
});

test('a window that answers pings stays', async () => {
  const window = new Window(await api.cookie());
  await window.next();
  for (let round = 1; round < 4; round++) {
    const ping = once(window.socket, 'ping');
    api.clock.advance(PING_MS);
    await ping;
    await pongArrived(window, round % 2 ? 'ready' : 'not-ready');
  }
  expect(window.socket.readyState).toBe(WebSocket.OPEN);
  await closeAll(window);
});

/** What a window sends arrives in order: once its ping has come, its pong before that has, too. */
async function pongArrived(window: Window, state: 'ready' | 'not-ready'): Promise<void> {
  for (const client of api.app.websocketServer.clients) {
    window.socket.ping();
    await once(client, 'ping');
  }
  api.calls.setState(me(), state);
  expect(await window.next()).toEqual({ type: 'agent-state', state });
}

test('the oldest of too many windows is closed, and hears nothing more', async () => {
  const cookie = await api.cookie();
  const windows = [];
  for (let i = 0; i < WINDOW_LIMIT; i++) {
    const window = new Window(cookie);
    await window.next();
    windows.push(window);
  }
  const closed = windows[0]?.closed();
  const last = new Window(cookie);
  await last.next();
  expect(await closed).toBe(1008);
  expect(api.calls.listeners.get(me())?.size).toBe(WINDOW_LIMIT);
  await closeAll(...windows, last);
});

test('no session, a key, or a page of another site gets no events', async () => {
  const cookie = await api.cookie();
  expect(await refused('/v1/events', {})).toBe(401);
  expect(await refused('/v1/events', { cookie, origin: 'https://evil.example' })).toBe(403);
  expect(await refused('/v1/events', api.bearer)).toBe(403);
  expect(await refused('/v1/events?window=42', { cookie })).toBe(400);
  const own = new Window(cookie, newId(), { origin: `http://127.0.0.1:${port}` });
  expect((await own.next()).type).toBe('snapshot');
  await closeAll(own);
});

test('without an upgrade the answer says what is missing', async () => {
  const headers = { cookie: await api.cookie() };
  expect(await api.ask('GET', '/v1/events', { headers })).toMatchObject({ status: 426, json: { code: 'bad-request' } });
  expect((await api.ask('GET', '/sip', { headers: { 'sec-websocket-protocol': 'sip' } })).status).toBe(426);
});

test('a WebSocket that speaks SIP is handed to SIP with where it comes from', async () => {
  expect(await refused('/sip', {})).toBe(400);
  expect(await refused('/sip', {}, ['chat'])).toBe(400);
  expect(await refused('/sip', { origin: 'https://evil.example' }, ['sip'])).toBe(403);
  expect(api.sipSockets).toEqual([]);
  const socket = new WebSocket(`ws://127.0.0.1:${port}/sip`, ['chat', 'sip']);
  await once(socket, 'open');
  expect(socket.protocol).toBe('sip');
  const [accepted] = api.sipSockets;
  expect(accepted?.remote).toMatchObject({ ip: '127.0.0.1', transport: 'ws', port: expect.any(Number) });
  const message = once(socket, 'message');
  accepted?.socket.send('SIP/2.0 200 OK\r\n\r\n');
  expect(String((await message)[0])).toContain('200 OK');
  const closed = once(socket, 'close');
  socket.send('x'.repeat(70_000));
  expect((await closed)[0]).toBe(1009);
});

test('over TLS SIP is told so', async () => {
  const https = await selfSigned();
  const app = await api.newApp(api.parts, { https });
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.address() as AddressInfo;
  const socket = new WebSocket(`wss://127.0.0.1:${port}/sip`, ['sip'], {
    ca: https.cert,
  });
  await once(socket, 'open');
  expect(api.sipSockets.at(-1)?.remote.transport).toBe('wss');
  const closed = once(socket, 'close');
  await app.close();
  expect((await closed)[0]).toBe(1005);
});
