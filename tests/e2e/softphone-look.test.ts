import { AxeBuilder } from '@axe-core/playwright';
import type { Call, Payment } from '@tonegate/api-schema';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type BuiltSoftphone, buildSoftphone } from '../../client/test-server/build.ts';
import { MockServer } from '../../client/test-server/mock-server.ts';
import { AGENT, aCall, anEndedCall, aPayment } from '../../client/test-server/scenes.ts';
import { launchChromium } from './chromium.ts';
import { bring, openSoftphone, signIn } from './softphone-page.ts';

let softphone: BuiltSoftphone;
let server: MockServer;
let browser: Browser;

beforeAll(async () => {
  [softphone, browser] = await Promise.all([buildSoftphone(), launchChromium()]);
  server = await MockServer.start(AGENT, softphone.files);
}, 90_000);

afterAll(async () => {
  await browser?.close();
  await server?.stop();
  await softphone?.remove();
});

beforeEach(() => server.reset());

/** Where screenshots go, if anywhere: for people who look at them. */
const SHOTS = process.env['SOFTPHONE_SCREENSHOTS'];
const WIDTHS = [
  [320, 700],
  [768, 900],
  [1440, 900],
] as const;

/** One call each, so that what was left behind in one scene says nothing of the next. */
const SCENES: Record<string, Call | null> = {
  idle: null,
  ringing: aCall({ id: 'b'.repeat(26) }),
  talking: aCall({ id: 'd'.repeat(26), state: 'talking' }),
  'no-keys': aCall({ id: 'e'.repeat(26), state: 'talking', keysPossible: false, keys: keys('info-only') }),
  'no-key-came': aCall({ id: 'r'.repeat(26), state: 'talking', keys: keys('none') }),
  'unknown-keys': aCall({ id: 'q'.repeat(26), state: 'talking', keys: keys('unknown') }),
  payment: inPayment('f', { keys: 10, of: 16, mistakes: 1, waiting: true, waitingSince: Date.now() - 12_000 }),
  'payment-full': inPayment('s', {
    step: 'security-code',
    keys: 1,
    of: 3,
    mistakes: 2,
    waiting: true,
    waitingSince: Date.now() - 12_000,
    speaking: true,
    gentle: true,
    declined: 1,
    cards: 3,
  }),
  verify: inPayment('t', {
    purpose: 'verify',
    step: 'one-time-code',
    keys: 2,
    of: 6,
    order: { ...aPayment().order, amountMinor: 0 },
  }),
  processing: inPayment('u', { step: 'processing' }),
  approved: inPayment('g', {
    outcome: 'approved',
    brand: 'visa',
    lastFour: '4242',
    receipt: 'T-20418',
    possible: ['void', 'refund'],
  }),
  held: inPayment('v', {
    purpose: 'authorize',
    outcome: 'approved',
    brand: 'mastercard',
    lastFour: '4444',
    receipt: 'T-20419',
    possible: ['capture', 'void'],
  }),
  stored: inPayment('w', {
    purpose: 'card-update',
    member: 'C-77',
    order: { ...aPayment().order, amountMinor: 0 },
    outcome: 'approved',
    brand: 'jcb',
    lastFour: '0000',
  }),
  'asked-for-agent': inPayment('x', { outcome: 'cancelled', reason: 'by-customer' }),
  declined: inPayment('k', { outcome: 'declined', reason: 'card-refused' }),
  unknown: inPayment('l', { outcome: 'unknown', reason: 'no-answer' }),
};

function keys(advice: Call['keys']['advice']): Call['keys'] {
  return { ...aCall().keys, advice };
}

function inPayment(letter: string, over: Partial<Payment>): Call {
  const id = letter.repeat(26);
  const payment = aPayment({ ...over, id, call: id });
  return aCall({ id, state: payment.state === 'ended' ? 'talking' : 'payment', payment });
}

async function violations(page: Page): Promise<string[]> {
  const { violations: found } = await new AxeBuilder({ page }).analyze();
  return found.map((one) => `${one.id}: ${one.nodes.map((node) => `${node.html} ${node.failureSummary}`).join(' | ')}`);
}

// Two of the four pairs show each language and each theme once; people who look get all.
const PAIRS = (
  [
    ['en', 'light'],
    ['ja', 'dark'],
    ['ja', 'light'],
    ['en', 'dark'],
  ] as const
).slice(0, SHOTS === undefined ? 2 : 4);

for (const [language, theme] of PAIRS) {
  test(`every screen is accessible and fits its width (${language}, ${theme})`, { timeout: 240_000 }, async () => {
    const page = await openSoftphone(browser, server, { language, theme });
    const look = async (name: string): Promise<void> => {
      for (const [width, height] of WIDTHS) {
        await page.setViewportSize({ width, height });
        if (SHOTS !== undefined) {
          await page.screenshot({ path: `${SHOTS}/${name}-${language}-${theme}-${width}.png` });
        }
        const overflow = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
        expect(overflow, `${name} at ${width} px is wider than its window`).toBeLessThanOrEqual(0);
        if (width !== 768) expect(await violations(page), `${name} at ${width} px`).toEqual([]);
      }
    };
    await look('sign-in');
    server.recent = [
      anEndedCall('h', {
        payment: aPayment({
          outcome: 'approved',
          brand: 'jcb',
          lastFour: '0000',
          receipt: 'T-20417',
          possible: ['refund'],
          refundedMinor: 5_000,
        }),
      }),
      anEndedCall('i', { direction: 'out', number: '09012345678', end: 'no-answer' }),
      anEndedCall('j', { number: null }),
    ];
    const [first] = server.recent;
    server.answers.set(`GET /v1/calls/${first?.id}/payments`, () => ({
      payments: [aPayment({ outcome: 'declined', reason: 'funds' }), first?.payment],
      next: null,
    }));
    await signIn(page, server);
    await page.getByTestId('ready').click();
    await page.getByTestId('call-payments').click();
    await page.getByRole('list').getByText('••••').waitFor();
    await look('call-payments');
    await page.getByTestId('call-payments').click();
    for (const [name, call] of Object.entries(SCENES)) {
      if (call !== null) await bring(page, server, call);
      await look(name);
      // Not by an event: an ended call would keep its outcome and lengthen the list.
      if (call !== null) {
        server.calls = [];
        server.push({ type: 'snapshot', state: 'ready', calls: [], serverTime: Date.now() });
        if (call.payment?.state === 'ended') await page.getByTestId('leave-outcome').click();
        await page.getByTestId('dial-number').waitFor();
      }
    }
    await page.context().close();
  });

  test(`every dialogue and message is accessible (${language}, ${theme})`, { timeout: 90_000 }, async () => {
    const page = await openSoftphone(browser, server, { language, theme });
    await signIn(page, server);
    await bring(page, server, aCall({ state: 'talking' }));
    const glance = async (name: string): Promise<void> => {
      if (SHOTS !== undefined) await page.screenshot({ path: `${SHOTS}/${name}-${language}-${theme}.png` });
      expect(await violations(page), name).toEqual([]);
    };
    for (const panel of ['keypad', 'audio']) {
      await page.getByTestId(panel).click();
      await page.locator('[role=dialog]').waitFor();
      await glance(panel);
      await page.keyboard.press('Escape');
    }
    await page.keyboard.press('?');
    await page.locator('[role=dialog]').waitFor();
    await glance('shortcuts');
    await page.keyboard.press('Escape');
    await page.getByTestId('menu').click();
    await glance('menu');
    await page.keyboard.press('Escape');
    await page.getByTestId('purpose').click();
    await glance('purposes');
    for (const purpose of ['card-update', 'stored-charge', 'verify']) {
      if (purpose !== 'card-update') await page.getByTestId('purpose').click();
      await page.getByTestId(`purpose-${purpose}`).click();
      await glance(purpose);
    }
    await page.getByTestId('take-payment').click();
    await page.locator('[aria-invalid=true]').first().waitFor();
    server.refusals.set(`POST /v1/calls/${aCall().id}/hold`, { status: 500, code: 'server-error' });
    await page.getByTestId('hold').click();
    server.push({ type: 'draining' });
    await page.locator('[data-zone=troubles] [role=alert]').nth(1).waitFor();
    await glance('troubles');
    server.push({ type: 'call', call: aCall({ state: 'payment', payment: aPayment({ step: 'expiry' }) }) });
    for (const help of ['ask-again', 'hint']) {
      await page.getByTestId(help).click();
      await page.locator('[role=menu]').waitFor();
      await glance(help);
      await page.keyboard.press('Escape');
    }
    const paid = aPayment({ outcome: 'approved', brand: 'visa', lastFour: '4242', possible: ['void', 'refund'] });
    server.push({ type: 'call', call: aCall({ state: 'talking', payment: paid }) });
    await page.getByTestId('money-refund').click();
    await glance('refund');
    await page.getByTestId('money-amount').fill('99999');
    await page.getByTestId('money-confirm').click();
    await glance('refund-refused');
    server.money = { answer: { ...paid, id: 'z'.repeat(26), purpose: 'refund', possible: [] }, about: paid };
    await page.getByTestId('money-amount').fill('12800');
    await page.getByTestId('money-confirm').click();
    await page.getByTestId('money-outcome').waitFor();
    await glance('refunded');
    await page.context().close();
  });
}
