import { afterAll, beforeAll, expect, test } from 'vitest';
import { addCall } from '../storage/calls.ts';
import { callRow } from '../storage/test-storage.ts';
import { TestApi } from './test-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await TestApi.open();
});
afterAll(() => api.close());

test('supervisors and administrators see what each trunk does with keys, agents and API keys do not', async () => {
  const startedAt = api.parts.clock.now();
  for (let i = 0; i < 5; i++) {
    const times = { startedAt, answeredAt: startedAt, endedAt: startedAt, end: 'customer-hung-up' as const };
    await addCall(api.storage, callRow(api.demo, { ...times, trunk: 'carrier', keysInfo: 3 }));
  }
  for (const role of ['supervisor', 'administrator'] as const) {
    await api.storage.updateTable('people').set({ role }).where('id', '=', api.agent(1).id).execute();
    const { status, json } = await api.ask('GET', '/v1/trunks', { headers: { cookie: await api.cookie(1) } });
    expect(status).toBe(200);
    expect(json).toEqual({
      trunks: [
        {
          trunk: 'carrier',
          calls: 5,
          negotiated: 0,
          event: 0,
          tone: 0,
          both: 0,
          info: 5,
          silent: 0,
          payments: 0,
          lastCallAt: startedAt,
          verdict: 'info-only',
        },
      ],
    });
  }
  expect((await api.ask('GET', '/v1/trunks', { headers: { cookie: await api.cookie(0) } })).status).toBe(403);
  expect((await api.ask('GET', '/v1/trunks', { headers: api.bearer })).status).toBe(403);
});

test("an agent's key test says how the customer's key came", async () => {
  const headers = { cookie: await api.cookie(0), 'idempotency-key': 'key-test-1' };
  const id = 'c'.repeat(26);
  const { status, json } = await api.ask('POST', `/v1/calls/${id}/key-test`, { headers });
  expect([status, json]).toEqual([200, { heard: 'right', event: true, tone: false, info: false }]);
  expect(api.calls.asked.at(-1)).toEqual(['testKeys', api.agent(0).id, id]);
  api.calls.refusal = 'not-possible';
  const again = { ...headers, 'idempotency-key': 'key-test-2' };
  expect((await api.ask('POST', `/v1/calls/${id}/key-test`, { headers: again })).status).toBe(409);
  api.calls.refusal = undefined;
});
