import type { KeyTest, Payment } from '@tonegate/api-schema';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { AGENT, aCall, anEndedCall, aPayment } from '../../client/test-server/scenes.ts';
import { bring, openSoftphone, signIn, startSoftphoneHouse } from './softphone-page.ts';

let house: Awaited<ReturnType<typeof startSoftphoneHouse>>;
let page: Page;

beforeAll(async () => {
  house = await startSoftphoneHouse();
}, 90_000);
afterAll(() => house?.stop());
beforeEach(async () => {
  house.server.reset();
  house.server.me = AGENT;
  page = await openSoftphone(house.browser, house.server);
});
afterEach(() => page.context().close());

const bodies = (path: string): unknown[] =>
  house.server.seen.filter((request) => request.path === path).map((request) => request.body);
const push = (over: Partial<Payment>): void =>
  house.server.push({
    type: 'call',
    call: aCall({ state: over.outcome ? 'talking' : 'payment', payment: aPayment(over) }),
  });
const choose = async (purpose: string): Promise<void> => {
  await page.getByTestId('purpose').click();
  await page.getByTestId(`purpose-${purpose}`).click();
};
const talking = aCall({ state: 'talking' });
const none = { ...aPayment().order, amountMinor: 0 };

test('a charge needs no choice; each other purpose asks only what it needs, and starts nothing by being chosen', async () => {
  await signIn(page, house.server);
  await bring(page, house.server, talking);
  await page.getByRole('button', { name: 'Take payment', exact: true }).waitFor();
  await choose('card-update');
  expect(await page.getByTestId('amount').count()).toBe(0);
  await expect.poll(() => page.evaluate('document.activeElement.dataset.testid')).toBe('order');
  await page.getByTestId('order').fill('CASE-7');
  await page.getByTestId('member').fill('C-77');
  expect(bodies('/v1/payments')).toEqual([]);
  await page.getByRole('button', { name: 'Update the card', exact: true }).click();
  await expect
    .poll(() => bodies('/v1/payments'))
    .toEqual([
      {
        call: talking.id,
        purpose: 'card-update',
        order: { reference: 'CASE-7', amountMinor: 0, currency: 'JPY' },
        member: 'C-77',
      },
    ]);
});

test('the phone for a code is typed only where the merchant allows it, and goes out in its international form', async () => {
  await signIn(page, house.server);
  await bring(page, house.server, talking);
  await choose('verify');
  expect(await page.getByTestId('phone').count()).toBe(0);
  house.server.me = { ...AGENT, merchants: AGENT.merchants.map((one) => ({ ...one, agentsTypePhones: true })) };
  await page.reload();
  await page.getByTestId('purpose').waitFor();
  await choose('verify');
  await page.getByTestId('order').fill('CASE-8');
  await page.getByTestId('phone').fill('090-1234-5678');
  await page.getByTestId('take-payment').click();
  await expect
    .poll(() => bodies('/v1/payments'))
    .toEqual([
      {
        call: talking.id,
        purpose: 'verify',
        order: { reference: 'CASE-8', amountMinor: 0, currency: 'JPY', phone: '+819012345678' },
      },
    ]);
});

test('a merchant’s way of business is remembered; a one-time purpose and one customer’s language are not', async () => {
  await signIn(page, house.server);
  await bring(page, house.server, talking);
  await choose('authorize');
  await page.getByTestId('guide').selectOption('customer');
  await choose('verify');
  await page.reload();
  await page.getByRole('button', { name: 'Hold the amount', exact: true }).waitFor();
  expect(await page.getByTestId('guide').inputValue()).toBe('customer');
  await page.getByTestId('guide').selectOption('en');
  await page.reload();
  await page.getByTestId('guide').waitFor();
  expect(await page.getByTestId('guide').inputValue()).toBe('ja');
});

test('languages of the guide are those the server speaks, by their names, and the customer may choose', async () => {
  house.server.me = { ...AGENT, languages: ['en', 'ja', 'pt-BR'] };
  await signIn(page, house.server);
  await bring(page, house.server, { ...talking, language: 'en' });
  const guide = page.getByTestId('guide');
  expect(await guide.locator('option').allTextContents()).toEqual([
    'English',
    'Japanese',
    'Brazilian Portuguese',
    'The customer chooses',
  ]);
  expect(await guide.inputValue(), 'what this number is guided in').toBe('en');
});

test('the agent sees how the customer does, and a screen reader hears it once', async () => {
  await signIn(page, house.server);
  await bring(page, house.server, talking);
  push({
    step: 'expiry',
    mistakes: 2,
    waiting: true,
    waitingSince: Date.now() - 12_000,
    speaking: true,
    gentle: true,
    declined: 1,
    cards: 3,
    language: 'en',
  });
  const remarks = page.getByTestId('remarks');
  await remarks.getByText(/^no key for 1[234] s$/).waitFor();
  await remarks.getByText('2 mistakes').waitFor();
  await remarks.getByText('speaks instead of keying').waitFor();
  expect(await page.getByTestId('badges').innerText()).toMatch(/English[\s·]+gentle[\s·]+card 2 of 3/);
  const counted = remarks.getByText(/^no key for \d+ s$/);
  expect(await counted.getAttribute('aria-hidden'), 'seconds are counted silently').toBe('true');
});

test('the agent’s help reaches the customer, and it is said that it did', async () => {
  await signIn(page, house.server);
  await bring(page, house.server, talking);
  push({ step: 'expiry' });
  const path = `/v1/payments/${aPayment().id}`;
  await page.getByTestId('ask-again').click();
  expect(await page.getByTestId('ask-again-security-code').getAttribute('aria-disabled')).toBe('true');
  await page.getByTestId('ask-again-card-number').click();
  await expect.poll(() => bodies(`${path}/ask-again`)).toEqual([{ field: 'card-number' }]);
  await page.getByTestId('hint').click();
  await page.getByTestId('hint-expiry-on-card').click();
  await expect.poll(() => bodies(`${path}/hint`)).toEqual([{ hint: 'expiry-on-card' }]);
  await page.getByText('The customer hears: The expiry date is on the card').waitFor();
  await page.getByTestId('more-time').click();
  await page.getByText('The customer has more time.').waitFor();
  await page.getByTestId('gentle-now').click();
  await expect.poll(() => bodies(`${path}/gentle`)).toEqual([{ on: true }]);
  push({ step: 'expiry', gentle: true });
  await page.locator('[data-testid=gentle-now][aria-pressed=true]').waitFor();
});

test('once the payment service is asked nothing can be stopped, and it is said why', async () => {
  await signIn(page, house.server);
  await bring(page, house.server, talking);
  push({ step: 'processing' });
  const stop = page.getByTestId('stop-payment');
  await page.locator('[data-testid=stop-payment][aria-disabled=true]').waitFor();
  const reason = await stop.getAttribute('aria-describedby');
  expect(await page.locator(`[id="${reason}"]`).innerText()).toContain('too late');
  for (const name of ['stop-payment', 'ask-again', 'hint', 'more-time', 'gentle-now']) {
    await page.getByTestId(name).click({ force: true });
  }
  expect(house.server.seen.filter((request) => request.path.startsWith('/v1/payments'))).toEqual([]);
});

test('help that comes too late is said in words', async () => {
  await signIn(page, house.server);
  await bring(page, house.server, talking);
  push({ step: 'security-code' });
  house.server.refusals.set(`POST /v1/payments/${aPayment().id}/more-time`, { status: 409, code: 'too-late' });
  await page.getByTestId('more-time').click();
  await page.getByRole('alert').getByText('It is too late for this').waitFor();
});

test('each purpose ends in its own words', async () => {
  await signIn(page, house.server);
  await bring(page, house.server, talking);
  const outcome = page.getByTestId('outcome');
  const ends: [Partial<Payment>, string, string][] = [
    [{ purpose: 'authorize', outcome: 'approved' }, 'Amount held', 'Nothing is charged until'],
    [{ purpose: 'card-update', order: none, outcome: 'approved' }, 'Card stored', 'Nothing was charged.'],
    [{ purpose: 'verify', order: none, outcome: 'approved' }, 'Verified', 'The customer has the phone'],
    [{ purpose: 'verify', order: none, outcome: 'failed', reason: 'code-wrong' }, 'Not verified', 'wrong too often'],
    [{ outcome: 'cancelled', reason: 'by-customer' }, 'The customer asked for you', 'star and zero'],
  ];
  for (const [over, verdict, words] of ends) {
    push(over);
    await outcome.getByRole('heading', { name: verdict, exact: true }).waitFor();
    expect(await outcome.innerText()).toContain(words);
    expect(await outcome.innerText(), 'no money, no sum').not.toContain('¥0');
  }
});

test('a stored card that is refused gives way to a keyed one, with the same order', async () => {
  await signIn(page, house.server);
  await bring(page, house.server, talking);
  await choose('stored-charge');
  await page.getByTestId('order').fill('A-1042');
  await page.getByTestId('amount').fill('12800');
  await page.getByTestId('member').fill('C-77');
  await page.getByTestId('take-payment').click();
  push({ purpose: 'stored-charge', outcome: 'declined', reason: 'card-expired' });
  await page.getByRole('button', { name: 'Key in a card' }).click();
  await page.getByRole('button', { name: 'Take payment', exact: true }).waitFor();
  expect(await page.getByTestId('amount').inputValue()).toBe('12800');
});

test('money goes back only after a question, in part if wished, and what is left is then shown', async () => {
  const approved = aPayment({ outcome: 'approved', brand: 'visa', lastFour: '4242', possible: ['refund'] });
  const about = { ...approved, refundedMinor: 5_000 };
  house.server.recent = [anEndedCall('h', { payment: approved })];
  house.server.money = {
    answer: aPayment({
      id: 'r'.repeat(26),
      purpose: 'refund',
      about: approved.id,
      order: { ...approved.order, amountMinor: 5_000 },
      outcome: 'approved',
    }),
    about,
  };
  await signIn(page, house.server);
  await page.getByTestId('money-refund').click();
  const dialog = page.getByRole('alertdialog', { name: 'Give money back?' });
  await dialog.waitFor();
  expect(await page.evaluate('document.activeElement.dataset.testid'), 'Enter changes nothing').toBe('money-back');
  await page.getByTestId('money-amount').fill('20000');
  await page.getByTestId('money-confirm').click();
  await dialog.getByText('At most ¥12,800 is left.').waitFor();
  expect(bodies(`/v1/payments/${approved.id}/money`)).toEqual([]);
  await page.getByTestId('money-amount').fill('5,000');
  await dialog.getByRole('button', { name: 'Refund ¥5,000' }).click();
  await page.getByTestId('money-outcome').getByText('Refunded').waitFor();
  expect(bodies(`/v1/payments/${approved.id}/money`)).toEqual([{ action: 'refund', amountMinor: 5_000 }]);
  await page.getByTestId('money-close').click();
  await page.getByText('¥5,000 refunded').waitFor();
});

test('a held amount is charged from its outcome, while the customer is still there', async () => {
  const held = aPayment({ purpose: 'authorize', outcome: 'approved', possible: ['capture', 'void'] });
  house.server.money = {
    answer: aPayment({ id: 's'.repeat(26), purpose: 'capture', about: held.id, outcome: 'approved' }),
    about: { ...held, possible: ['refund'] },
  };
  await signIn(page, house.server);
  await bring(page, house.server, { ...talking, payment: held });
  await page.getByRole('button', { name: 'Release the hold…' }).waitFor();
  await page.getByTestId('money-capture').click();
  await page.getByRole('button', { name: 'Charge ¥12,800' }).click();
  await page.getByTestId('money-outcome').getByText('Charged').waitFor();
  await page.keyboard.press('Escape');
  await page.getByTestId('outcome').getByTestId('money-refund').waitFor();
});

test('where nobody knows whether keys arrive, one can be tried first, and the result is said', async () => {
  const unknown = { ...aCall().keys, advice: 'unknown' as const };
  await signIn(page, house.server);
  await bring(page, house.server, { ...talking, keys: unknown });
  let heard: (result: KeyTest) => void = () => undefined;
  house.server.keyTest = new Promise((resolve) => {
    heard = resolve;
  });
  await page.getByTestId('key-test').click();
  await page.getByText('The customer is asked to press 1.').waitFor();
  expect(await page.getByTestId('take-payment').getAttribute('aria-disabled')).toBe('true');
  heard({ heard: 'right', event: false, tone: true, info: false });
  await page.getByText('The key arrived. The payment can begin.').waitFor();
  expect(await page.getByTestId('take-payment').getAttribute('aria-disabled')).toBe('false');
  expect(await page.getByTestId('key-test').count()).toBe(0);
});

test('a test in which no key came warns, and leaves it to the agent to try', async () => {
  await signIn(page, house.server);
  await bring(page, house.server, { ...talking, keys: { ...talking.keys, advice: 'none' } });
  await page.getByTestId('keys-warning').getByText('No key arrived in the test.').waitFor();
  await page.getByTestId('keys-warning').getByTestId('key-test').waitFor();
  const take = page.getByTestId('take-payment');
  expect([await take.isDisabled(), await take.getAttribute('aria-disabled')]).toEqual([false, 'false']);
});

test('a line that is sure says nothing; one that can’t carry cards is refused in words before anybody presses', async () => {
  await signIn(page, house.server);
  await bring(page, house.server, talking);
  await page.getByTestId('take-payment').waitFor();
  expect(await page.getByTestId('keys-advice').count()).toBe(0);
  house.server.push({ type: 'call', call: { ...talking, keys: { ...talking.keys, advice: 'info-only' } } });
  await page.getByTestId('hindrance').getByText('tell your supervisor').waitFor();
  const take = page.getByTestId('take-payment');
  expect(await take.isDisabled()).toBe(true);
  const reason = await take.getAttribute('aria-describedby');
  expect(await page.locator(`[id="${reason}"]`).innerText()).toContain('cards must not take');
});
