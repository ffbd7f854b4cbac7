import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { newId } from '../shared/ids.ts';
import { ha1 } from '../storage/devices.ts';
import { CREDENTIAL_MS } from './sip-credentials.ts';
import { TestApi } from './test-api.ts';

let api: TestApi;
let headers: Record<string, string>;
beforeAll(async () => {
  api = await TestApi.open();
});
afterAll(() => api.close());
beforeEach(async () => {
  api.clock.advance(CREDENTIAL_MS);
  headers = { cookie: await api.cookie() };
  api.credentialsEnded.length = 0;
});

const ask = (window?: string, by = headers) =>
  api.ask('POST', '/v1/sip-credential', { headers: by, body: window ? { window } : {} });
const me = () => api.agent(0).id;

test('a credential is good for SIP for five minutes, in both algorithms', async () => {
  const { status, json, headers: answered } = await ask(newId());
  expect(status).toBe(201);
  expect(answered['cache-control']).toBe('no-store');
  expect(json).toMatchObject({ user: me(), domain: 'tonegate.local', path: '/sip' });
  expect(json.expiresAt).toBe(api.clock.now() + CREDENTIAL_MS);
  expect(json.password).toMatch(/^[a-z]{32}$/);
  const hashes = { ...ha1(me(), 'tonegate.local', json.password), mayRegister: true };
  expect(api.parts.sipCredentials.lookup(me())).toEqual(hashes);
  api.clock.advance(CREDENTIAL_MS - 1);
  expect(api.parts.sipCredentials.lookup(me())).toEqual(hashes);
  api.clock.advance(1);
  expect(api.parts.sipCredentials.lookup(me())).toBeUndefined();
  expect(api.parts.sipCredentials.lookup('nobody')).toBeUndefined();
});

test('the window that has it renews it with the same password, so that no REGISTER on its way fails', async () => {
  const window = newId();
  const first = await ask(window);
  api.clock.advance(CREDENTIAL_MS - 1);
  const renewed = await ask(window);
  expect(renewed.json.password).toBe(first.json.password);
  expect(renewed.json.expiresAt).toBe(api.clock.now() + CREDENTIAL_MS);
  expect(api.credentialsEnded).toEqual([]);
});

test("another window's request ends the first one's credential", async () => {
  const first = await ask(newId());
  const second = await ask(newId(), { cookie: await api.cookie() });
  expect(second.json.password).not.toBe(first.json.password);
  expect(api.parts.sipCredentials.lookup(me())).toMatchObject(ha1(me(), 'tonegate.local', second.json.password));
  expect(api.credentialsEnded).toEqual([[me(), 'replaced']]);
});

test('an expired credential replaces nobody', async () => {
  await ask(newId());
  api.clock.advance(CREDENTIAL_MS);
  await ask(newId());
  expect(api.credentialsEnded).toEqual([]);
});

test('signing out ends the credential of that session only', async () => {
  const other = { cookie: await api.cookie() };
  await ask(newId());
  await api.ask('POST', '/v1/sign-out', { headers: other });
  expect(api.parts.sipCredentials.lookup(me())).toBeDefined();
  await api.ask('POST', '/v1/sign-out', { headers });
  expect(api.parts.sipCredentials.lookup(me())).toBeUndefined();
  expect(api.credentialsEnded).toEqual([[me(), 'signed-out']]);
});
