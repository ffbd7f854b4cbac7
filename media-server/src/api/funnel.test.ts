import { Funnel } from '@tonegate/api-schema';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { newId } from '../shared/ids.ts';
import { addCall } from '../storage/calls.ts';
import { addPaymentSteps } from '../storage/funnel.ts';
import { addPayment, endPayment } from '../storage/payments.ts';
import { addSession } from '../storage/sessions.ts';
import { callRow } from '../storage/test-storage.ts';
import { TestApi } from './test-api.ts';

let api: TestApi;
beforeEach(async () => {
  api = await TestApi.open();
  const { merchant, organisation } = api.demo;
  const call = callRow(api.demo);
  await addCall(api.storage, call);
  const id = newId();
  const order = { reference: 'A-1', description: null, amountMinor: 1, currency: 'JPY' as const };
  const start = { person: null, apiKey: null, purpose: 'charge' as const, language: 'ja', startedAt: 1 };
  await addPayment(api.storage, { ...order, ...start, id, organisation, merchant, call: call.id });
  await endPayment(api.storage, id, { outcome: 'cancelled', reason: 'customer-hung-up', endedAt: 9 });
  const row = { payment: id, merchant, language: 'ja', trunk: 'demo', purpose: 'charge' as const };
  await addPaymentSteps(api.storage, [
    { ...row, place: 0, step: 'confirmation', at: 100, tookMs: 3000, mistakes: 0, left: 'finished' },
    { ...row, place: 1, step: 'card-number', at: 200, tookMs: 9000, mistakes: 1, left: 'hung-up' },
  ]);
});
afterEach(() => api.close());

const see = (query: string, headers: Record<string, string>) => api.ask('GET', `/v1/funnel?${query}`, { headers });
const keiko = async () => {
  const { token } = await addSession(api.storage, api.demo.supervisor.id, api.clock.now());
  return { cookie: `tonegate=${token.reveal()}` };
};

test('a supervisor and a core system see where customers left, in the order of a payment', async () => {
  const none = { askedForAgent: 0, cancelledByAgent: 0, silence: 0, mistakes: 0, other: 0, corrected: 0 };
  for (const headers of [await keiko(), api.bearer]) {
    const { status, json } = await see('from=0&to=1000', headers);
    expect(status).toBe(200);
    expect(Funnel.parse(json)).toEqual({
      payments: 1,
      outcomes: { approved: 0, declined: 0, cancelled: 1, failed: 0, unknown: 0 },
      steps: [
        { step: 'confirmation', reached: 1, finished: 1, hungUp: 0, ...none, p50Ms: 3000, p90Ms: 3000 },
        { step: 'card-number', reached: 1, finished: 0, hungUp: 1, ...none, p50Ms: null, p90Ms: null },
      ],
      languages: ['ja'],
      trunks: ['demo'],
    });
  }
});

test('an agent may not see it, and nobody sees it of another merchant', async () => {
  expect(await see('from=0&to=1000', { cookie: await api.cookie() })).toMatchObject({ status: 403 });
  expect(await see(`from=0&to=1000&merchant=${newId()}`, api.bearer)).toMatchObject({ status: 404 });
  await api.storage.deleteFrom('apiKeyMerchants').execute();
  expect((await see('from=0&to=1000', api.bearer)).json).toMatchObject({ payments: 0, steps: [], trunks: [] });
});

test('it is narrowed by what the question names; a time that is none is refused', async () => {
  expect((await see('from=0&to=150', api.bearer)).json.steps).toHaveLength(1);
  expect((await see('from=0&to=1000&language=en', api.bearer)).json).toMatchObject({ payments: 0, languages: ['ja'] });
  expect((await see('from=0&to=1000&trunk=demo&purpose=charge', api.bearer)).json.steps).toHaveLength(2);
  expect(await see('from=5&to=5', api.bearer)).toMatchObject({ status: 400 });
});
