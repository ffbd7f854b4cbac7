import { expect, test } from 'vitest';
import { letterId } from './letters.ts';
import { createHttp } from './http.ts';

type Reply = { status: number; body: string } | 'no answer';

function httpWith(...replies: Reply[]) {
  const keys: (string | null)[] = [];
  const types: (string | null)[] = [];
  const http = createHttp({
    origin: 'https://tonegate.example',
    fetch: async (_, init) => {
      keys.push(new Headers(init?.headers).get('idempotency-key'));
      types.push(new Headers(init?.headers).get('content-type'));
      const reply = replies.shift() ?? 'no answer';
      if (reply === 'no answer') throw new TypeError('network');
      return new Response(reply.body, { status: reply.status });
    },
    pause: async () => undefined,
    newKey: letterId,
  });
  return { http, keys, types };
}

test('a POST without an answer is sent again with the same key, so that it can act only once', async () => {
  const { http, keys } = httpWith('no answer', 'no answer', { status: 201, body: '{"id":"x"}' });
  expect(await http.post('/v1/payments', {})).toEqual({ ok: true, value: { id: 'x' } });
  expect(keys).toHaveLength(3);
  expect(new Set(keys).size).toBe(1);
  expect(keys[0]).toMatch(/^[a-z]{26}$/);
});

test('every intent has a key of its own', async () => {
  const { http, keys } = httpWith({ status: 200, body: '{}' }, { status: 200, body: '{}' });
  await http.post('/v1/payments', {});
  await http.post('/v1/payments', {});
  expect(new Set(keys).size).toBe(2);
});

test('whatever changes something says its type: the server takes nothing else', async () => {
  const done: Reply = { status: 200, body: '{}' };
  const { http, types } = httpWith(done, done, done, done);
  await http.post('/x');
  await http.put('/x', {});
  await http.delete('/x');
  await http.putFile('/x', new Blob(['RIFF'], { type: 'audio/wav' }));
  expect(types).toEqual(['application/json', 'application/json', 'application/json', 'audio/wav']);
});

test('an intent that is tried again later keeps its key', async () => {
  const { http, keys } = httpWith({ status: 500, body: '' }, { status: 201, body: '{}' });
  await http.post('/v1/payments/x/money', {}, { key: 'refund-one' });
  await http.post('/v1/payments/x/money', {}, { key: 'refund-one' });
  expect(keys).toEqual(['refund-one', 'refund-one']);
});

test('a refusal is an answer: it is not sent again', async () => {
  const { http, keys } = httpWith({ status: 409, body: '{"code":"already-in-payment","message":"…"}' });
  expect(await http.post('/v1/payments', {})).toEqual({ ok: false, error: 'already-in-payment' });
  expect(keys).toHaveLength(1);
});

test('in the end it says that the server can’t be reached', async () => {
  const { http, keys } = httpWith();
  expect(await http.post('/v1/payments', {})).toEqual({ ok: false, error: 'unreachable' });
  expect(keys).toHaveLength(3);
});

test('a proxy’s error page is told by its status', async () => {
  const { http } = httpWith({ status: 401, body: '<html>' }, { status: 500, body: '<html>' });
  expect(await http.get('/v1/me')).toEqual({ ok: false, error: 'not-signed-in' });
  expect(await http.get('/v1/me')).toEqual({ ok: false, error: 'server-error' });
});
