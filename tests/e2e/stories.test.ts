// The stories of a payment, each in a real browser against a real SIP phone, with the sound measured at both ends.
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { AGENT_HZ, CARDS, CODE, CUSTOMER_HZ, EXPIRY, House } from '../house/house.ts';
import { Phone } from '../phone/phone.ts';
import { launchChromium } from './chromium.ts';
import { Softphone } from './softphone.ts';

const STORY_MS = 90_000;

let house: House;
let browser: Browser;
let agent: Softphone;

beforeAll(async () => {
  [house, browser] = await Promise.all([House.open(), launchChromium(AGENT_HZ)]);
});

afterAll(async () => {
  await browser?.close();
  await house?.close();
});

afterEach(async () => {
  const errors = agent?.errors ?? [];
  await agent?.close();
  await house.clear();
  expect(errors).toEqual([]);
});

/** An agent who is ready, and a customer who called and talks with them. */
async function talking(language: 'en' | 'ja' = 'en'): Promise<Phone> {
  agent = await Softphone.open(browser, house.stack.softphone, language);
  await agent.signIn('hanako', house.stack.secrets.hanako);
  await agent.ready();
  const phone = await house.phone();
  const answered = phone.dial(house.stack.number, house.server);
  await agent.answer();
  await answered;
  await hearEachOther(phone);
  return phone;
}

async function hearEachOther(phone: Phone): Promise<void> {
  await Promise.all([agent.ear.hears(CUSTOMER_HZ), phone.hears(AGENT_HZ)]);
}

async function keyCard(phone: Phone, card: string): Promise<void> {
  await agent.step('confirmation');
  await phone.keys('1');
  await agent.step('card-number');
  await phone.keys(card);
  await agent.step('expiry');
  await phone.keys(EXPIRY);
  await agent.step('security-code');
  await phone.keys(CODE);
}

test('a customer pays in the middle of a call: approved, and they talk again', { timeout: STORY_MS }, async () => {
  const phone = await talking();
  await agent.takePayment('A-1042', '12,800');
  await phone.hearsVoice();
  await agent.step('confirmation');
  await phone.keys('1');
  await agent.step('card-number');
  await phone.keys(CARDS.approved.slice(0, 6));
  await agent.page.locator('[data-testid=dots][data-keys="6"]').waitFor();
  expect(await agent.page.getByTestId('dots').getAttribute('aria-label')).toContain('6');
  await phone.keys(CARDS.approved.slice(6));
  await agent.step('expiry');
  await phone.keys(EXPIRY);
  await agent.step('security-code');
  await phone.keys(CODE);
  const outcome = await agent.outcome();
  expect(outcome).toContain('Approved');
  expect(outcome).toContain('Visa');
  expect(outcome).toContain('4242');
  await hearEachOther(phone);
});

test('支払い: the same in Japanese', { timeout: STORY_MS }, async () => {
  const phone = await talking('ja');
  await agent.takePayment('A-1043', '9800', 'ja');
  await keyCard(phone, CARDS.approved);
  expect(await agent.outcome()).toContain('4242');
  await hearEachOther(phone);
});

test('a card that is declined: the agent reads so, and they talk again', { timeout: STORY_MS }, async () => {
  const phone = await talking();
  await agent.takePayment('A-1044', '500');
  await keyCard(phone, CARDS.declined);
  expect(await agent.outcome()).toContain('Declined');
  await hearEachOther(phone);
});

test('a wrong number is said so, and corrected', { timeout: STORY_MS }, async () => {
  const phone = await talking();
  await agent.takePayment('A-1045', '500');
  await agent.step('confirmation');
  await phone.keys('1');
  await agent.step('card-number');
  await phone.keys('4242424242424241#');
  await agent.page.getByTestId('remarks').getByText('1 mistake').waitFor();
  await phone.keys(CARDS.approved);
  await agent.step('expiry');
  await phone.keys(EXPIRY);
  await agent.step('security-code');
  await phone.keys(CODE);
  expect(await agent.outcome()).toContain('Approved');
});

test('the agent stops the payment and is back with the customer', { timeout: STORY_MS }, async () => {
  const phone = await talking();
  await agent.takePayment('A-1046', '500');
  await agent.step('confirmation');
  await phone.keys('1');
  await agent.step('card-number');
  await phone.keys('4242');
  await agent.page.getByTestId('stop-payment').click();
  expect(await agent.outcome()).toContain('Cancelled');
  await hearEachOther(phone);
});

test('the customer presses star, zero and is back with the agent', { timeout: STORY_MS }, async () => {
  const phone = await talking();
  await agent.takePayment('A-1047', '500');
  await agent.step('confirmation');
  await phone.keys('1');
  await agent.step('card-number');
  await phone.keys('*0');
  expect(await agent.outcome()).toContain('Cancelled');
  await hearEachOther(phone);
});

test('the customer hangs up in the middle: the agent is told, nothing is charged', { timeout: STORY_MS }, async () => {
  const phone = await talking();
  const before = await house.stack.books();
  await agent.takePayment('A-1048', '500');
  await agent.step('confirmation');
  await phone.keys('1');
  await agent.step('card-number');
  phone.hangUp();
  expect(await agent.outcome()).toContain('hung up');
  expect(await house.stack.books()).toEqual(before);
});

test('the agent reloads the page in the middle: the payment goes on and the call comes back', {
  timeout: STORY_MS,
}, async () => {
  const phone = await talking();
  await agent.takePayment('A-1049', '500');
  await agent.step('confirmation');
  await phone.keys('1');
  await agent.step('card-number');
  await phone.keys('424242');
  await agent.page.reload();
  await agent.page.getByTestId('wall-band').waitFor();
  await agent.step('card-number');
  await phone.keys(CARDS.approved.slice(6));
  await agent.step('expiry');
  await phone.keys(EXPIRY);
  await agent.step('security-code');
  await phone.keys(CODE);
  expect(await agent.outcome()).toContain('Approved');
  await hearEachOther(phone);
});

test('hold plays music to the customer and silence to the agent, and ends', { timeout: STORY_MS }, async () => {
  const phone = await talking();
  await agent.page.getByTestId('hold').click();
  await phone.hearsVoice();
  await expect.poll(async () => (await agent.ear.level(CUSTOMER_HZ)).tone, { timeout: 5000 }).toBeLessThan(-60);
  await agent.page.getByTestId('hold').click();
  await hearEachOther(phone);
});

test('two agents ring, the first answer wins', { timeout: STORY_MS }, async () => {
  agent = await Softphone.open(browser, house.stack.softphone);
  await agent.signIn('hanako', house.stack.secrets.hanako);
  await agent.ready();
  const other = await Softphone.open(browser, house.stack.softphone);
  await other.signIn('taro', house.stack.secrets.taro);
  await other.ready();
  const phone = await house.phone();
  const answered = phone.dial(house.stack.number, house.server);
  await other.page.getByTestId('answer').waitFor();
  await agent.answer();
  await answered;
  await hearEachOther(phone);
  await other.page.getByTestId('answer').waitFor({ state: 'detached' });
  await other.close();
});

test('the agent hangs up: the customer’s call ends', { timeout: STORY_MS }, async () => {
  const phone = await talking();
  await agent.page.getByTestId('hang-up').click();
  await phone.untilEnded(5000);
  expect(phone.end).toBe('bye');
});

test('an outgoing call, dialled in the window, follows the carrier’s A-law', { timeout: STORY_MS }, async () => {
  agent = await Softphone.open(browser, house.stack.softphone);
  await agent.signIn('hanako', house.stack.secrets.hanako);
  await agent.page.locator('[data-quality=online]').waitFor();
  const carrier = await house.phone({ sipPort: house.stack.ports.carrier, codecs: ['PCMA'] });
  const answered = carrier.answer();
  await agent.page.getByTestId('dial-number').fill('09011112222');
  await agent.page.getByTestId('dial').click();
  await answered;
  await hearEachOther(carrier);
  expect(carrier.codec).toBe('PCMA');
});
