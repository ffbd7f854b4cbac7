// The stories of a payment, each in a real browser against a real SIP phone, with the sound measured at both ends.
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { CARDS, CODE, CUSTOMER_HZ, EXPIRY } from '../house/house.ts';
import { Softphone } from './softphone.ts';
import { STORY_MS, Story } from './story.ts';

let story: Story;

beforeAll(async () => {
  story = await Story.open();
});
afterAll(() => story?.close());
afterEach(() => story.end());

test('a customer pays in the middle of a call: approved, and they talk again', { timeout: STORY_MS }, async () => {
  const phone = await story.talking();
  await story.agent.takePayment('A-1042', '12,800');
  await phone.hearsVoice();
  await story.agent.step('confirmation');
  await phone.keys('1');
  await story.agent.step('card-number');
  await phone.keys(CARDS.approved.slice(0, 6));
  await story.agent.page.locator('[data-testid=dots][data-keys="6"]').waitFor();
  expect(await story.agent.page.getByTestId('dots').getAttribute('aria-label')).toContain('6');
  await phone.keys(CARDS.approved.slice(6));
  await story.agent.step('expiry');
  await phone.keys(EXPIRY);
  await story.agent.step('security-code');
  await phone.keys(CODE);
  const outcome = await story.agent.outcome();
  expect(outcome).toContain('Approved');
  expect(outcome).toContain('Visa');
  expect(outcome).toContain('4242');
  await story.hearEachOther(phone);
});

test('支払い: the same in Japanese', { timeout: STORY_MS }, async () => {
  const phone = await story.talking('ja');
  await story.agent.takePayment('A-1043', '9800', 'ja');
  await story.pays(phone, CARDS.approved);
  expect(await story.agent.outcome()).toContain('4242');
  await story.hearEachOther(phone);
});

test('a card that is declined, and no other: the agent reads so, and they talk again', {
  timeout: STORY_MS,
}, async () => {
  const phone = await story.talking();
  await story.agent.takePayment('A-1044', '500');
  await story.pays(phone, CARDS.declined);
  await story.agent.page.getByTestId('badges').getByText('Card 2 of 2').waitFor();
  await phone.keys('*0');
  expect(await story.agent.outcome()).toContain('Declined');
  await story.hearEachOther(phone);
});

test('a wrong number is said so, and corrected', { timeout: STORY_MS }, async () => {
  const phone = await story.talking();
  await story.agent.takePayment('A-1045', '500');
  await story.agent.step('confirmation');
  await phone.keys('1');
  await story.agent.step('card-number');
  await phone.keys('4242424242424241#');
  await story.agent.page.getByTestId('remarks').getByText('1 mistake').waitFor();
  await phone.keys(CARDS.approved);
  await story.agent.step('expiry');
  await phone.keys(EXPIRY);
  await story.agent.step('security-code');
  await phone.keys(CODE);
  expect(await story.agent.outcome()).toContain('Approved');
});

test('the agent stops the payment and is back with the customer', { timeout: STORY_MS }, async () => {
  const phone = await story.talking();
  await story.agent.takePayment('A-1046', '500');
  await story.agent.step('confirmation');
  await phone.keys('1');
  await story.agent.step('card-number');
  await phone.keys('4242');
  await story.agent.page.getByTestId('stop-payment').click();
  expect(await story.agent.outcome()).toContain('Cancelled');
  await story.hearEachOther(phone);
});

test('the customer presses star, zero and is back with the agent', { timeout: STORY_MS }, async () => {
  const phone = await story.talking();
  await story.agent.takePayment('A-1047', '500');
  await story.agent.step('confirmation');
  await phone.keys('1');
  await story.agent.step('card-number');
  await phone.keys('*0');
  expect(await story.agent.outcome()).toContain('The customer asked for you');
  await story.hearEachOther(phone);
});

test('the customer hangs up in the middle: the agent is told, nothing is charged', { timeout: STORY_MS }, async () => {
  const phone = await story.talking();
  const before = await story.house.stack.books();
  await story.agent.takePayment('A-1048', '500');
  await story.agent.step('confirmation');
  await phone.keys('1');
  await story.agent.step('card-number');
  phone.hangUp();
  expect(await story.agent.outcome()).toContain('hung up');
  expect(await story.house.stack.books()).toEqual(before);
});

test('the agent reloads the page in the middle: the payment goes on and the call comes back', {
  timeout: STORY_MS,
}, async () => {
  const phone = await story.talking();
  await story.agent.takePayment('A-1049', '500');
  await story.agent.step('confirmation');
  await phone.keys('1');
  await story.agent.step('card-number');
  await phone.keys('424242');
  await story.agent.page.reload();
  await story.agent.page.getByTestId('wall-band').waitFor();
  await story.agent.step('card-number');
  await phone.keys(CARDS.approved.slice(6));
  await story.agent.step('expiry');
  await phone.keys(EXPIRY);
  await story.agent.step('security-code');
  await phone.keys(CODE);
  expect(await story.agent.outcome()).toContain('Approved');
  await story.hearEachOther(phone);
});

test('hold plays music to the customer and silence to the agent, and ends', { timeout: STORY_MS }, async () => {
  const phone = await story.talking();
  await story.agent.page.getByTestId('hold').click();
  await phone.hearsVoice();
  await expect.poll(async () => (await story.agent.ear.level(CUSTOMER_HZ)).tone, { timeout: 5000 }).toBeLessThan(-60);
  await story.agent.page.getByTestId('hold').click();
  await story.hearEachOther(phone);
});

test('two agents ring, the first answer wins', { timeout: STORY_MS }, async () => {
  await story.window();
  await story.agent.ready();
  const other = await Softphone.open(story.browser, story.house.stack.softphone);
  await other.signIn('taro', story.house.stack.secrets.taro);
  await other.ready();
  const phone = await story.house.phone();
  const answered = phone.dial(story.house.stack.number, story.house.server);
  await other.page.getByTestId('answer').waitFor();
  await story.agent.answer();
  await answered;
  await story.hearEachOther(phone);
  await other.page.getByTestId('answer').waitFor({ state: 'detached' });
  await other.close();
});

test('the agent hangs up: the customer’s call ends', { timeout: STORY_MS }, async () => {
  const phone = await story.talking();
  await story.agent.page.getByTestId('hang-up').click();
  await phone.untilEnded(5000);
  expect(phone.end).toBe('bye');
});

test('an outgoing call, dialled in the window, follows the carrier’s A-law', { timeout: STORY_MS }, async () => {
  await story.window();
  await story.agent.page.locator('[data-quality=online]').waitFor();
  const carrier = await story.house.phone({ sipPort: story.house.stack.ports.carrier, codecs: ['PCMA'] });
  const answered = carrier.answer();
  await story.agent.page.getByTestId('dial-number').fill('09011112222');
  await story.agent.page.getByTestId('dial').click();
  await answered;
  await story.hearEachOther(carrier);
  expect(carrier.codec).toBe('PCMA');
});
