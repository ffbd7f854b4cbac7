import { afterEach, beforeEach, expect, test } from 'vitest';
import type { FromCard, ToCard } from '../card-link/contract.ts';
import { addMerchant, addOrganisation } from '../storage/merchants.ts';
import { TestApi } from './test-api.ts';

const SECRET = 'sk_of_the_merchant';
const GATEWAY = { kind: 'stripe', url: 'https://api.stripe.com' };
const RULES = { gentle: true, cards: 3, brands: ['visa', 'jcb'], amountLimitMinor: 50_000, agentsTypePhones: true };

let api: TestApi;
beforeEach(async () => {
  api = await TestApi.open();
});
afterEach(() => api.close());

async function as(role: 'agent' | 'supervisor' | 'administrator'): Promise<Record<string, string>> {
  await api.storage.updateTable('people').set({ role }).where('id', '=', api.agent().id).execute();
  return { cookie: await api.cookie() };
}
const path = (rest = '/gateway') => `/v1/merchants/${api.demo.merchant}${rest}`;

/** A card process whose gateway's test shows this. */
function cardSays(result: 'works' | 'gateway-settings' | 'gateway-unreachable', own = true): void {
  api.answerGateway = (command: ToCard): FromCard | undefined => {
    if (!('ask' in command) || command.type === 'gateway-keys') return undefined;
    const { ask, merchant } = command;
    switch (command.type) {
      case 'provision':
        return { type: 'provisioned', ask, merchant, result, kept: result === 'works' || command.force };
      case 'unprovision':
        return own
          ? { type: 'unprovisioned', ask, merchant }
          : { type: 'refused', command: command.type, ask, why: 'no-own-gateway' };
      case 'gateway-test':
        return { type: 'gateway-tested', ask, merchant, result };
      case 'gateway-show': {
        const shown = { type: 'gateway-shown', ask, merchant, standard: 'sandbox' } as const;
        return own ? { ...shown, own: { state: 'usable', gateway: GATEWAY, testedAt: 5, result } } : shown;
      }
    }
  };
}

async function audited(): Promise<unknown[]> {
  const rows = await api.storage.selectFrom('audit').select(['action', 'merchant', 'detail']).execute();
  return rows.filter(({ action }) => /^(gateway|rules)-/.test(action));
}

test('an administrator gives a merchant a payment service of its own; what is shown has no secret in it', async () => {
  cardSays('works');
  const headers = await as('administrator');
  const body = { gateway: GATEWAY, credentials: { key: SECRET } };
  const put = await api.ask('PUT', path(), { headers, body });
  expect(put.status).toBe(200);
  const works = { works: true, result: 'works', message: expect.stringContaining('takes these credentials') };
  const { kind, ...settings } = GATEWAY;
  const shown = {
    merchant: api.demo.merchant,
    own: true,
    kind,
    settings,
    state: 'usable',
    tested: { ...works, at: 5 },
  };
  expect(put.json).toEqual(shown);
  expect(api.gatewayCommands[0]).toMatchObject({ type: 'provision', ...body, force: false });
  const got = await api.ask('GET', path(), { headers });
  expect(got.json).toEqual(shown);
  expect((await api.ask('POST', path('/gateway/test'), { headers })).json).toEqual(works);
  expect((await api.ask('DELETE', path(), { headers, body: {} })).status).toBe(204);
  const audit = await audited();
  expect(audit).toMatchObject([{ action: 'gateway-put' }, { action: 'gateway-test' }, { action: 'gateway-delete' }]);
  expect(JSON.stringify([put.text, got.text, audit]) + api.log).not.toContain(SECRET);
});

test('what is wrong with credentials is said in words, and nothing is kept unless somebody insists', async () => {
  const headers = await as('administrator');
  const body = { gateway: GATEWAY, credentials: { key: SECRET } };
  cardSays('gateway-settings');
  const wrong = await api.ask('PUT', path(), { headers, body });
  expect([wrong.status, wrong.json.code, wrong.json.reason]).toEqual([422, 'gateway-unfit', 'gateway-settings']);
  expect(wrong.json.message).toMatch(/Nothing was kept.*doesn't take these credentials/);
  cardSays('gateway-unreachable');
  expect((await api.ask('PUT', path(), { headers, body })).json.message).toMatch(/can't be reached/);
  const forced = await api.ask('PUT', path(), { headers, body: { ...body, force: true } });
  expect([forced.status, forced.json.tested.works]).toEqual([200, false]);
  cardSays('works', false);
  expect((await api.ask('GET', path(), { headers })).json).toMatchObject({ own: false, kind: 'sandbox', tested: null });
  expect((await api.ask('DELETE', path(), { headers, body: {} })).status).toBe(404);
  api.answerGateway = () => undefined;
  expect((await api.ask('GET', path(), { headers })).status).toBe(503);
});

test('what doesn’t fit its kind is refused field by field, without a value, before the card process hears of it', async () => {
  cardSays('works');
  const headers = await as('administrator');
  const refused = async (gateway: unknown, credentials: unknown) => {
    const { status, json, text } = await api.ask('PUT', path(), { headers, body: { gateway, credentials } });
    expect(text).not.toContain(SECRET);
    return [status, json.message];
  };
  expect(await refused({ kind: 'komoju' }, {})).toEqual([422, expect.stringContaining('key:')]);
  const unfit = { gateway: { kind: 'stripe', url: 'no' }, credentials: {} };
  expect((await api.ask('PUT', path(), { headers, body: unfit })).json.fields).toEqual(['url', 'key']);
  expect(await refused({ kind: 'none' }, { key: SECRET })).toEqual([422, expect.stringContaining('kind:')]);
  expect(await refused({ kind: 'stripe', key: SECRET }, {})).toEqual([422, expect.stringContaining('secret')]);
  expect(await refused({ kind: 'stripe', [SECRET.replaceAll('_', '')]: 1 }, { key: 'x' })).toEqual([
    422,
    expect.stringContaining("isn't known"),
  ]);
  expect(await refused({ kind: 'stripe', url: 'https://4242424242424242.example' }, { key: 'x' })).toEqual([
    400,
    expect.stringContaining('card number'),
  ]);
  expect(await refused({ kind: 'stripe' }, { key: 5 })).toEqual([400, expect.anything()]);
  expect(api.gatewayCommands).toEqual([]);
  expect(api.log).not.toContain(SECRET);
});

test('gateway and rules are for administrators of the merchant’s own organisation', async () => {
  cardSays('works');
  const organisation = (await addOrganisation(api.storage, 'Others', 1)).id;
  const template = await api.storage.selectFrom('merchants').selectAll().executeTakeFirstOrThrow();
  const { id: _id, createdAt: _createdAt, ...like } = template;
  const other = await addMerchant(api.storage, { ...like, organisation }, 1);
  const everywhere = async (headers: Record<string, string>, merchant = api.demo.merchant) => {
    const base = `/v1/merchants/${merchant}`;
    const put = { gateway: GATEWAY, credentials: { key: SECRET } };
    return [
      (await api.ask('GET', `${base}/gateway`, { headers })).status,
      (await api.ask('PUT', `${base}/gateway`, { headers, body: put })).status,
      (await api.ask('DELETE', `${base}/gateway`, { headers, body: {} })).status,
      (await api.ask('POST', `${base}/gateway/test`, { headers })).status,
      (await api.ask('GET', `${base}/rules`, { headers })).status,
      (await api.ask('PUT', `${base}/rules`, { headers, body: RULES })).status,
    ];
  };
  expect(await everywhere({})).toEqual(Array(6).fill(401));
  expect(await everywhere(api.bearer)).toEqual(Array(6).fill(403));
  expect(await everywhere(await as('agent'))).toEqual(Array(6).fill(403));
  expect(await everywhere(await as('supervisor'))).toEqual(Array(6).fill(403));
  expect(await everywhere(await as('administrator'), other.id)).toEqual(Array(6).fill(404));
  expect(api.gatewayCommands).toEqual([]);
});

test('an administrator sets a merchant’s rules; calls go by them at once', async () => {
  const headers = await as('administrator');
  const none = { gentle: false, cards: 2, brands: null, amountLimitMinor: null, agentsTypePhones: false };
  expect((await api.ask('PUT', path('/rules'), { headers, body: RULES })).json).toEqual(RULES);
  expect((await api.ask('GET', path('/rules'), { headers })).json).toEqual(RULES);
  expect(api.directoryLoads).toBe(1);
  expect((await api.ask('PUT', path('/rules'), { headers, body: none })).json).toEqual(none);
  expect((await api.ask('GET', path('/rules'), { headers })).json).toEqual(none);
  for (const wrong of [{ cards: 6 }, { brands: [] }, { brands: ['gold'] }, { amountLimitMinor: 0 }, { more: 1 }]) {
    expect((await api.ask('PUT', path('/rules'), { headers, body: { ...RULES, ...wrong } })).status).toBe(400);
  }
  expect(await audited()).toHaveLength(2);
});
