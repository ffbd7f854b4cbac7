import { beforeAll, afterAll, expect, test } from 'vitest';
import { newId } from '../shared/ids.ts';
import { writeAudit } from '../storage/audit.ts';
import { addReceipt } from '../storage/receipts.ts';
import { TestApi } from './test-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await TestApi.open();
});
afterAll(() => api.close());

async function as(role: 'agent' | 'supervisor' | 'administrator'): Promise<Record<string, string>> {
  await api.storage.updateTable('people').set({ role }).where('id', '=', api.agent(1).id).execute();
  return { cookie: await api.cookie(1) };
}

function aReceipt() {
  return {
    payment: newId(),
    call: newId(),
    purpose: 'charge',
    outcome: 'approved',
    reason: 'none',
    outcomeAt: 5,
    wall: { shutAt: 1, openAt: 9 },
    forwarded: { customerToSfu: 0, customerToAgent: 0, agentToCustomer: 0 },
    kept: { ofCustomer: 5, ofAgent: 5 },
    keys: { events: 24, tones: 0 },
    recorder: 'absent',
    wiped: 7,
  } as const;
}

test('receipts are for supervisors, administrators and API keys of the merchant, and each look at them is written down', async () => {
  const { merchant } = api.demo;
  const facts = aReceipt();
  await addReceipt(api.storage, merchant, facts, api.parts.signer, 10);
  const url = `/v1/merchants/${merchant}/receipts`;
  expect((await api.ask('GET', url, { headers: await as('agent') })).status).toBe(403);
  for (const headers of [await as('supervisor'), api.bearer]) {
    const { status, json } = await api.ask('GET', url, { headers });
    expect(status).toBe(200);
    expect(json).toMatchObject({
      receipts: [{ record: { number: 1, payment: facts.payment, forwarded: facts.forwarded } }],
      head: { number: 1 },
      next: null,
    });
  }
  expect(await api.ask('GET', `${url}?from=2`, { headers: api.bearer })).toMatchObject({ json: { receipts: [] } });
  const other = `/v1/merchants/${newId()}/receipts`;
  expect((await api.ask('GET', other, { headers: api.bearer })).status).toBe(403);
  const key = await api.ask('GET', '/v1/receipts/key', { headers: api.bearer });
  expect(key.json).toEqual({ key: api.parts.signer.keyId, publicKey: api.parts.signer.publicKey });
  const written = await api.storage
    .selectFrom('audit')
    .select('action')
    .where('action', '=', 'receipts-export')
    .execute();
  expect(written).toHaveLength(3);
});

test('receipts of a period are a piece of the chain without a gap; its end comes only with the last of them', async () => {
  const url = `/v1/merchants/${api.demo.merchant}/receipts`;
  const numbers = async (query: string) => {
    const { json } = await api.ask('GET', `${url}?${query}`, { headers: api.bearer });
    const { receipts, head, next } = json as {
      receipts: { record: { number: number } }[];
      head: unknown;
      next: unknown;
    };
    return [receipts.map(({ record }) => record.number), head !== null, next];
  };
  for (const at of [20, 30, 40]) await addReceipt(api.storage, api.demo.merchant, aReceipt(), api.parts.signer, at);
  expect(await numbers('since=20&until=40')).toEqual([[2, 3], false, null]);
  expect(await numbers('since=20&until=40&from=3')).toEqual([[3], false, null]);
  expect(await numbers('since=30')).toEqual([[3, 4], true, null]);
  expect(await numbers('until=11')).toEqual([[1], false, null]);
  expect(await numbers('since=50')).toEqual([[], false, null]);
});

test('the audit is for administrators, newest first, page by page, and says whether it is whole', async () => {
  const { organisation } = api.demo;
  for (const action of ['a', 'b', 'c']) {
    await writeAudit(api.storage, { actorKind: 'server', organisation, action, detail: { n: 1 } }, 1);
  }
  expect((await api.ask('GET', '/v1/audit', { headers: await as('supervisor') })).status).toBe(403);
  expect((await api.ask('GET', '/v1/audit/check', { headers: await as('supervisor') })).status).toBe(403);
  const headers = await as('administrator');
  const page = await api.ask('GET', '/v1/audit?limit=2', { headers });
  expect(page.json).toMatchObject({ entries: [{ action: 'c', detail: { n: 1 } }, { action: 'b' }] });
  const { next } = page.json as { next: number };
  const after = await api.ask('GET', `/v1/audit?limit=2&before=${next}`, { headers });
  expect(after.json).toMatchObject({ entries: [{ action: 'a' }, expect.anything()] });
  expect((await api.ask('GET', '/v1/audit/check', { headers })).json).toEqual({ ok: true, findings: [] });
});

test('the audit is narrowed by who, what and when; who can be in it has a name; taking it out is written down in it', async () => {
  const { organisation } = api.demo;
  const actor = api.agent().id;
  const write = (action: string, at: number) =>
    writeAudit(api.storage, { actorKind: 'person', actor, organisation, action }, at);
  for (const at of [1000, 2000, 3000]) await write('rules-put', at);
  await write('gateway-put', 2500);
  const headers = await as('administrator');
  const ask = async (query: string) => {
    const { json } = await api.ask('GET', `/v1/audit?${query}`, { headers });
    return (json as { entries: { action: string; at: number }[] }).entries.map(({ action, at }) => `${action} ${at}`);
  };
  expect(await ask('action=rules-put&since=2000&until=3000')).toEqual(['rules-put 2000']);
  expect(await ask(`actor=${actor}&since=2000&until=3001`)).toEqual([
    'gateway-put 2500',
    'rules-put 3000',
    'rules-put 2000',
  ]);
  expect(await ask(`actor=${newId()}`)).toEqual([]);
  expect(await ask('export=true&action=gateway-put')).toEqual(['gateway-put 2500']);
  expect(await ask('action=audit-export')).toHaveLength(1);
  const { json } = await api.ask('GET', '/v1/audit/actors', { headers });
  expect(json).toMatchObject({
    actors: expect.arrayContaining([
      { id: actor, kind: 'person', name: 'Yamada Hanako' },
      { id: expect.anything(), kind: 'api-key', name: 'demo core system' },
    ]),
  });
  expect((await api.ask('GET', '/v1/audit/actors', { headers: await as('supervisor') })).status).toBe(403);
});

test('the state of what keeps card data in is for supervisors and administrators', async () => {
  api.state = {
    canary: {
      everyMinutes: 60,
      trunks: [
        { trunk: 'a', payments: 'closed', calledAt: 5, calls: [{ transport: 'tone', verdict: 'leak', why: 'gate' }] },
      ],
    },
    cardProcess: { up: true, notInForce: ['no-swap'] },
    scopeMap: { approved: true, changes: ['new: x'] },
  };
  expect((await api.ask('GET', '/v1/state', { headers: await as('agent') })).status).toBe(403);
  for (const role of ['supervisor', 'administrator'] as const) {
    expect((await api.ask('GET', '/v1/state', { headers: await as(role) })).json).toEqual(api.state);
  }
});
