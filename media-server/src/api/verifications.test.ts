import { afterEach, beforeEach, expect, test } from 'vitest';
import { newId } from '../shared/ids.ts';
import { addCall } from '../storage/calls.ts';
import { addPayment, endPayment } from '../storage/payments.ts';
import { callRow } from '../storage/test-storage.ts';
import { TestApi, testPayment } from './test-api.ts';

let api: TestApi;
let call: string;
beforeEach(async () => {
  api = await TestApi.open();
  const row = callRow(api.demo, { person: api.agent().id });
  await addCall(api.storage, row);
  call = row.id;
});
afterEach(() => api.close());

const PHONE = '+819012345678';
const ask = (body: object, headers: Record<string, string> = api.bearer) =>
  api.ask('POST', '/v1/verifications', { headers, body });

test('a core system has a customer verified, and is told yes, no, or not yet', async () => {
  const started = await ask({ call, reference: 'V-1', phone: PHONE, language: 'en' });
  expect(started).toMatchObject({ status: 201, json: { call, reference: 'V-1', verified: null, reason: null } });
  expect(started.text).not.toContain(PHONE);
  expect(api.calls.asked.at(-1)).toEqual([
    'startPayment',
    expect.objectContaining({ merchants: [api.demo.merchant] }),
    {
      call,
      purpose: 'verify',
      order: { reference: 'V-1', amountMinor: 0, currency: 'JPY', phone: PHONE },
      language: 'en',
    },
  ]);
  const { id } = started.json;
  const see = async () => (await api.ask('GET', `/v1/verifications/${id}`, { headers: api.bearer })).json;
  const facts = { id, call, merchant: api.demo.merchant, purpose: 'verify' as const };
  api.calls.payments.set(id, testPayment({ ...facts, outcome: 'approved', reason: 'none', endedAt: 5 }));
  expect(await see()).toMatchObject({ verified: true, reason: null, endedAt: 5 });
  api.calls.payments.set(id, testPayment({ ...facts, outcome: 'failed', reason: 'code-wrong', endedAt: 5 }));
  expect(await see()).toMatchObject({ verified: false, reason: 'code-wrong' });
});

test('a verification of a call long over is told from the storage; a payment is none', async () => {
  const { organisation, merchant } = api.demo;
  const stored = async (purpose: 'verify' | 'charge') => {
    const id = newId();
    const order = { reference: id, description: null, amountMinor: 0, currency: 'JPY' as const };
    const start = { person: null, apiKey: null, purpose, language: 'ja', startedAt: 1 };
    await addPayment(api.storage, { ...order, ...start, id, organisation, merchant, call });
    await endPayment(api.storage, id, { outcome: 'approved', reason: 'none', endedAt: 2 });
    return api.ask('GET', `/v1/verifications/${id}`, { headers: api.bearer });
  };
  expect(await stored('verify')).toMatchObject({ status: 200, json: { verified: true } });
  expect(await stored('charge')).toMatchObject({ status: 404 });
});

test('what is asked wrongly is said, and nothing begins', async () => {
  expect(await ask({ call, reference: 'V-1' })).toMatchObject({ status: 422, json: { code: 'phone-missing' } });
  expect(await ask({ call: newId(), reference: 'V-1', phone: PHONE })).toMatchObject({ status: 404 });
  expect(await ask({ call, reference: '4242424242424242', phone: PHONE })).toMatchObject({ status: 400 });
  expect(await ask({ call, reference: 'V-1', phone: '090' })).toMatchObject({ status: 400 });
  expect(api.calls.asked).toEqual([]);
  api.calls.refusal = 'code-limit';
  expect(await ask({ call, reference: 'V-1', member: 'M-1' })).toMatchObject({
    status: 429,
    json: { code: 'code-limit' },
  });
});
