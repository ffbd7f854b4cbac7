import { afterAll, beforeAll, expect, test } from 'vitest';
import { newId } from '../shared/ids.ts';
import { TestApi } from './test-api.ts';

let api: TestApi;
let cookie: string;
beforeAll(async () => {
  api = await TestApi.open({ origins: ['app://tonegate'] });
  cookie = await api.cookie();
});
afterAll(() => api.close());

const setState = (headers: Record<string, string>) =>
  api.ask('PUT', '/v1/me/state', { headers: { cookie, ...headers }, body: { state: 'ready' } });

test('pages of this host and of the named origins may change things, others may not', async () => {
  const host = 'pay.example:8443';
  for (const headers of [
    {},
    { host, origin: `https://${host}` },
    { origin: 'app://tonegate' },
    { 'sec-fetch-site': 'same-origin' },
  ]) {
    expect((await setState(headers)).status, JSON.stringify(headers)).toBe(200);
  }
  for (const headers of [
    { host, origin: 'https://evil.example' },
    { host, origin: 'https://pay.example' },
    { host, origin: `https://${host}.evil.example` },
    { origin: 'null' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
  ]) {
    expect(await setState(headers), JSON.stringify(headers)).toMatchObject({
      status: 403,
      json: { code: 'not-allowed' },
    });
  }
});

test("another site's page can't even sign in or out", async () => {
  for (const url of ['/v1/sign-in', '/v1/sign-out']) {
    expect((await api.ask('POST', url, { headers: { cookie, origin: 'https://evil.example' } })).status).toBe(403);
  }
});

test('only JSON changes things: no form, no text', async () => {
  for (const type of [
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data',
    'application/jsonx',
    '',
  ]) {
    const answer = await api.app.inject({
      method: 'POST',
      url: `/v1/calls/${newId()}/hang-up`,
      headers: { cookie, 'idempotency-key': newId(), ...(type ? { 'content-type': type } : {}) },
      ...(type ? { payload: '{}' } : {}),
    });
    expect(answer.statusCode, type).toBe(415);
    expect(answer.json()).toMatchObject({ code: 'bad-request' });
  }
  expect(api.calls.asked).toEqual([]);
});

test('the policy lets pages load from here only, and speak with this host only', async () => {
  const answer = await api.ask('GET', '/healthz', { headers: { host: 'pay.example:8443' } });
  const policy = String(answer.headers['content-security-policy']);
  expect(policy).toContain("default-src 'self';");
  expect(policy).toContain("script-src 'self';");
  expect(policy).toContain("connect-src 'self' ws://pay.example:8443;");
  expect(policy).toContain("media-src 'self' blob:;");
  expect(policy).toContain("img-src 'self' data:;");
  expect(policy).not.toContain('upgrade-insecure-requests');
  expect(answer.headers['permissions-policy']).toContain('microphone=(self)');
  const odd = await api.ask('GET', '/healthz', { headers: { host: "x; script-src 'unsafe-inline'" } });
  expect(String(odd.headers['content-security-policy'])).toContain("script-src 'self';");
  expect(String(odd.headers['content-security-policy'])).not.toContain("script-src 'unsafe-inline'");
});
