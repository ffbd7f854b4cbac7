// One story of each purpose in both languages, and of what is done with the money afterwards: real browser, real SIP phone.
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { CARDS } from '../house/house.ts';
import { STORY_MS, Story } from './story.ts';

/** The demo merchant's customers whose number is that of the customer's phone page. */
const MEMBERS = { ja: 'C-1001', en: 'C-1002' } as const;

let story: Story;
/** The customer's phone page, for the messages that come to it. */
let mobile: Page;

beforeAll(async () => {
  story = await Story.open({ withoutCarrier: false });
  mobile = await story.browser.newPage();
  await mobile.goto(story.house.stack.phone);
  await mobile.locator('[data-testid=phone-status]:not([data-state=connecting])').waitFor();
});
afterAll(() => story?.close());
afterEach(() => story.end());

for (const language of ['en', 'ja'] as const) {
  test(`${language}: an amount is held, then captured in part, and refunded`, { timeout: STORY_MS }, async () => {
    const phone = await story.talking(language);
    await story.agent.start('authorize', { order: `H-${language}`, amount: '3000', guide: language });
    await story.pays(phone, CARDS.approved);
    expect(await story.agent.outcomeWord()).toBe('approved');
    await story.hearEachOther(phone);
    expect(await story.agent.moves('capture', '2000')).toBe('approved');
    expect(await story.agent.moves('refund', '500')).toBe('approved');
    await story.agent.page.getByTestId('refunded').getByText('500').waitFor();
  });

  test(`${language}: what was held is released`, { timeout: STORY_MS }, async () => {
    const phone = await story.talking(language);
    await story.agent.start('authorize', { order: `V-${language}`, amount: '3000', guide: language });
    await story.pays(phone, CARDS.approved);
    expect(await story.agent.outcomeWord()).toBe('approved');
    expect(await story.agent.moves('void')).toBe('approved');
    for (const action of ['void', 'capture']) {
      await story.agent.page.getByTestId(`money-${action}`).waitFor({ state: 'detached' });
    }
  });

  test(`${language}: a card is registered, and charged without being keyed`, { timeout: 2 * STORY_MS }, async () => {
    const phone = await story.talking(language);
    await story.agent.start('card-update', { order: `R-${language}`, member: MEMBERS[language], guide: language });
    await story.keysCard(phone, CARDS.approved);
    expect(await story.agent.outcomeWord()).toBe('approved');
    await story.hearEachOther(phone);
    await story.agent.page.getByTestId('leave-outcome').click();
    await story.agent.start('stored-charge', {
      order: `S-${language}`,
      amount: '1280',
      member: MEMBERS[language],
      guide: language,
    });
    await story.agent.step('confirmation');
    await phone.keys('1');
    expect(await story.agent.outcomeWord()).toBe('approved');
    expect(await story.agent.outcome()).toContain('1,280');
    await story.hearEachOther(phone);
  });

  test(`${language}: a person is verified by the code that came to their phone`, { timeout: STORY_MS }, async () => {
    const phone = await story.talking(language);
    const newest = async () => (await mobile.getByTestId('phone-messages').locator('li').allTextContents())[0] ?? '';
    const before = await newest();
    await story.agent.start('verify', { order: `P-${language}`, member: MEMBERS[language], guide: language });
    await story.agent.step('one-time-code');
    await expect.poll(newest).not.toBe(before);
    const code = /\d{6}/.exec(await newest())?.[0] ?? '';
    await phone.keys(code);
    expect(await story.agent.outcomeWord()).toBe('approved');
    await story.hearEachOther(phone);
  });
}

test('a payment is refunded from the history when its call is long over', { timeout: STORY_MS }, async () => {
  const phone = await story.talking();
  await story.agent.takePayment('A-2001', '1000');
  await story.pays(phone, CARDS.approved);
  expect(await story.agent.outcomeWord()).toBe('approved');
  await story.hearEachOther(phone);
  phone.hangUp();
  await story.agent.page.getByTestId('leave-outcome').click();
  await story.agent.page.reload();
  expect(await story.agent.moves('refund')).toBe('approved');
  await story.agent.page.locator('[data-zone=history]').getByText('Refunded').first().waitFor();
  const books = JSON.stringify(await story.house.stack.books());
  expect(books).toContain('refund');
});
