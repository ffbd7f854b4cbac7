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

test('receipts are for supervisors, administrators and API keys of the merchant, and each look at them is written down', async () => {
  const { merchant } = api.demo;
  const facts = {
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
    wiped: true,
  } as const;
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
