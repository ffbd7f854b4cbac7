import { afterAll, beforeAll, expect, test } from 'vitest';
import { SESSION_MS } from '../storage/sessions.ts';
import { LOCK_MS, TRIES } from './sign-in-guard.ts';
import { selfSigned } from './test-certificate.ts';
import { TestApi } from './test-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await TestApi.open();
});
afterAll(() => api.close());

const signIn = (name: string, password: string) => api.ask('POST', '/v1/sign-in', { body: { name, password } });

test('a person signs in, is known by the cookie, and is nobody after signing out', async () => {
  const agent = api.agent(0);
  const answer = await signIn('Hanako', agent.password.reveal());
  expect(answer.status).toBe(200);
  expect(answer.json).toMatchObject({
    id: agent.id,
    name: 'hanako',
    role: 'agent',
    organisation: { name: 'Tonegate demo' },
    merchants: [{ name: 'Tanaka Foods', timeZone: 'Asia/Tokyo', currency: 'JPY', language: 'ja' }],
  });
  const set = String(answer.headers['set-cookie']);
  expect(set).toMatch(/^tonegate=[\w-]{43}; Max-Age=43200; Path=\/; HttpOnly; SameSite=Strict$/);
  const headers = { cookie: set.split(';')[0] ?? '' };
  expect((await api.ask('GET', '/v1/me', { headers })).json).toEqual(answer.json);
  const out = await api.ask('POST', '/v1/sign-out', { headers });
  expect(out.status).toBe(204);
  expect(String(out.headers['set-cookie'])).toContain('tonegate=;');
  expect(await api.ask('GET', '/v1/me', { headers })).toMatchObject({ status: 401, json: { code: 'not-signed-in' } });
});

test('a session ends after 12 hours', async () => {
  const headers = { cookie: await api.cookie() };
  api.clock.advance(SESSION_MS - 1);
  expect((await api.ask('GET', '/v1/me', { headers })).status).toBe(200);
  api.clock.advance(1);
  expect((await api.ask('GET', '/v1/me', { headers })).status).toBe(401);
});

test('without cookie, with a made-up one, or with a wrong key nobody gets in', async () => {
  for (const headers of [{}, { cookie: 'tonegate=made-up' }, { authorization: 'Bearer tonegate-made-up-key' }]) {
    expect(await api.ask('GET', '/v1/calls', { headers })).toMatchObject({
      status: 401,
      json: { code: 'not-signed-in' },
    });
  }
});

test('a wrong password and an unknown name get the same answer', async () => {
  const wrong = await signIn('taro', 'wrong');
  const unknown = await signIn('nobody', 'wrong');
  expect(wrong).toMatchObject({ status: 401, json: { code: 'wrong-password' } });
  expect(unknown.json).toEqual(wrong.json);
});

test('ten wrong passwords lock the name for 30 minutes, even for the right one, and nobody else', async () => {
  const agent = api.agent(0);
  const tries = await Promise.all(Array.from({ length: TRIES + 2 }, () => signIn('hanako', 'wrong')));
  expect(tries.filter((answer) => answer.status === 401)).toHaveLength(TRIES);
  expect(tries.filter((answer) => answer.status === 429)).toHaveLength(2);
  const locked = await signIn('hanako', agent.password.reveal());
  expect(locked).toMatchObject({
    status: 429,
    json: { code: 'too-many-tries', message: 'Too many wrong passwords. Try again in 30 minutes.' },
    headers: { 'retry-after': '1800' },
  });
  expect((await signIn('taro', api.agent(1).password.reveal())).status).toBe(200);
  api.clock.advance(LOCK_MS);
  expect((await signIn('hanako', agent.password.reveal())).status).toBe(200);
});

test('sign-ins and refusals stand in the audit, without names or passwords', async () => {
  const rows = await api.storage.selectFrom('audit').selectAll().execute();
  expect(new Set(rows.map((row) => row.action))).toEqual(new Set(['sign-in', 'sign-in-refused', 'sign-out']));
  expect(JSON.stringify(rows)).not.toContain('hanako');
  const refusals = rows.filter((row) => row.action === 'sign-in-refused');
  // Whom it was tried for, where there is such a person, and why.
  const { id } = api.agent(0);
  const { organisation } = api.demo;
  expect(refusals.filter(({ subject }) => subject === id).length).toBeGreaterThan(TRIES);
  expect(refusals.every((row) => row.subject === null || row.organisation === organisation)).toBe(true);
  expect(refusals.some(({ subject }) => subject === null)).toBe(true);
  expect(new Set(refusals.map(({ detail }) => (JSON.parse(detail) as { why: string }).why))).toEqual(
    new Set(['wrong', 'locked']),
  );
});

test('a body that is no sign-in is refused with what is wrong', async () => {
  const answer = await api.ask('POST', '/v1/sign-in', { body: { name: 'hanako' } });
  expect(answer).toMatchObject({ status: 400, json: { code: 'bad-request' } });
  expect(answer.json.message).toContain('/password');
});

test('over TLS the cookie is Secure and bound to its host by its name', async () => {
  const { cert, key } = await selfSigned();
  const app = await api.newApp(api.parts, { https: { cert, key } });
  const body = { name: 'taro', password: api.agent(1).password.reveal() };
  const answer = await api.ask('POST', '/v1/sign-in', { body, app });
  const set = String(answer.headers['set-cookie']);
  expect(set).toMatch(/^__Host-tonegate=.*; HttpOnly; Secure; SameSite=Strict$/);
  // The other listener's cookie has another name, the session behind it is the same.
  const token = set.split(';')[0]?.split('=')[1];
  expect((await api.ask('GET', '/v1/me', { headers: { cookie: `tonegate=${token}` } })).status).toBe(200);
  expect((await api.ask('GET', '/v1/me', { app, headers: { cookie: `tonegate=${token}` } })).status).toBe(401);
});
