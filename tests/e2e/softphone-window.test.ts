import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { type BuiltSoftphone, buildSoftphone } from '../../client/test-server/build.ts';
import { MockServer } from '../../client/test-server/mock-server.ts';
import { AGENT, aCall, aPayment } from '../../client/test-server/scenes.ts';
import { launchChromium } from './chromium.ts';
import { bring, openSoftphone, signIn } from './softphone-page.ts';

let softphone: BuiltSoftphone;
let server: MockServer;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  [softphone, browser] = await Promise.all([buildSoftphone(), launchChromium()]);
  server = await MockServer.start(AGENT, softphone.files);
}, 90_000);

afterAll(async () => {
  await browser?.close();
  await server?.stop();
  await softphone?.remove();
});

beforeEach(async () => {
  server.reset();
  page = await openSoftphone(browser, server);
  await signIn(page, server);
});

afterEach(() => page.context().close());

const posted = (path: string) => server.seen.filter((request) => request.path === path);
const reload = async (): Promise<void> => {
  // The phone that is waited for next is the new page's.
  server.sip = undefined;
  await page.reload();
};
const talking = aCall({ state: 'talking' });

test('Space answers, whatever has the focus, and the answer speaks G.711 and no key events', async () => {
  await page.getByTestId('ready').click();
  await expect.poll(() => posted('/v1/me/state').length).toBe(1);
  const call = aCall();
  const answered = server.sip?.invite(call.id, false);
  server.push({ type: 'call', call });
  await page.getByTestId('answer').waitFor();
  await page.getByTestId('ready').focus();
  await page.keyboard.press('Space');
  const sdp = (await answered) ?? '';
  expect(/^m=audio .*$/m.exec(sdp)?.[0]).toMatch(/ 0 8$/);
  expect(sdp).not.toContain('telephone-event');
  server.push({ type: 'call', call: talking });
  await page.getByText('In a call', { exact: true }).waitFor();
  expect(posted('/v1/me/state'), 'the switch under the focus was not pressed along').toHaveLength(1);
});

test('a call that comes back after a reload is answered by itself, and its payment is there at once', async () => {
  const before = server.sip?.instance;
  server.push({ type: 'call', call: aCall({ state: 'payment', payment: aPayment({ keys: 10, of: 16 }) }) });
  await reload();
  await page.getByTestId('wall-band').waitFor();
  await page.getByRole('figure', { name: '10 of 16 keys' }).waitFor();
  await expect.poll(() => server.sip?.registered ?? false).toBe(true);
  expect(server.sip?.instance, 'the server knows the window again').toBe(before);
  expect(await server.sip?.invite(talking.id, true)).toContain('m=audio');
});

test('rejecting declines for this agent only', async () => {
  const call = aCall();
  void server.sip?.invite(call.id, false);
  server.push({ type: 'call', call });
  await page.getByTestId('reject').click();
  await expect.poll(() => server.sip?.refused).toEqual(['486 Busy Here']);
  await page.getByTestId('dial-number').waitFor();
});

test('M mutes the track that is sent, and what is shown is read from it', async () => {
  await page.addInitScript(`
    const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    navigator.mediaDevices.getUserMedia = async (wish) => {
      const stream = await open(wish);
      window.sent = stream.getAudioTracks()[0];
      return stream;
    };
  `);
  await reload();
  await expect.poll(() => server.sip?.registered ?? false).toBe(true);
  await bring(page, server, talking);
  await page.getByText('In a call', { exact: true }).waitFor();
  await page.keyboard.press('m');
  await page.getByText('You are muted').waitFor();
  expect(await page.evaluate('sent.enabled')).toBe(false);
  expect(await page.getByTestId('mute').getAttribute('aria-pressed')).toBe('true');
  await page.keyboard.press('m');
  await page.getByText('In a call', { exact: true }).waitFor();
  expect(await page.evaluate('sent.enabled')).toBe(true);
});

test('no single key hangs up or takes money', async () => {
  await bring(page, server, talking);
  await page.getByText('In a call', { exact: true }).waitFor();
  const before = server.seen.length;
  for (const key of ['Space', 'Enter', 'Escape', 'Delete', 'Backspace', 'x', 'p', 'Escape', 'q']) {
    await page.keyboard.press(key);
  }
  expect(server.seen.slice(before)).toEqual([]);
});

test('a panel that is closed is gone, and keys typed afterwards go into the order, not to the customer', async () => {
  await page.context().close();
  server.reset();
  page = await openSoftphone(browser, server, { moving: true });
  await signIn(page, server);
  await bring(page, server, talking);
  await page.getByTestId('keypad').click();
  await page.getByRole('dialog', { name: 'Keypad' }).waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await page.getByTestId('order').pressSequentially('1042');
  expect(await page.getByTestId('order').inputValue()).toBe('1042');
  expect(posted(`/v1/calls/${talking.id}/keys`)).toHaveLength(0);
});

test('keys go by the server, one by one and in their order', async () => {
  await bring(page, server, talking);
  await page.getByText('In a call', { exact: true }).waitFor();
  await page.keyboard.press('k');
  await page.getByRole('button', { name: 'Key hash' }).waitFor();
  await page.keyboard.type('12');
  await page.getByRole('button', { name: 'Key hash' }).click();
  await expect
    .poll(() => posted(`/v1/calls/${talking.id}/keys`).map((request) => request.body))
    .toEqual([{ key: '1' }, { key: '2' }, { key: '#' }]);
});

test('yen with decimals are refused under the field; the order then goes out once, with a key of its own', async () => {
  await bring(page, server, talking);
  await page.keyboard.press('p');
  await page.keyboard.type('A-1042');
  await page.getByTestId('amount').fill('12800.50');
  await page.getByTestId('take-payment').click();
  await page.getByText('JPY has no such decimals').waitFor();
  expect(await page.evaluate('document.activeElement.dataset.testid')).toBe('amount');
  expect(posted('/v1/payments')).toEqual([]);
  await page.getByTestId('amount').fill('12,800');
  await page.getByTestId('take-payment').dblclick();
  await expect.poll(() => posted('/v1/payments').length).toBe(1);
  const [request] = posted('/v1/payments');
  expect(request?.key).toMatch(/^[a-z]{26}$/);
  expect(request?.body).toEqual({
    call: talking.id,
    purpose: 'charge',
    order: { reference: 'A-1042', amountMinor: 12_800, currency: 'JPY' },
  });
});

test('a card number typed into a field never leaves the page', async () => {
  await bring(page, server, talking);
  await page.getByTestId('order').fill('4242 4242 4242 4242');
  await page.getByTestId('amount').fill('12800');
  await page.getByTestId('take-payment').click();
  await page.getByText('This looks like a card number').waitFor();
  expect(posted('/v1/payments')).toEqual([]);
});

test('when a payment begins, the focus is on no button that the next key could press', async () => {
  await bring(page, server, talking);
  await page.getByTestId('order').fill('A-1042');
  await page.getByTestId('amount').fill('12800');
  await page.getByTestId('take-payment').click();
  server.push({ type: 'call', call: aCall({ state: 'payment', payment: aPayment() }) });
  await page.getByTestId('stop-payment').waitFor();
  await page.keyboard.press('Space');
  await page.keyboard.press('Enter');
  expect(server.seen.filter((request) => request.path.endsWith('/cancel'))).toEqual([]);
  await page.getByTestId('stop-payment').click();
  await expect.poll(() => server.seen.filter((request) => request.path.endsWith('/cancel')).length).toBe(1);
});

test('a refused payment says what happened, what it means for the money, and what to do', async () => {
  await bring(page, server, talking);
  server.refusals.set('POST /v1/payments', { status: 409, code: 'attempt-alive' });
  await page.getByTestId('order').fill('A-1042');
  await page.getByTestId('amount').fill('12800');
  await page.getByTestId('take-payment').click();
  const alert = page.getByRole('alert');
  await alert.getByText('A payment for this order is still open.').waitFor();
  expect(await alert.textContent()).toContain('Nothing was charged twice.');
});

test('an outcome is acknowledged once by being shown; an unknown one is not', async () => {
  await bring(page, server, talking);
  const unknown = aPayment({ outcome: 'unknown', reason: 'no-answer' });
  const path = `/v1/payments/${unknown.id}/acknowledge`;
  server.push({ type: 'call', call: { ...talking, payment: unknown } });
  await page.getByText('Don’t try again').waitFor();
  expect(posted(path)).toEqual([]);
  const approved = aPayment({ outcome: 'approved', brand: 'visa', lastFour: '4242', receipt: 'T-20418' });
  server.push({ type: 'call', call: { ...talking, payment: approved } });
  await page.getByTestId('outcome').getByText('Approved', { exact: true }).waitFor();
  await expect.poll(() => posted(path).length).toBe(1);
  server.push({ type: 'call', call: { ...talking, payment: { ...approved, acknowledged: true } } });
  await page.getByTestId('copy').click();
  await page.getByText('Copied').waitFor();
  expect(await page.evaluate('navigator.clipboard.readText()')).toBe(
    'Approved  ¥12,800  Visa •••• 4242  Receipt T-20418  Order number A-1042',
  );
  expect(posted(path)).toHaveLength(1);
});

test('a screen reader hears the wall shut, the steps, the outcome and the wall open', async () => {
  await bring(page, server, talking);
  const said = page.getByTestId('announcer');
  const push = (over: Parameters<typeof aPayment>[0]): void =>
    server.push({ type: 'call', call: aCall({ state: 'payment', payment: aPayment(over) }) });
  push({ step: 'confirmation' });
  await said.getByText('You and the customer can’t hear each other.').waitFor({ state: 'attached' });
  push({ step: 'card-number' });
  await said.getByText('Amount: done.').waitFor({ state: 'attached' });
  push({ outcome: 'approved' });
  await said.getByText('Approved You and the customer can hear each other again.').waitFor({ state: 'attached' });
});

test('a lost phone connection comes back by itself, with the same instance', async () => {
  const first = server.sip;
  first?.cut();
  await expect.poll(() => server.sip !== first && server.sip?.registered, { timeout: 10_000 }).toBe(true);
  expect(server.sip?.instance).toMatch(/^<urn:uuid:[-0-9a-f]{36}>$/);
  expect(server.sip?.instance).toBe(first?.instance);
});

test('a server out of reach is told after three seconds and forgotten once it is back', async () => {
  server.cutEvents(true);
  const told = page.getByRole('alert').getByText('No connection to the server.');
  await told.waitFor({ timeout: 10_000 });
  server.cutEvents(false);
  await told.waitFor({ state: 'detached', timeout: 20_000 });
});

test('a second window ends this one, which says so and can take back', async () => {
  server.push({ type: 'replaced' });
  await page.getByText('You are signed in in another window').waitFor();
  await page.getByRole('button', { name: 'Use this window instead' }).click();
  await page.getByTestId('status').waitFor();
});

test('a ring that the browser holds back is told, and a click lets it out', async () => {
  await page.addInitScript(`
    Object.defineProperty(AudioContext.prototype, 'state', { get() { return window.touched ? 'running' : 'suspended'; } });
    AudioContext.prototype.resume = async function () { window.touched = true; this.dispatchEvent(new Event('statechange')); };
  `);
  await reload();
  server.push({ type: 'call', call: aCall() });
  const held = page.getByText('The browser holds back the sound.');
  await held.waitFor();
  await page.getByRole('button', { name: 'Turn sound on' }).click();
  await held.waitFor({ state: 'detached' });
});

test('without a microphone nobody becomes ready, and it is said why', async () => {
  await page.addInitScript(
    `navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no', 'NotFoundError'))`,
  );
  await reload();
  await page.getByTestId('ready').click();
  await page.getByText('No microphone was found.').waitFor();
  expect(posted('/v1/me/state')).toEqual([]);
});

test('a wrong password is said in words, and the language can be changed before signing in', async () => {
  const other = await openSoftphone(browser, server);
  server.reset();
  await other.reload();
  server.refusals.set('POST /v1/sign-in', { status: 401, code: 'wrong-password' });
  await other.getByTestId('sign-in-name').fill('hanako');
  await other.getByTestId('sign-in-password').fill('wrong');
  await other.getByTestId('sign-in').click();
  await other.getByText('Name or password is wrong.').waitFor();
  await other.getByRole('button', { name: '日本語' }).click();
  await other.getByText('名前かパスワードが違います。').waitFor();
  expect(await other.evaluate('document.documentElement.lang')).toBe('ja');
  await other.context().close();
});

test('a screen that breaks says what goes on and what to do, instead of being empty', async () => {
  await page.addInitScript(`Intl.DisplayNames = class { constructor() { throw new Error('broken by the test'); } };`);
  server.push({ type: 'call', call: talking });
  await reload();
  const alert = page.getByRole('alert');
  await alert.getByText('A running call or payment goes on.').waitFor();
  await alert.getByRole('button', { name: 'Reload' }).waitFor();
});

test('a number is dialled for the merchant, and the call shows as calling', async () => {
  await page.getByTestId('dial-number').fill('03-1234-5678');
  await page.getByTestId('dial').click();
  await expect
    .poll(() => posted('/v1/calls').map((request) => request.body))
    .toEqual([{ number: '0312345678', merchant: talking.merchant.id }]);
  const call = aCall({ direction: 'out' });
  server.push({ type: 'call', call });
  expect(await server.sip?.invite(call.id, true)).toContain('m=audio');
  await page.getByText('Calling…').waitFor();
  await page.getByTestId('hang-up').click();
  await expect.poll(() => posted(`/v1/calls/${call.id}/hang-up`).length).toBe(1);
});
