// Calls without a payment: out through the trunk, phones with an account of their own, nobody there, both laws.
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { AGENT_HZ, CARDS, CODE, CUSTOMER_HZ, EXPIRY, House } from '../house/house.ts';
import { Phone } from '../phone/phone.ts';

let house: House;

beforeAll(async () => {
  house = await House.open();
});
afterAll(() => house?.close());
afterEach(() => house.clear());

const CALL_MS = 30_000;

test('an outgoing call goes through the trunk, and both hear each other', { timeout: CALL_MS }, async () => {
  const agent = await house.agent();
  const carrier = await house.phone({ sipPort: house.stack.ports.carrier });
  const answered = carrier.answer();
  await agent.post('/v1/calls', { number: '09011112222', merchant: agent.me.merchants[0]?.id });
  await answered;
  await Promise.all([agent.hears(CUSTOMER_HZ), carrier.hears(AGENT_HZ)]);
  expect(agent.call).toMatchObject({ direction: 'out', state: 'talking', number: '09011112222' });
  await agent.hangUp();
  await carrier.untilEnded(5000);
});

test('a called party that is busy is told to the agent as busy', { timeout: CALL_MS }, async () => {
  const agent = await house.agent();
  const carrier = await house.phone({ sipPort: house.stack.ports.carrier });
  const refused = carrier.answer({ reject: 486 });
  await agent.post('/v1/calls', { number: '09011112222', merchant: agent.me.merchants[0]?.id });
  await refused;
  await agent.until(({ call }) => call?.state === 'ended', 5000, 'the end');
  expect(agent.call?.end).toBe('busy');
});

test('a payment can be taken in a call that the agent dialled', { timeout: 60_000 }, async () => {
  const agent = await house.agent();
  const carrier = await house.phone({ sipPort: house.stack.ports.carrier });
  const answered = carrier.answer();
  await agent.post('/v1/calls', { number: '09011112222', merchant: agent.me.merchants[0]?.id });
  await answered;
  await Promise.all([agent.hears(CUSTOMER_HZ), carrier.hears(AGENT_HZ)]);
  await agent.startPayment(house.order());
  for (const [step, keys] of [
    ['confirmation', '1'],
    ['card-number', CARDS.approved],
    ['expiry', EXPIRY],
    ['security-code', CODE],
  ] as const) {
    await agent.until(({ call }) => call?.payment?.step === step, 20_000, step);
    await carrier.keys(keys);
  }
  expect((await agent.outcome(30_000)).outcome).toBe('approved');
});

test('a phone registers with the account that the demo prints, and calls with it', { timeout: CALL_MS }, async () => {
  const agent = await house.agent();
  await agent.ready();
  const account = { user: 'customer', password: house.stack.secrets.customer };
  const phone = await house.phone({ account });
  expect(await phone.register(house.server)).toBe(200);
  await phone.dial(house.stack.number, house.server);
  await Promise.all([agent.hears(CUSTOMER_HZ), phone.hears(AGENT_HZ)]);
});

test('a wrong password registers nobody', { timeout: CALL_MS }, async () => {
  const phone = await house.phone({ account: { user: 'customer', password: 'wrong' } });
  expect(await phone.register(house.server)).toBe(401);
});

test('nobody there: the customer hears so in words, and the call ends', { timeout: CALL_MS }, async () => {
  const phone = await house.phone();
  await phone.dial(house.stack.number, house.server);
  await phone.hearsVoice();
  await phone.untilEnded(15_000);
  expect(phone.end).toBe('bye');
});

test('a customer who hangs up while it rings stops the ringing', { timeout: CALL_MS }, async () => {
  const agent = await house.agent();
  agent.autoAnswer = false;
  await agent.ready();
  const phone = await house.phone();
  const refused = phone.dial(house.stack.number, house.server).catch(() => {});
  await agent.until(({ call }) => call?.state === 'ringing', 5000, 'the ring');
  phone.cancel();
  await refused;
  await agent.until(({ call }) => call?.state === 'ended', 5000, 'the end of the ring');
});

test('an agent who says no leaves the call to the other one', { timeout: CALL_MS }, async () => {
  const [agent, other] = [await house.agent('hanako'), await house.agent('taro')];
  agent.autoAnswer = false;
  other.autoAnswer = false;
  await Promise.all([agent.ready(), other.ready()]);
  const phone = await house.phone();
  const answered = phone.dial(house.stack.number, house.server);
  await Promise.all([
    agent.until((a) => a.sipCall !== undefined, 5000, 'a ring'),
    other.until((a) => a.sipCall !== undefined, 5000, 'a ring'),
  ]);
  await agent.reject();
  await agent.until(({ call }) => call?.state === 'ended', 5000, 'the ring’s end');
  await other.answer();
  await answered;
  await Promise.all([other.hears(CUSTOMER_HZ), phone.hears(AGENT_HZ)]);
});

test('A-law callers are heard as they are', { timeout: CALL_MS }, async () => {
  const agent = await house.agent();
  await agent.ready();
  const phone = await house.phone({ codecs: ['PCMA'] });
  await phone.dial(house.stack.number, house.server);
  await Promise.all([agent.hears(CUSTOMER_HZ), phone.hears(AGENT_HZ)]);
  expect(agent.call?.codec).toBe('PCMA');
});

test('a number that is nobody’s is refused with 404', { timeout: CALL_MS }, async () => {
  const phone = await house.phone();
  await expect(phone.dial('+81399999999', house.server)).rejects.toThrow('404');
});

test('the agent’s keys reach the customer’s side as key events', { timeout: CALL_MS }, async () => {
  const agent = await house.agent();
  await agent.ready();
  const phone: Phone = await house.phone();
  await phone.dial(house.stack.number, house.server);
  await agent.hears(CUSTOMER_HZ);
  await agent.until(({ call }) => call?.state === 'talking', 5000, 'talking');
  for (const key of '5#') await agent.post(`/v1/calls/${agent.call?.id}/keys`, { key });
  await expect.poll(() => phone.counts.keysReceived, { timeout: 5000 }).toBe('5#');
});
