// What is wrong gets its own answer, and a good call works afterwards.
import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Agent } from '../agent/agent.ts';
import { CARDS, House } from '../house/house.ts';
import { Phone } from '../phone/phone.ts';
import { rawInvite } from './raw-invite.ts';
import { calls, goodCall, hearEachOther, PAYMENT_MS, talking } from './trouble.ts';

let house: House;

beforeAll(async () => {
  house = await House.open({ settings: { calls: { limit: 1, nobody: 'busy' } } });
});
afterAll(async () => {
  await goodCall(house, CARDS.approved);
  await house.close();
}, PAYMENT_MS);
afterEach(() => house.clear());

test('an unknown number is 404, no codec in common 488, an unknown extension 420 with its name, nobody there busy', async () => {
  const { server, stack } = house;
  expect((await rawInvite({ to: '+81399999999', server })).status).toBe(404);
  const opus = [{ type: 111, map: 'opus/48000/2' }];
  expect((await rawInvite({ to: stack.number, server, formats: opus })).status).toBe(488);
  const extension = await rawInvite({ to: stack.number, server, headers: ['Require: x-time-travel'] });
  expect(extension.status).toBe(420);
  expect(extension.text).toMatch(/^Unsupported: x-time-travel\r$/m);
  expect((await rawInvite({ to: stack.number, server })).status).toBe(486);
});

test('one call too many is 503, and the one that runs goes on', { timeout: PAYMENT_MS }, async () => {
  const talk = await talking(house);
  await expect(calls(house, talk.agent)).rejects.toThrow('refused with 503');
  await hearEachOther(talk);
});

test('a payment where none can be is refused with the reason', { timeout: PAYMENT_MS }, async () => {
  const agent = await house.agent();
  agent.autoAnswer = false;
  await agent.ready();
  const phone = await house.phone();
  const dialled = phone.dial(house.stack.number, house.server);
  await agent.until(({ call, sipCall }) => call?.state === 'ringing' && sipCall !== undefined, 5000, 'the ring');
  await expect(agent.startPayment(house.order())).rejects.toThrow('409 call-not-answered');
  await agent.answer();
  await dialled;
  await hearEachOther({ house, agent, phone });
  await agent.startPayment(house.order());
  await expect(agent.startPayment(house.order())).rejects.toThrow('409 already-in-payment');
  await agent.post(`/v1/payments/${agent.call?.payment?.id}/cancel`, {});
  await agent.outcome(15_000);
  await expect(agent.post(`/v1/payments/${agent.call?.payment?.id}/cancel`, {})).rejects.toThrow('409 already-ended');
  phone.hangUp();
  await agent.until(({ call }) => call?.state === 'ended', 5000, 'the end of the call');
  await expect(agent.startPayment(house.order())).rejects.toThrow('409 call-ended');
});

test('an amount that doesn’t fit its currency is 422, so is a currency nobody takes, a card number in the order 400', {
  timeout: PAYMENT_MS,
}, async () => {
  const talk = await talking(house);
  const { agent } = talk;
  const order = house.order();
  for (const amountMinor of [0, -1, 12.5, 10_000_000, 1e21]) {
    await expect(agent.startPayment({ ...order, amountMinor })).rejects.toThrow('422 amount-unfit');
  }
  await expect(agent.startPayment({ ...order, currency: 'XTS' as 'JPY' })).rejects.toThrow('422 currency-refused');
  for (const text of [CARDS.approved, CARDS.approved.replace(/(.{4})/g, '$1 '), `No. ${CARDS.approved}!`]) {
    await expect(agent.startPayment({ ...order, reference: text })).rejects.toThrow('400 bad-request');
    await expect(agent.startPayment({ ...order, description: text })).rejects.toThrow('400 bad-request');
  }
  await hearEachOther(talk);
});

test('a SIP credential that is wrong or was replaced registers nobody: 401', async () => {
  const register = async (user: string, password: string) => {
    const phone = await Phone.open({ account: { user, password } });
    const status = await phone.register(house.server);
    await phone.close();
    return status;
  };
  const { customer } = house.stack.secrets;
  expect(await register('customer', 'wrong')).toBe(401);
  expect(await register('nobody', customer)).toBe(401);
  expect(await register('customer', customer)).toBe(200);
  // Another window signs in: the first one's credential is over. So is the second one's when it signs out.
  const windows = [await house.agent(), await house.agent()] as const;
  const credential = async (agent: Agent) =>
    (await agent.post('/v1/sip-credential', {})) as { user: string; password: string };
  const first = await credential(windows[0]);
  const second = await credential(windows[1]);
  expect(await register(first.user, first.password)).toBe(401);
  expect(await register(second.user, second.password)).toBe(200);
  await windows[1].request('POST', '/v1/sign-out', {});
  expect(await register(second.user, second.password)).toBe(401);
});

test('a wrong password is 401, then the name is locked for this address, whatever the password', async () => {
  const { ports, secrets } = house.stack;
  const signIn = async (name: string, password: string) => {
    const answer = await fetch(`http://127.0.0.1:${ports.http}/v1/sign-in`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': randomUUID() },
      body: JSON.stringify({ name, password }),
    });
    return `${answer.status} ${((await answer.json()) as { code?: string }).code ?? 'ok'}`;
  };
  const tries = await Promise.all(Array.from({ length: 10 }, () => signIn('taro', 'wrong')));
  expect(new Set(tries)).toEqual(new Set(['401 wrong-password']));
  expect(await signIn('taro', secrets.taro)).toBe('429 too-many-tries');
  expect(await signIn('hanako', secrets.hanako)).toBe('200 ok');
});
