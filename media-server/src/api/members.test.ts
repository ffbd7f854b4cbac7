import { afterEach, beforeEach, expect, test } from 'vitest';
import { addMerchant } from '../storage/merchants.ts';
import { addSession } from '../storage/sessions.ts';
import { TestApi } from './test-api.ts';

let api: TestApi;
let url: string;
beforeEach(async () => {
  api = await TestApi.open();
  url = `/v1/merchants/${api.demo.merchant}/members/M-1`;
});
afterEach(() => api.close());

const keiko = async () => {
  const { token } = await addSession(api.storage, api.demo.supervisor.id, api.clock.now());
  return { cookie: `tonegate=${token.reveal()}` };
};
const hanako = async () => ({ cookie: await api.cookie(0) });
const PHONE = '+819012345678';

test('a core system tells of a member, changes and forgets it', async () => {
  const { bearer: headers } = api;
  const put = await api.ask('PUT', url, { headers, body: { phone: PHONE, language: 'en', gentle: true } });
  expect(put).toMatchObject({ status: 200, json: { member: 'M-1', phone: PHONE, language: 'en', gentle: true } });
  expect((await api.ask('GET', url, { headers })).json).toEqual(put.json);
  api.clock.advance(1000);
  const again = await api.ask('PUT', url, { headers, body: {} });
  expect(again.json).toEqual({ ...put.json, phone: null, language: null, gentle: false, changedAt: api.clock.now() });
  expect((await api.ask('DELETE', url, { headers })).status).toBe(204);
  expect((await api.ask('GET', url, { headers })).status).toBe(404);
  expect((await api.ask('DELETE', url, { headers })).status).toBe(404);
  const audit = await api.storage.selectFrom('audit').select('action').execute();
  expect(audit.map(({ action }) => action)).toEqual(expect.arrayContaining(['member-put', 'member-delete']));
});

test('people see four digits of the number; agents can tell of nobody, supervisors can', async () => {
  await api.ask('PUT', url, { headers: api.bearer, body: { phone: PHONE } });
  for (const headers of [await hanako(), await keiko()]) {
    const { text, json } = await api.ask('GET', url, { headers });
    expect(json.phone).toBe('+••••••••5678');
    expect(text).not.toContain('1234');
  }
  const body = { phone: '+819099998888' };
  expect(await api.ask('PUT', url, { headers: await hanako(), body })).toMatchObject({ status: 403 });
  expect(await api.ask('DELETE', url, { headers: await hanako(), body: {} })).toMatchObject({ status: 403 });
  expect(await api.ask('PUT', url, { headers: await keiko(), body })).toMatchObject({
    json: { phone: '+••••••••8888' },
  });
  expect(api.log).not.toContain(PHONE);
});

test("another merchant's members are not found, and no card number is taken for a name or a phone", async () => {
  const { organisation } = api.demo;
  const facts = { name: 'Other', timeZone: 'UTC', currency: 'JPY', language: 'ja' } as const;
  const other = await addMerchant(api.storage, { organisation, ...facts }, 1);
  const { bearer: headers } = api;
  const theirs = `/v1/merchants/${other.id}/members/M-1`;
  for (const method of ['GET', 'PUT', 'DELETE'] as const) {
    expect((await api.ask(method, theirs, { headers, ...(method !== 'GET' && { body: {} }) })).status).toBe(404);
  }
  const named = url.replace('M-1', '4242424242424242');
  expect((await api.ask('PUT', named, { headers, body: {} })).status).toBe(400);
  for (const phone of ['+378282246310005', '09012345678', '+0123456']) {
    expect((await api.ask('PUT', url, { headers, body: { phone } })).status).toBe(400);
  }
  expect(await api.ask('PUT', url, { headers, body: { language: 'xx' } })).toMatchObject({
    status: 422,
    json: { code: 'no-such-language' },
  });
  expect((await api.ask('GET', url, { headers })).status).toBe(404);
});
