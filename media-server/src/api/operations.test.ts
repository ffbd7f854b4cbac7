import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { Validator } from '@seriousme/openapi-schema-validator';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newId } from '../shared/ids.ts';
import { TestApi } from './test-api.ts';
import { selfSigned } from './test-certificate.ts';

let api: TestApi;
beforeAll(async () => {
  api = await TestApi.open();
});
afterAll(() => api.close());

test('health tells each part, and says no as soon as one is down', async () => {
  api.health = [{ name: 'card process', ok: true }];
  expect(await api.ask('GET', '/healthz')).toMatchObject({
    status: 200,
    json: { ok: true, parts: [{ name: 'card process' }, { name: 'storage', ok: true }] },
  });
  api.health = [{ name: 'card process', ok: false, detail: 'starting' }];
  expect(await api.ask('GET', '/healthz')).toMatchObject({ status: 503, json: { ok: false } });
});

test('metrics count answers by route and status, for this machine and for keys', async () => {
  await api.ask('GET', '/v1/me');
  await api.ask('POST', '/v1/sign-in', { body: { name: 'hanako', password: 'wrong' } });
  const local = await api.ask('GET', '/metrics');
  expect(local.text).toContain('tonegate_http_request_seconds_count{method="GET",route="/v1/me",status="401"} 1');
  expect(local.text).toContain('tonegate_sign_ins_total{result="wrong"} 1');
  const from = (headers: Record<string, string>) =>
    api.app.inject({ method: 'GET', url: '/metrics', headers, remoteAddress: '192.0.2.7' });
  expect((await from({})).statusCode).toBe(403);
  expect((await from(api.bearer)).statusCode).toBe(200);
  expect((await from({ cookie: await api.cookie() })).statusCode).toBe(403);
});

test('HTTPS is TLS 1.2 or later, whatever a client would take', async () => {
  const app = await api.newApp(api.parts, { https: await selfSigned() });
  await app.listen({ port: 0, host: '127.0.0.1' });
  const { port } = app.server.address() as AddressInfo;
  const speaks = (version: 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3') =>
    new Promise<string | null>((resolve) => {
      // Everything that this OpenSSL can: what is refused is refused by the other end.
      const lax = { minVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0', rejectUnauthorized: false } as const;
      const socket = connect({ port, host: '127.0.0.1', ...lax, maxVersion: version }, () => {
        resolve(socket.getProtocol());
        socket.destroy();
      });
      socket.on('error', () => resolve(null));
    });
  expect([await speaks('TLSv1.1'), await speaks('TLSv1.2'), await speaks('TLSv1.3')]).toEqual([
    null,
    'TLSv1.2',
    'TLSv1.3',
  ]);
});

test('the OpenAPI document is valid and lists every route', async () => {
  const { json, status } = await api.ask('GET', '/v1/openapi.json');
  expect(status).toBe(200);
  const result = await new Validator().validate(json);
  expect(result.errors ?? []).toEqual([]);
  expect(result.valid).toBe(true);
  const routes = Object.entries(json.paths as Record<string, object>).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method} ${path}`),
  );
  expect(routes.sort()).toEqual(
    [
      'get /healthz',
      'post /v1/sign-in',
      'post /v1/sign-out',
      'get /v1/me',
      'put /v1/me/state',
      'post /v1/sip-credential',
      'get /v1/audit',
      'get /v1/audit/actors',
      'get /v1/audit/check',
      'get /v1/calls',
      'post /v1/calls',
      'post /v1/calls/{id}/hold',
      'post /v1/calls/{id}/key-test',
      'post /v1/calls/{id}/hang-up',
      'post /v1/calls/{id}/keys',
      'get /v1/calls/{id}/counts',
      'get /v1/calls/{id}/payments',
      'post /v1/payments',
      'get /v1/manual',
      'post /v1/manual/{id}/resolve',
      'get /v1/merchants/{id}/receipts',
      'get /v1/payments',
      'get /v1/receipts/key',
      'get /v1/state',
      'get /v1/trunks',
      'get /v1/payments/{id}',
      'post /v1/payments/{id}/cancel',
      'post /v1/payments/{id}/gentle',
      'post /v1/payments/{id}/hint',
      'post /v1/payments/{id}/money',
      'post /v1/payments/{id}/more-time',
      'post /v1/payments/{id}/acknowledge',
      'post /v1/payments/{id}/ask-again',
      'delete /v1/merchants/{id}/members/{member}',
      'get /v1/events',
      'get /v1/funnel',
      'get /v1/merchants/{id}/members/{member}',
      'get /v1/verifications/{id}',
      'post /v1/verifications',
      'put /v1/merchants/{id}/members/{member}',
      'get /v1/merchants/{id}/gateway',
      'put /v1/merchants/{id}/gateway',
      'delete /v1/merchants/{id}/gateway',
      'post /v1/merchants/{id}/gateway/test',
      'get /v1/merchants/{id}/rules',
      'put /v1/merchants/{id}/rules',
      'get /v1/merchants/{id}/prompts',
      'get /v1/merchants/{id}/prompts/{language}/{name}',
      'put /v1/merchants/{id}/prompts/{language}/{name}',
      'delete /v1/merchants/{id}/prompts/{language}/{name}',
    ].sort(),
  );
  expect(json.components.schemas.Payment.properties.order).toEqual({ $ref: '#/components/schemas/Order' });
  const pay = json.paths['/v1/payments'].post;
  expect(pay.parameters).toContainEqual(
    expect.objectContaining({ name: 'Idempotency-Key', in: 'header', required: true }),
  );
  expect(pay.security).toEqual([{ session: [] }, { apiKey: [] }]);
  expect(json.paths['/v1/sign-in'].post).toMatchObject({ security: [] });
  expect(json.paths['/v1/sign-in'].post.parameters).toBeUndefined();
});

test('the softphone is served with its own routes; the API stays an API', async () => {
  const clientFolder = join(api.folder, 'dist');
  mkdirSync(join(clientFolder, 'assets'), { recursive: true });
  writeFileSync(join(clientFolder, 'index.html'), '<title>Tonegate</title>');
  writeFileSync(join(clientFolder, 'assets', 'a.js'), 'export {}');
  writeFileSync(join(api.folder, 'secret.txt'), 'secret');
  const app = await api.newApp(api.parts, { clientFolder });
  const page = { accept: 'text/html,*/*' };
  for (const url of ['/', '/index.html', '/payments/today']) {
    const answer = await api.ask('GET', url, { app, headers: page });
    expect(answer, url).toMatchObject({ status: 200, text: '<title>Tonegate</title>' });
    expect(answer.headers['cache-control']).toBe('no-cache');
  }
  const asset = await api.ask('GET', '/assets/a.js', { app });
  expect(asset.headers['cache-control']).toBe('public, max-age=31536000, immutable');
  for (const url of ['/v1/nothing', '/assets/b.js', '/..%2fsecret.txt', '/../secret.txt']) {
    const answer = await api.ask('GET', url, { app, headers: url.startsWith('/v1') ? page : {} });
    expect(answer.status, url).toBeGreaterThanOrEqual(400);
    expect(answer.text).not.toContain('secret"');
    expect(answer.json).toMatchObject({ code: expect.any(String) });
  }
  expect((await api.ask('GET', '/')).json).toMatchObject({ code: 'not-found' });
});

test('no password, token, key, credential or number stands in a trace log', async () => {
  const agent = api.agent(0);
  const signedIn = await api.ask('POST', '/v1/sign-in', {
    body: { name: 'hanako', password: agent.password.reveal() },
  });
  const cookie = String(signedIn.headers['set-cookie']).split(';')[0] ?? '';
  const headers = { cookie };
  const sip = await api.ask('POST', '/v1/sip-credential', { headers, body: {} });
  await api.ask('GET', '/v1/calls', { headers: api.bearer });
  await api.ask('POST', '/v1/calls', { headers, body: { number: '+819011112222', merchant: api.demo.merchant } });
  await api.ask('POST', `/v1/calls/${newId()}/keys`, { headers, body: { key: '#' } });
  await api.ask('POST', '/v1/payments', {
    headers,
    body: {
      call: newId(),
      purpose: 'charge',
      order: { reference: '4242424242424242', amountMinor: 1, currency: 'JPY' },
    },
  });
  api.calls.gate = () => Promise.reject(new Error('broken'));
  await api.ask('POST', `/v1/calls/${newId()}/hang-up`, { headers });
  api.calls.gate = async () => {};
  const secrets = [
    ...Object.values(JSON.parse(readFileSync(api.demo.secretsFile, 'utf8')) as Record<string, string>),
    cookie.split('=')[1] ?? '',
    sip.json.password as string,
    '9011112222',
    '4242424242424242',
  ];
  expect(secrets.every((secret) => secret.length > 8)).toBe(true);
  expect(api.log).toContain('"route":"/v1/calls/:id/keys"');
  for (const secret of secrets) expect(api.log).not.toContain(secret);
});
