import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { newId } from '../shared/ids.ts';
import { IDEMPOTENCY_MS } from '../storage/idempotency.ts';
import { WAIT_MS } from './idempotency-keeper.ts';
import { TestApi } from './test-api.ts';

let api: TestApi;
let headers: Record<string, string>;
beforeAll(async () => {
  api = await TestApi.open({}, true);
  headers = { cookie: await api.cookie() };
});
afterAll(() => api.close());
beforeEach(() => {
  api.calls.asked.length = 0;
  api.calls.refusal = undefined;
  api.calls.gate = async () => {};
});

const ID = newId();
const order = { reference: 'A-1042', amountMinor: 12_800, currency: 'JPY' };
const body = { call: ID, purpose: 'charge', order };

function pay(key: string, options: { body?: object; by?: Record<string, string>; app?: TestApi['app'] } = {}) {
  return api.ask('POST', '/v1/payments', {
    headers: { ...(options.by ?? headers), 'idempotency-key': key },
    body: options.body ?? body,
    ...(options.app ? { app: options.app } : {}),
  });
}

/** An act that waits until it is let go. */
function held() {
  let letGo = () => {};
  const until = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  let begun = () => {};
  const waiting = new Promise<void>((resolve) => {
    begun = resolve;
  });
  api.calls.gate = () => {
    begun();
    return until;
  };
  return { waiting, letGo: () => letGo() };
}

test('every POST but sign-in and sign-out needs a key', async () => {
  for (const url of [
    '/v1/sip-credential',
    '/v1/calls',
    `/v1/calls/${ID}/hold`,
    `/v1/calls/${ID}/hang-up`,
    `/v1/calls/${ID}/keys`,
    '/v1/payments',
    `/v1/payments/${ID}/cancel`,
    `/v1/payments/${ID}/acknowledge`,
  ]) {
    const fit = { number: '110', merchant: api.demo.merchant };
    const bodies: Record<string, object> = { calls: fit, payments: body, hold: { on: true }, keys: { key: '1' } };
    for (const key of ['', 'short', 'with space in it']) {
      const answer = await api.ask('POST', url, {
        headers: { ...headers, 'idempotency-key': key },
        body: bodies[url.split('/').at(-1) ?? ''] ?? {},
      });
      expect(answer, url).toMatchObject({ status: 400, json: { code: 'idempotency-key-missing' } });
    }
  }
  expect(api.calls.asked).toEqual([]);
});

test('the same key and body act once and have one answer, whatever order the body has', async () => {
  const first = await pay('key-of-one-intent');
  const again = await pay('key-of-one-intent', { body: { order, purpose: 'charge', call: ID } });
  expect(again).toMatchObject({ status: 201, text: first.text, headers: { 'idempotent-replayed': 'true' } });
  expect(again.headers['content-type']).toBe(first.headers['content-type']);
  expect(api.calls.asked).toHaveLength(1);
});

test('the same key with another body, or on another route, is refused', async () => {
  await pay('key-used-elsewhere');
  const other = await pay('key-used-elsewhere', { body: { ...body, order: { ...order, amountMinor: 1 } } });
  expect(other).toMatchObject({ status: 409, json: { code: 'idempotency-key-reused' } });
  const route = await api.ask('POST', `/v1/calls/${ID}/hang-up`, {
    headers: { ...headers, 'idempotency-key': 'key-used-elsewhere' },
  });
  expect(route).toMatchObject({ status: 409, json: { code: 'idempotency-key-reused' } });
  expect(api.calls.asked).toHaveLength(1);
});

test("one's key is not another's", async () => {
  await pay('key-of-several');
  await pay('key-of-several', { by: { cookie: await api.cookie(1) } });
  await pay('key-of-several', { by: api.bearer });
  expect(api.calls.asked).toHaveLength(3);
});

test('a refusal is an answer, too, and so is an answer without a body', async () => {
  api.calls.refusal = 'attempt-alive';
  const first = await pay('key-that-was-refused');
  api.calls.refusal = undefined;
  expect(await pay('key-that-was-refused')).toMatchObject({ status: 409, text: first.text });
  const send = () =>
    api.ask('POST', `/v1/calls/${ID}/keys`, {
      headers: { ...headers, 'idempotency-key': 'key-without-body' },
      body: { key: '5' },
    });
  expect(await send()).toMatchObject({ status: 204, text: '' });
  expect(await send()).toMatchObject({ status: 204, text: '' });
  expect(api.calls.asked.filter(([what]) => what === 'sendKey')).toHaveLength(1);
});

test('after a fault of ours the same key may try again', async () => {
  api.calls.refusal = 'card-process-down';
  expect((await pay('key-of-a-bad-day')).status).toBe(503);
  api.calls.refusal = undefined;
  api.calls.gate = () => Promise.reject(new Error('broken'));
  expect((await pay('key-of-a-bad-day')).status).toBe(500);
  api.calls.gate = async () => {};
  expect((await pay('key-of-a-bad-day')).status).toBe(201);
});

test('a server that was started again gives the answer of the one before', async () => {
  const first = await pay('key-before-restart');
  await api.restart();
  expect(await pay('key-before-restart')).toMatchObject({ status: 201, text: first.text });
  expect(await pay('key-before-restart', { body: { ...body, call: newId() } })).toMatchObject({
    status: 409,
    json: { code: 'idempotency-key-reused' },
  });
  expect(api.calls.asked).toHaveLength(1);
});

test('a key is good for 24 hours', async () => {
  await pay('key-of-yesterday');
  api.clock.advance(IDEMPOTENCY_MS);
  headers = { cookie: await api.cookie() };
  expect((await pay('key-of-yesterday')).status).toBe(201);
  expect(api.calls.asked).toHaveLength(2);
});

test('requests with one key at the same time act once, over all listeners', async () => {
  const { waiting, letGo } = held();
  const app = await api.newApp(api.parts);
  const all = [pay('key-at-once'), pay('key-at-once'), pay('key-at-once', { app })];
  await waiting;
  const other = await pay('key-at-once', { body: { ...body, call: newId() } });
  expect(other.json).toMatchObject({ code: 'idempotency-key-reused' });
  letGo();
  const texts = (await Promise.all(all)).map((answer) => answer.text);
  expect(new Set(texts).size).toBe(1);
  expect(api.calls.asked).toHaveLength(1);
});

test('a request that waits too long for the first one is told to ask again', async () => {
  const { waiting, letGo } = held();
  const first = pay('key-of-patience');
  await waiting;
  let answered = false;
  const second = pay('key-of-patience').finally(() => {
    answered = true;
  });
  // The second one begins to wait some turns of the event loop later; time stands still until it does.
  while (!answered) {
    api.clock.advance(WAIT_MS);
    await new Promise((resolve) => setImmediate(resolve));
  }
  const busy = await second;
  expect(busy).toMatchObject({ status: 409, json: { code: 'idempotency-key-reused' } });
  expect(busy.json.message).toContain('Ask again with the same key');
  letGo();
  expect((await first).status).toBe(201);
  expect((await pay('key-of-patience')).text).toBe((await first).text);
});

test('a SIP password is repeated for its key, but never written down', async () => {
  headers = { cookie: await api.cookie() };
  const ask = () =>
    api.ask('POST', '/v1/sip-credential', {
      headers: { ...headers, 'idempotency-key': 'key-of-a-window' },
      body: {},
    });
  const first = await ask();
  expect(first.status).toBe(201);
  expect((await ask()).text).toBe(first.text);
  const rows = await api.storage.selectFrom('idempotencyKeys').selectAll().execute();
  expect(JSON.stringify(rows)).not.toContain(first.json.password);
  // After a restart the old password is worth nothing, so the same key gets a new one.
  await api.restart();
  expect((await ask()).json.password).not.toBe(first.json.password);
});
