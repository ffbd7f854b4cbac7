// Stories of customers who need help: another card, a field asked again, a hint, gentle mode, another language.
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { CARDS } from '../house/house.ts';
import { STORY_MS, Story } from './story.ts';

let story: Story;

beforeAll(async () => {
  story = await Story.open();
});
afterAll(() => story?.close());
afterEach(() => story.end());

for (const language of ['en', 'ja'] as const) {
  test(`${language}: a declined card, then another one that is approved`, { timeout: STORY_MS }, async () => {
    const phone = await story.talking(language);
    await story.agent.takePayment(`B-${language}`, '500', language);
    await story.pays(phone, CARDS.funds);
    await story.agent.page.getByTestId('badges').getByText('2').waitFor();
    await story.keysCard(phone, CARDS.approved);
    expect(await story.agent.outcomeWord()).toBe('approved');
    await story.hearEachOther(phone);
  });
}

test('the agent has a field asked again, and gives a hint; the payment goes on where it was', {
  timeout: STORY_MS,
}, async () => {
  const phone = await story.talking();
  const { page } = story.agent;
  await story.agent.takePayment('B-3', '500');
  await story.agent.step('confirmation');
  await phone.keys('1');
  await story.agent.step('card-number');
  await page.getByTestId('hint').click();
  await page.getByTestId('hint-number-on-front').click();
  await phone.hearsVoice();
  await phone.keys(CARDS.declined);
  await story.agent.step('expiry');
  await page.getByTestId('ask-again').click();
  await page.getByTestId('ask-again-card-number').click();
  await story.keysCard(phone, CARDS.approved);
  expect(await story.agent.outcomeWord()).toBe('approved');
});

test('star, eight goes gently; star, nine asks again; more time is given', { timeout: STORY_MS }, async () => {
  const phone = await story.talking();
  const { page } = story.agent;
  await story.agent.takePayment('B-4', '500');
  await story.agent.step('confirmation');
  await phone.keys('1');
  await story.agent.step('card-number');
  await phone.keys('*8');
  await page.locator('[data-testid=gentle-now][aria-pressed=true]').waitFor();
  await page.getByTestId('more-time').click();
  await phone.keys('*9');
  await phone.hearsVoice();
  await story.keysCard(phone, CARDS.approved);
  expect(await story.agent.outcomeWord()).toBe('approved');
});

test('the customer chooses the language by a key', { timeout: STORY_MS }, async () => {
  const phone = await story.talking();
  await story.agent.start('charge', { order: 'B-5', amount: '500', guide: 'customer' });
  await story.agent.step('language');
  await phone.keys('2');
  await story.agent.page.getByTestId('badges').getByText('English').waitFor();
  await story.pays(phone, CARDS.approved);
  expect(await story.agent.outcomeWord()).toBe('approved');
});
