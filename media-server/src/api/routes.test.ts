import { ProblemBody, type ProblemCode } from '@tonegate/api-schema';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { newId } from '../shared/ids.ts';
import { addCall } from '../storage/calls.ts';
import { acknowledgePayment, addPayment, endPayment } from '../storage/payments.ts';
import { callRow } from '../storage/test-storage.ts';
import { TestApi, testCall, testPayment } from './test-api.ts';

let api: TestApi;
let headers: Record<string, string>;
beforeAll(async () => {
  api = await TestApi.open();
  headers = { cookie: await api.cookie() };
});
afterAll(() => api.close());
beforeEach(() => {
  api.calls.asked.length = 0;
  api.calls.refusal = undefined;
  api.calls.running = [];
});

const me = () => api.agent(0).id;
const ID = newId();
const order = { reference: 'A-1042', amountMinor: 12_800, currency: 'JPY' };
const start = (change: object = {}) => ({ call: ID, purpose: 'charge', order: { ...order, ...change } });

test("an agent's state is set as often as wanted, without a key", async () => {
  const answer = await api.ask('PUT', '/v1/me/state', { headers, body: { state: 'ready' } });
  expect(answer).toMatchObject({ status: 200, json: { state: 'ready' } });
  expect(api.calls.states.get(me())).toBe('ready');
});

test('what an agent does with a call reaches the call, and its answer the agent', async () => {
  const { merchant } = api.demo;
  const dialled = await api.ask('POST', '/v1/calls', { headers, body: { number: '+819011112222', merchant } });
  expect(dialled).toMatchObject({ status: 201, json: { number: '+819011112222', merchant: { id: merchant } } });
  const held = await api.ask('POST', `/v1/calls/${ID}/hold`, { headers, body: { on: true } });
  expect(held).toMatchObject({ status: 200, json: { state: 'held' } });
  const key = await api.ask('POST', `/v1/calls/${ID}/keys`, { headers, body: { key: '#' } });
  expect(key).toMatchObject({ status: 204, text: '' });
  const ended = await api.ask('POST', `/v1/calls/${ID}/hang-up`, { headers });
  expect(ended).toMatchObject({ status: 200, json: { state: 'ended' } });
  expect(api.calls.asked).toEqual([
    ['dial', me(), '+819011112222', merchant],
    ['hold', me(), ID, true],
    ['sendKey', me(), ID, '#'],
    ['hangUp', me(), ID],
  ]);
});

test('nobody dials for a merchant of others', async () => {
  const body = { number: '110', merchant: newId() };
  const answer = await api.ask('POST', '/v1/calls', { headers, body });
  expect(answer).toMatchObject({ status: 403, json: { code: 'not-allowed' } });
  expect(api.calls.asked).toEqual([]);
});

test('a payment is started, stopped and acknowledged by button and by key alike', async () => {
  const merchants = [api.demo.merchant];
  for (const by of [headers, api.bearer]) {
    const started = await api.ask('POST', '/v1/payments', { headers: by, body: start() });
    expect(started).toMatchObject({ status: 201, json: { call: ID, order } });
    const url = `/v1/payments/${started.json.id}`;
    expect((await api.ask('GET', url, { headers: by })).json).toEqual(started.json);
    expect((await api.ask('POST', `${url}/cancel`, { headers: by })).status).toBe(200);
    const seen = await api.ask('POST', `${url}/acknowledge`, { headers: by });
    expect(seen).toMatchObject({ status: 200, json: { acknowledged: true } });
  }
  expect(api.calls.asked[0]).toEqual(['startPayment', { person: me(), merchants }, start()]);
  const apiKey = expect.stringMatching(/^[a-z]{26}$/);
  expect(api.calls.asked[3]).toEqual(['startPayment', { apiKey, merchants }, start()]);
  const audit = await api.storage.selectFrom('audit').selectAll().where('action', 'like', 'payment-%').execute();
  expect(audit.map((row) => `${row.action} by ${row.actorKind}`).toSorted()).toEqual([
    'payment-cancel by api-key',
    'payment-cancel by person',
    'payment-start by api-key',
    'payment-start by person',
  ]);
});

test("a key does a core system's work, not an agent's", async () => {
  for (const [method, url, body] of [
    ['GET', '/v1/me', undefined],
    ['PUT', '/v1/me/state', { state: 'ready' }],
    ['POST', '/v1/calls', { number: '110', merchant: api.demo.merchant }],
    ['POST', '/v1/sip-credential', {}],
    ['POST', `/v1/calls/${ID}/hang-up`, {}],
  ] as const) {
    const answer = await api.ask(method, url, { headers: api.bearer, ...(body ? { body } : {}) });
    expect(answer, url).toMatchObject({ status: 403, json: { code: 'not-allowed' } });
  }
});

test('packet counts of a call are for the keys of its merchant, not for people', async () => {
  const url = `/v1/calls/${ID}/counts`;
  const sfu = { fromCustomer: 5, toAgent: 4, fromAgent: 3, toCustomer: 2 };
  expect(await api.ask('GET', url, { headers: api.bearer })).toMatchObject({ status: 200, json: { gate: null, sfu } });
  expect(api.calls.asked[0]?.[0]).toBe('counts');
  expect(await api.ask('GET', url, { headers })).toMatchObject({ status: 403, json: { code: 'not-allowed' } });
  api.calls.refusal = 'not-found';
  expect((await api.ask('GET', url, { headers: api.bearer })).status).toBe(404);
});

test.each([
  ['call-ended', 409],
  ['call-not-answered', 409],
  ['already-in-payment', 409],
  ['already-ended', 409],
  ['too-late', 409],
  ['attempt-alive', 409],
  ['keys-impossible', 409],
  ['amount-unfit', 422],
  ['amount-above-limit', 422],
  ['currency-refused', 422],
  ['member-missing', 422],
  ['phone-missing', 422],
  ['no-such-language', 422],
  ['not-possible', 409],
  ['code-limit', 429],
  ['not-found', 404],
  ['not-allowed', 403],
  ['draining', 503],
  ['payments-closed', 503],
  ['card-process-down', 503],
] satisfies [ProblemCode, number][])('%s is answered as such on every route', async (code, status) => {
  api.calls.refusal = code;
  for (const [url, body] of [
    ['/v1/calls', { number: '110', merchant: api.demo.merchant }],
    [`/v1/calls/${ID}/hold`, { on: false }],
    [`/v1/calls/${ID}/hang-up`, {}],
    [`/v1/calls/${ID}/keys`, { key: '1' }],
    ['/v1/payments', start()],
    [`/v1/payments/${ID}/cancel`, {}],
    [`/v1/payments/${ID}/acknowledge`, {}],
    [`/v1/payments/${ID}/ask-again`, { field: 'expiry' }],
    [`/v1/payments/${ID}/hint`, { hint: 'use-keypad' }],
    [`/v1/payments/${ID}/more-time`, {}],
    [`/v1/payments/${ID}/gentle`, { on: true }],
    [`/v1/payments/${ID}/money`, { action: 'refund' }],
  ] as const) {
    const answer = await api.ask('POST', url, { headers, body });
    expect(answer, url).toMatchObject({ status, json: { code, message: `refused: ${code}` } });
  }
});

test('what an agent does for the customer, and with the money later, reaches the payment', async () => {
  const who = { person: me(), merchants: [api.demo.merchant] };
  const url = `/v1/payments/${ID}`;
  for (const [what, body] of [
    ['ask-again', { field: 'card-number' }],
    ['hint', { hint: 'number-on-front' }],
    ['more-time', {}],
    ['gentle', { on: true }],
  ] as const) {
    expect(await api.ask('POST', `${url}/${what}`, { headers, body }), what).toMatchObject({ status: 200 });
  }
  const refund = await api.ask('POST', `${url}/money`, { headers, body: { action: 'refund', amountMinor: 300 } });
  expect(refund).toMatchObject({ status: 201, json: { purpose: 'refund', about: ID } });
  expect(api.calls.asked).toEqual([
    ['askAgain', who, ID, 'card-number'],
    ['hint', who, ID, 'number-on-front'],
    ['moreTime', who, ID],
    ['gentle', who, ID, true],
    ['money', who, ID, { action: 'refund', amountMinor: 300 }],
  ]);
  const audit = await api.storage.selectFrom('audit').selectAll().where('action', '=', 'payment-refund').execute();
  expect(audit).toMatchObject([{ actor: me(), subject: refund.json.id, actorKind: 'person' }]);
  const wrong = await api.ask('POST', `${url}/ask-again`, { headers, body: { field: 'confirmation' } });
  expect(wrong.status).toBe(400);
});

test.each([-1, 12.5, 10_000_000, '12800'])('the amount %s is unfit', async (amountMinor) => {
  const answer = await api.ask('POST', '/v1/payments', { headers, body: start({ amountMinor }) });
  expect(answer).toMatchObject({ status: 422, json: { code: 'amount-unfit' } });
  expect(api.calls.asked).toEqual([]);
});

test('a currency that nobody takes is refused in its own words', async () => {
  for (const currency of ['XTS', 'jpy', '', 392]) {
    const answer = await api.ask('POST', '/v1/payments', { headers, body: start({ currency }) });
    expect(answer).toMatchObject({ status: 422, json: { code: 'currency-refused' } });
  }
  const both = await api.ask('POST', '/v1/payments', { headers, body: start({ currency: 'XTS', amountMinor: -1 }) });
  expect(both).toMatchObject({ status: 400, json: { code: 'bad-request' } });
  expect(api.calls.asked).toEqual([]);
});

test('an order whose text may hold a card number is refused, and the number is nowhere', async () => {
  for (const change of [{ reference: '4242 4242 4242 4242' }, { description: 'card 4111111111111111 please' }]) {
    const answer = await api.ask('POST', '/v1/payments', { headers, body: start(change) });
    expect(answer).toMatchObject({ status: 400, json: { code: 'bad-request' } });
    expect(answer.text).not.toMatch(/4242.?4242|41111111/);
  }
  const asKey = { ...start(), '4242424242424242': 1 };
  const answer = await api.ask('POST', '/v1/payments', { headers, body: asKey });
  expect(answer.status).toBe(400);
  expect(answer.text + api.log).not.toMatch(/4242.?4242|41111111/);
});

test('what is no fit message is a bad request', async () => {
  for (const [url, body] of [
    ['/v1/calls', { number: '03-1234-5678', merchant: api.demo.merchant }],
    ['/v1/calls/42/hang-up', {}],
    [`/v1/calls/${ID}/keys`, { key: '12' }],
    [`/v1/calls/${ID}/hold`, { on: true, more: 1 }],
    ['/v1/payments', start({ reference: 42 })],
  ] as const) {
    const answer = await api.ask('POST', url, { headers, body });
    expect(answer, url).toMatchObject({ status: 400, json: { code: 'bad-request' } });
    expect(ProblemBody.safeParse(answer.json).success).toBe(true);
  }
  const torn = await api.app.inject({
    method: 'POST',
    url: '/v1/calls',
    headers: { ...headers, 'content-type': 'application/json', 'idempotency-key': newId() },
    payload: '{"number":',
  });
  expect(torn.json()).toMatchObject({ code: 'bad-request' });
  const long = await api.ask('POST', '/v1/calls', { headers, body: { number: '1'.repeat(70_000) } });
  expect(long).toMatchObject({ status: 413, json: { code: 'bad-request' } });
});

test("calls come newest first, in pages, with their last payment; others' don't", async () => {
  const ids = [];
  for (let i = 0; i < 3; i++) {
    const id = newId(1000 + i);
    ids.unshift(id);
    await addCall(api.storage, callRow(api.demo, { id, person: me(), endedAt: 2, end: 'customer-hung-up' }));
  }
  const others = callRow(api.demo, { person: api.agent(1).id });
  await addCall(api.storage, others);
  const [newest = '', middle, oldest] = ids;
  const payment = newId();
  await addPayment(api.storage, {
    id: payment,
    organisation: api.demo.organisation,
    merchant: api.demo.merchant,
    call: newest,
    person: me(),
    apiKey: null,
    purpose: 'charge',
    ...order,
    currency: 'JPY',
    description: null,
    language: 'ja',
    startedAt: 1,
  });
  const end = { outcome: 'approved', reason: 'none', brand: 'visa', lastFour: '4242', receipt: 'T-1' } as const;
  await endPayment(api.storage, payment, { ...end, endedAt: 2 });

  const first = await api.ask('GET', '/v1/calls?limit=2', { headers });
  expect(first.status).toBe(200);
  expect(first.json.calls.map((call: { id: string }) => call.id)).toEqual([newest, middle]);
  expect(first.json.calls[0]).toMatchObject({
    state: 'ended',
    merchant: { name: 'Tanaka Foods' },
    payment: { id: payment, outcome: 'approved', brand: 'visa', lastFour: '4242', order },
  });
  const second = await api.ask('GET', `/v1/calls?limit=2&cursor=${first.json.next}`, { headers });
  expect(second.json).toMatchObject({ calls: [{ id: oldest }], next: null });

  // A core system finds the running calls of its merchants.
  const live = await api.ask('GET', '/v1/calls?live=true', { headers: api.bearer });
  expect(live.json.calls.map((call: { id: string }) => call.id)).toEqual([others.id]);

  api.calls.running = [testCall({ id: newest, displayName: 'as calls/ knows it' })];
  const now = await api.ask('GET', '/v1/calls?limit=1', { headers });
  expect(now.json.calls[0].displayName).toBe('as calls/ knows it');
  // An older payment comes from the storage.
  expect((await api.ask('GET', `/v1/payments/${payment}`, { headers })).json).toMatchObject({ receipt: 'T-1' });
});

/** A stored payment of an ended call. */
async function storedPayment(call: { id: string }, facts: Partial<Parameters<typeof addPayment>[1]> = {}) {
  const id = facts.id ?? newId();
  await addPayment(api.storage, {
    id,
    organisation: api.demo.organisation,
    merchant: api.demo.merchant,
    call: call.id,
    person: null,
    apiKey: null,
    purpose: 'charge',
    reference: 'A-7',
    amountMinor: 500,
    currency: 'JPY',
    description: null,
    language: 'ja',
    startedAt: api.clock.now(),
    ...facts,
  });
  return id;
}

test('agents see the payments of their calls and those that they started; keys and supervisors the merchant’s', async () => {
  const call = callRow(api.demo, { person: me() });
  await addCall(api.storage, call);
  const inMyCall = await storedPayment(call);
  const others = callRow(api.demo, { person: api.agent(1).id });
  await addCall(api.storage, others);
  const mine = await storedPayment(others, { person: me() });
  const theirs = await storedPayment(others);
  const running = testPayment({ merchant: api.demo.merchant });
  api.calls.payments.set(running.id, running);
  api.calls.owners.set(running.id, api.agent(1).id);
  const status = async (id: string, by = headers) =>
    (await api.ask('GET', `/v1/payments/${id}`, { headers: by })).status;
  expect([await status(inMyCall), await status(mine), await status(theirs), await status(running.id)]).toEqual([
    200, 200, 404, 404,
  ]);
  const list = async (query: string, by = headers): Promise<string[]> =>
    (await api.ask('GET', `/v1/payments${query}`, { headers: by })).json.payments.map(({ id }: { id: string }) => id);
  const listed = await list('');
  expect(listed).toEqual(expect.arrayContaining([mine, inMyCall]));
  expect(listed).not.toContain(theirs);
  expect(await list('', api.bearer)).toContain(theirs);
  expect([await status(theirs, api.bearer), await status(running.id, api.bearer)]).toEqual([200, 200]);
  await api.storage.updateTable('people').set({ role: 'supervisor' }).where('id', '=', me()).execute();
  expect([await status(theirs), await status(running.id)]).toEqual([200, 200]);
  expect(await list('')).toContain(theirs);
  await api.storage.updateTable('people').set({ role: 'agent' }).where('id', '=', me()).execute();
});

test('payments whose result isn’t known, or that nobody has seen, are listed as unsettled', async () => {
  const call = callRow(api.demo, { person: me() });
  await addCall(api.storage, call);
  const [unknown, seen, unseen, old] = [
    await storedPayment(call),
    await storedPayment(call),
    await storedPayment(call),
    await storedPayment(call, { startedAt: api.clock.now() - 8 * 24 * 3600 * 1000 }),
  ];
  await endPayment(api.storage, unknown, { outcome: 'unknown', reason: 'no-answer', endedAt: 2 });
  for (const id of [seen, unseen, old]) {
    await endPayment(api.storage, id, { outcome: 'approved', reason: 'none', endedAt: 2 });
  }
  await acknowledgePayment(api.storage, seen, 3);
  const list = async (query: string): Promise<string[]> =>
    (await api.ask('GET', `/v1/payments?${query}`, { headers })).json.payments.map(({ id }: { id: string }) => id);
  const unsettled = await list('unsettled=true');
  expect(unsettled).toEqual(expect.arrayContaining([unknown, unseen]));
  expect(unsettled).not.toContain(seen);
  expect(unsettled).not.toContain(old);
  expect(await list('state=unknown')).toEqual([unknown]);
});

test('what look-ups could not settle is for administrators, and their word on it is audited', async () => {
  const resolve = () => api.ask('POST', `/v1/manual/${ID}/resolve`, { headers, body: { as: 'not-executed' } });
  expect((await api.ask('GET', '/v1/manual', { headers })).status).toBe(403);
  expect((await resolve()).status).toBe(403);
  expect(api.calls.asked).toEqual([]);
  await api.storage.updateTable('people').set({ role: 'administrator' }).where('id', '=', me()).execute();
  expect(await api.ask('GET', '/v1/manual', { headers })).toMatchObject({ status: 200, json: { attempts: [] } });
  expect(await resolve()).toMatchObject({ status: 200, json: { id: ID } });
  await api.storage.updateTable('people').set({ role: 'agent' }).where('id', '=', me()).execute();
  const audit = await api.storage.selectFrom('audit').selectAll().where('action', '=', 'payment-resolve').execute();
  expect(audit).toMatchObject([{ actor: me(), subject: ID, detail: '{"as":"not-executed"}' }]);
});

test('history shows every payment of a call, and what was done with their money', async () => {
  const call = callRow(api.demo, { person: me(), endedAt: 2, end: 'customer-hung-up' });
  await addCall(api.storage, call);
  const declined = await storedPayment(call, { id: newId(1) });
  await endPayment(api.storage, declined, { outcome: 'declined', reason: 'funds', endedAt: 2 });
  const approved = await storedPayment(call, { id: newId(2), member: 'M-1', gentle: 1, cards: 2, declined: 1 });
  await endPayment(api.storage, approved, { outcome: 'approved', reason: 'none', endedAt: 3 });
  const refund = await storedPayment(call, { id: newId(3), purpose: 'refund', about: approved, amountMinor: 200 });
  await endPayment(api.storage, refund, { outcome: 'approved', reason: 'none', endedAt: 4 });
  const { json } = await api.ask('GET', `/v1/calls/${call.id}/payments`, { headers });
  expect(json.payments).toMatchObject([
    { id: declined, outcome: 'declined', possible: [] },
    { id: approved, member: 'M-1', gentle: true, declined: 1, cards: 2, refundedMinor: 200, possible: ['refund'] },
    { id: refund, about: approved, purpose: 'refund', possible: [] },
  ]);
  // A refund is no payment of the call's own: the call's last is still the charge.
  const page = await api.ask('GET', '/v1/calls', { headers });
  const shown = page.json.calls.find(({ id }: { id: string }) => id === call.id);
  expect(shown.payment).toMatchObject({ id: approved, refundedMinor: 200 });
  const other = { cookie: await api.cookie(1) };
  expect((await api.ask('GET', `/v1/calls/${call.id}/payments`, { headers: other })).status).toBe(404);
  expect((await api.ask('GET', `/v1/calls/${call.id}/payments`, { headers: api.bearer })).status).toBe(200);
});

test("a payment of another organisation's merchant isn't there", async () => {
  const payment = testPayment();
  api.calls.payments.set(payment.id, payment);
  for (const id of [payment.id, newId()]) {
    const answer = await api.ask('GET', `/v1/payments/${id}`, { headers });
    expect(answer).toMatchObject({ status: 404, json: { code: 'not-found' } });
  }
});

test('a fault of ours is a server-error that tells nothing of the inside', async () => {
  api.calls.gate = () => Promise.reject(new Error('inside out'));
  const answer = await api.ask('POST', `/v1/calls/${ID}/hang-up`, { headers });
  api.calls.gate = async () => {};
  expect(answer).toMatchObject({ status: 500, json: { code: 'server-error' } });
  expect(answer.text).not.toContain('inside out');
  expect(api.log).toContain('inside out');
});

test('an address that tries to sign in more than 60 times a minute is told to wait', async () => {
  const tryOnce = () =>
    api.app.inject({
      method: 'POST',
      url: '/v1/sign-in',
      headers: { 'content-type': 'application/json' },
      payload: '{}',
      remoteAddress: '192.0.2.9',
    });
  for (let i = 0; i < 60; i++) expect((await tryOnce()).statusCode).toBe(400);
  const refused = await tryOnce();
  expect(refused.statusCode).toBe(429);
  expect(refused.json()).toMatchObject({ code: 'too-many-tries' });
});

test('a session that asks too much is told to wait', async () => {
  const busy = { cookie: await api.cookie(1) };
  const answers = [];
  for (let i = 0; i < 1205; i++) answers.push((await api.ask('GET', '/v1/openapi.json', { headers: busy })).status);
  expect(answers.filter((status) => status === 429)).toHaveLength(5);
  expect(await api.ask('GET', '/v1/me', { headers: busy })).toMatchObject({ json: { code: 'too-many-tries' } });
  expect((await api.ask('GET', '/v1/me', { headers })).status).toBe(200);
});

test('an outcome that was found out after its call is acknowledged by who started the payment, once', async () => {
  const call = callRow(api.demo);
  await addCall(api.storage, call);
  const id = newId();
  await addPayment(api.storage, {
    id,
    organisation: api.demo.organisation,
    merchant: api.demo.merchant,
    call: call.id,
    person: me(),
    apiKey: null,
    purpose: 'charge',
    reference: 'A-1',
    description: null,
    amountMinor: 500,
    currency: 'JPY',
    language: 'en',
    startedAt: 1,
  });
  const url = `/v1/payments/${id}/acknowledge`;
  const told = () => api.calls.asked.filter(([what]) => what === 'told');
  api.calls.refusal = 'not-found';
  // It has no outcome yet: nobody can have seen one.
  expect(await api.ask('POST', url, { headers })).toMatchObject({ status: 200, json: { acknowledged: false } });
  await endPayment(api.storage, id, { outcome: 'approved', reason: 'none', endedAt: 2 });
  const other = { cookie: await api.cookie(1) };
  expect((await api.ask('POST', url, { headers: other })).status).toBe(404);
  expect(told()).toEqual([]);
  for (const by of [headers, headers, api.bearer]) {
    expect(await api.ask('POST', url, { headers: by })).toMatchObject({ status: 200, json: { acknowledged: true } });
  }
  expect(told()).toEqual([['told', id, 'approved']]);
});
