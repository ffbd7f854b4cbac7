// How a customer's keys come in, as the agent and the operator learn it: a key test by each way, and a carrier that sends them
// by SIP INFO alone.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import type { KeyTest } from '@tonegate/api-schema';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Agent } from '../agent/agent.ts';
import { AGENT_HZ, CUSTOMER_HZ, House } from '../house/house.ts';
import type { Phone, PhoneOptions } from '../phone/phone.ts';

let house: House;

beforeAll(async () => {
  house = await House.open({ settings: { logLevel: 'trace' } });
});
afterAll(() => house?.close());
afterEach(() => house.clear());

async function talking(options: PhoneOptions): Promise<{ agent: Agent; phone: Phone }> {
  const agent = await house.agent();
  await agent.ready();
  const phone = await house.phone(options);
  await phone.dial(house.stack.number, house.server);
  await Promise.all([agent.hears(CUSTOMER_HZ), phone.hears(AGENT_HZ)]);
  return { agent, phone };
}

/** The agent tests the keys, and the customer does `act` when asked. */
async function tested(agent: Agent, act: () => Promise<unknown>): Promise<KeyTest> {
  const result = agent.post(`/v1/calls/${agent.call?.id}/key-test`, {}) as Promise<KeyTest>;
  await new Promise((resolve) => setTimeout(resolve, 500));
  await act();
  return result;
}

const adviceBecomes = (agent: Agent, advice: string) =>
  agent.until(({ call }) => call?.keys.advice === advice, 5000, `the advice ${advice}`);

test('a key test says by which ways the 1 came, and that another key is none', { timeout: 60_000 }, async () => {
  const { agent, phone } = await talking({});
  await adviceBecomes(agent, 'sure');
  for (const [how, came] of [
    ['event', { event: true, tone: false }],
    ['both', { event: true, tone: true }],
  ] as const) {
    const right = await tested(agent, () => phone.keys('1', { how }));
    expect(right).toEqual({ heard: 'right', ...came, info: false });
  }
  expect(await tested(agent, () => phone.keys('7'))).toMatchObject({ heard: 'wrong' });
});

test('without negotiated events nothing is sure until a tone was heard', { timeout: 60_000 }, async () => {
  const { agent, phone } = await talking({ keysType: null });
  expect(agent.call?.keys).toMatchObject({ advice: 'unknown', negotiated: false });
  const running = tested(agent, () => phone.keys('1', { how: 'tone' }));
  await expect(agent.post(`/v1/calls/${agent.call?.id}/key-test`, {})).rejects.toThrow('409 not-possible');
  expect(await running).toEqual({ heard: 'right', event: false, tone: true, info: false });
  await adviceBecomes(agent, 'sure');
});

test('keys by SIP INFO are answered, counted, never written down, and no way to pay', { timeout: 60_000 }, async () => {
  const { agent, phone } = await talking({ keysType: null });
  for (const [key, contentType] of [
    ['3', 'application/dtmf-relay'],
    ['6', 'application/dtmf'],
    ['9', 'audio/telephone-event'],
  ] as const) {
    expect(await phone.info(key, contentType)).toBe(200);
  }
  await adviceBecomes(agent, 'info-only');
  await expect(agent.startPayment(house.order())).rejects.toThrow('409 keys-impossible');
  const test = await tested(agent, () => phone.info('1'));
  expect(test).toEqual({ heard: 'nothing', event: false, tone: false, info: true });
  for (const file of filesUnder(house.stack.folder).filter((name) => name.endsWith('.log'))) {
    expect(readFileSync(file, 'utf8'), file).not.toContain('Signal=');
  }
  // A better way, and the same call can pay.
  await phone.keys('5', { how: 'tone' });
  await adviceBecomes(agent, 'sure');
  expect(agent.call?.keys).toMatchObject({ tone: 1, info: 4 });
  await agent.startPayment(house.order());
});

test('a customer whose keys in a payment come by INFO alone is told so, and it ends', { timeout: 60_000 }, async () => {
  const { agent, phone } = await talking({ keysType: null });
  await agent.startPayment(house.order());
  await agent.until(({ call }) => call?.payment?.step === 'confirmation', 20_000, 'the question');
  for (const key of '123') await phone.info(key);
  expect(await agent.outcome(30_000)).toMatchObject({ outcome: 'failed', reason: 'no-keys-possible' });
});

function filesUnder(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => path.join(folder, name))
    .filter((file) => statSync(file).isFile());
}
