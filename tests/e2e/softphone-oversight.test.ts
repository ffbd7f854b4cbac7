import { AxeBuilder } from '@axe-core/playwright';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { AuditEntry, Me } from '@tonegate/api-schema';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import {
  ADMINISTRATOR,
  aFunnel,
  aPayment,
  anAttempt,
  anAuditEntry,
  anEndedCall,
  aServerState,
  SUPERVISOR,
} from '../../client/test-server/scenes.ts';
import { openSoftphone, signIn, startSoftphoneHouse } from './softphone-page.ts';

const MERCHANT = SUPERVISOR.merchants[0]?.id ?? '';

let house: Awaited<ReturnType<typeof startSoftphoneHouse>>;
let page: Page;

beforeAll(async () => {
  house = await startSoftphoneHouse();
}, 90_000);
afterAll(() => house?.stop());
beforeEach(() => {
  house.server.reset();
});
afterEach(() => page?.context().close());

async function open(me: Me, tab: string): Promise<void> {
  house.server.me = me;
  page = await openSoftphone(house.browser, house.server);
  await signIn(page, house.server);
  await page.getByTestId('open-reports').click();
  await page.getByTestId(`${tab}-tab`).click();
}

function answer(request: string, value: (query: URLSearchParams) => unknown): void {
  house.server.answers.set(request, value);
}

/** What the window saves by a button. */
async function saved(testId: string): Promise<{ name: string; text: string }> {
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByTestId(testId).click()]);
  return { name: download.suggestedFilename(), text: readFileSync(await download.path(), 'utf8') };
}

test('a supervisor fetches a period’s receipts, reads that the chain is whole, and saves what checks it elsewhere', async () => {
  const record = { forwarded: { customerToSfu: 0 }, number: 7, previous: '0'.repeat(64) };
  const digest = createHash('sha256').update(JSON.stringify(record)).digest('hex');
  const second = { forwarded: { customerToSfu: 0 }, number: 8, previous: digest };
  const end = createHash('sha256').update(JSON.stringify(second)).digest('hex');
  const receipts = [record, second].map((one) => ({ record: one, signature: 'x' }));
  let asked: URLSearchParams | undefined;
  answer(`GET /v1/merchants/${MERCHANT}/receipts`, (query) => {
    asked = query;
    return { receipts, head: { number: 8, digest: end }, next: null };
  });
  answer('GET /v1/receipts/key', () => ({ key: 'k', publicKey: 'PEM' }));
  await open(SUPERVISOR, 'receipts');
  await page.getByTestId('days-from').fill('2026-05-01');
  await page.getByTestId('days-to').fill('2026-05-31');
  await page.getByTestId('receipts-fetch').click();
  await page.getByTestId('receipts-found').getByText('Receipts 7 to 8, 2 in all').waitFor();
  await page.getByText('The chain is whole').waitFor();
  await page.getByText('npx tonegate-verify receipts.json --key key.pem').waitFor();
  expect(Number(asked?.get('until')) - Number(asked?.get('since'))).toBe(31 * 86_400_000);
  const file = await saved('receipts-save');
  const head = { number: 8, digest: end };
  expect([file.name, JSON.parse(file.text)]).toEqual(['receipts.json', { receipts, head, publicKey: 'PEM' }]);
  expect(await saved('receipts-save-key')).toEqual({ name: 'key.pem', text: 'PEM' });
  receipts[1] = { record: { ...second, number: 9 }, signature: 'x' };
  await page.getByTestId('receipts-fetch').click();
  await page.getByText('The chain isn’t whole').waitFor();
  await page.getByText('Before receipt 9 some are missing.').waitFor();
});

test('a supervisor sees which lines are closed and why, what isn’t in force, and what nobody approved; nothing of an administrator’s', async () => {
  answer('GET /v1/state', () => aServerState());
  await open(SUPERVISOR, 'state');
  const closed = page.getByTestId('canary-carrier-b');
  await closed.getByText('Payments closed').waitFor();
  await closed.getByText('leak: packets passed the card process’s valve').waitFor();
  await page.getByTestId('canary-').getByText('Not proven yet').waitFor();
  await page.getByTestId('card-process').getByText('can be swapped to disk').waitFor();
  await page.getByTestId('scope-map').getByText('0.0.0.0:8443').waitFor();
  answer('GET /v1/state', () => aServerState({ canary: null, scopeMap: { approved: false, changes: [] } }));
  await page.getByTestId('state-again').click();
  await page.getByTestId('canary-off').waitFor();
  await page.getByTestId('scope-map').getByText('Not approved yet').waitFor();
  for (const tab of ['manual', 'audit', 'merchant']) expect(await page.getByTestId(`${tab}-tab`).count()).toBe(0);
});

test('an administrator settles what a payment service never answered, after a question that says what follows', async () => {
  const attempts = [anAttempt('a'), anAttempt('b', { reversing: true, why: 'no-gateway' })];
  answer('GET /v1/manual', () => ({ attempts, more: 0 }));
  answer(`POST /v1/manual/${'a'.repeat(26)}/resolve`, () => {
    attempts.shift();
    return aPayment({ outcome: 'failed', reason: 'no-answer' });
  });
  await open(ADMINISTRATOR, 'manual');
  const first = page.getByTestId(`manual-${'a'.repeat(26)}`);
  await first.getByText(`a${'q'.repeat(25)}`).waitFor();
  const second = page.getByTestId(`manual-${'b'.repeat(26)}`);
  await second.getByText('It can only be settled as given back.').waitFor();
  expect(await second.getByTestId('manual-approved').count()).toBe(0);
  await first.getByTestId('manual-not-executed').click();
  await page.getByText('the order can be tried again').waitFor();
  await page.getByText('This can’t be undone').waitFor();
  expect(house.server.seen.filter(({ path }) => path.includes('/resolve'))).toEqual([]);
  await page.getByTestId('manual-confirm').click();
  await page.getByTestId('manual-done').waitFor();
  await page.getByTestId('manual-close').click();
  await first.waitFor({ state: 'detached' });
  const sent = house.server.seen.filter(({ path }) => path.includes('/resolve'));
  expect(sent.map(({ body }) => body)).toEqual([{ as: 'not-executed' }]);
  expect(await page.getByTestId('manual-tab').innerText()).toContain('1');
});

test('an administrator enters a payment service: empty fields and a wrong key are said in words, and a failed test is overridden only on purpose', async () => {
  const path = `/v1/merchants/${MERCHANT}/gateway`;
  const standard = {
    merchant: MERCHANT,
    own: false,
    kind: 'sandbox',
    settings: {},
    state: 'usable',
    tested: null,
  };
  const own = { ...standard, own: true, kind: 'stripe', settings: { url: 'https://api.stripe.com' } };
  answer(`GET ${path}`, () => standard);
  answer(`POST ${path}/test`, () => ({ works: false, result: 'gateway-unreachable', message: '' }));
  answer(`GET /v1/merchants/${MERCHANT}/rules`, () => ({
    gentle: false,
    cards: 2,
    brands: null,
    amountLimitMinor: null,
    agentsTypePhones: false,
  }));
  house.server.refusals.set(`GET ${path}`, { status: 503, code: 'card-process-down' });
  await open(ADMINISTRATOR, 'merchant');
  await page.getByRole('alert').getByText('The card part of the system is restarting.').waitFor();
  house.server.refusals.clear();
  await page.getByTestId('funnel-tab').click();
  await page.getByTestId('merchant-tab').click();
  await page.getByTestId('gateway-kind').selectOption('stripe');
  await page.getByTestId('gateway-save').click();
  await page.getByRole('alert').getByText('Please fill this in.').waitFor();
  expect(await page.evaluate('document.activeElement.dataset.testid')).toBe('gateway-key');
  house.server.refusals.set(`PUT ${path}`, { status: 422, code: 'gateway-unfit', reason: 'gateway-settings' });
  await page.getByTestId('gateway-key').fill('sk_wrong');
  await page.getByTestId('gateway-save').click();
  await page.getByRole('alert').getByText('Nothing was saved: It doesn’t take these details.').waitFor();
  house.server.refusals.clear();
  answer(`PUT ${path}`, () => ({
    ...own,
    tested: { works: false, result: 'gateway-settings', message: '', at: Date.now() },
  }));
  await page.getByTestId('gateway-force').click();
  await page.getByText('every payment of this merchant will fail').waitFor();
  await page.getByTestId('gateway-force-confirm').click();
  await page.getByTestId('gateway-saved').waitFor();
  const puts = house.server.seen.filter(({ method, path: to }) => method === 'PUT' && to === path);
  const gateway = { kind: 'stripe', url: 'https://api.stripe.com' };
  expect(puts.map(({ body }) => body)).toEqual(
    [false, true].map((force) => ({ gateway, credentials: { key: 'sk_wrong' }, force })),
  );
  expect(await page.getByTestId('gateway-key').inputValue()).toBe('');
  await page.getByTestId('gateway-test').click();
  await page.getByTestId('gateway-tested').getByText('It can’t be reached.').waitFor();
});

test('an administrator changes a merchant’s rules', async () => {
  const path = `/v1/merchants/${MERCHANT}/rules`;
  const rules = { gentle: false, cards: 2, brands: null, amountLimitMinor: null, agentsTypePhones: false };
  answer(`GET ${path}`, () => rules);
  const changed = {
    gentle: true,
    cards: 3,
    brands: ['visa', 'jcb'],
    amountLimitMinor: 50_000,
    agentsTypePhones: false,
  };
  answer(`PUT ${path}`, () => changed);
  await open(ADMINISTRATOR, 'merchant');
  await page.getByTestId('rules-gentle').check();
  await page.getByTestId('rules-cards').selectOption('3');
  await page.getByTestId('rules-limit').fill('50,000');
  await page.getByTestId('rules-all-brands').uncheck();
  await page.getByTestId('rules-save').click();
  await page.getByText('Choose at least one brand, or all.').waitFor();
  await page.getByTestId('rules-brand-jcb').check();
  await page.getByTestId('rules-brand-visa').check();
  await page.getByTestId('rules-save').click();
  await page.getByTestId('rules-saved').waitFor();
  expect(house.server.seen.find(({ method, path: to }) => method === 'PUT' && to === path)?.body).toEqual(changed);
});

test('an administrator reads the audit by who and what, takes it out, and is told where it was tampered with', async () => {
  const asked: string[] = [];
  answer('GET /v1/audit', (query) => {
    asked.push(query.toString());
    const entries: AuditEntry[] =
      query.get('action') === 'sign-in'
        ? [anAuditEntry(3, { action: 'sign-in', merchant: null, detail: { ip: '127.0.0.1' } })]
        : [anAuditEntry(5), anAuditEntry(4, { actorKind: 'server', actor: null, action: 'retention-erase' })];
    return { entries, next: null };
  });
  answer('GET /v1/audit/actors', () => ({
    actors: [{ id: ADMINISTRATOR.id, kind: 'person', name: 'Mori Akira' }],
  }));
  answer('GET /v1/audit/check', () => ({ ok: true, findings: [] }));
  await open(ADMINISTRATOR, 'audit');
  await page.getByTestId('audit-whole').waitFor();
  const list = page.getByRole('list', { name: 'Entries, newest first' });
  expect(await list.getByRole('listitem').allInnerTexts()).toEqual([
    expect.stringMatching(/Changed a merchant’s rules\s+Mori Akira · Tanaka Foods/),
    expect.stringMatching(/Erased what was too old\s+The server/),
  ]);
  await page.getByTestId('audit-what').selectOption('sign-in');
  await page.getByTestId('audit-who').selectOption('Mori Akira');
  await list.getByText('Signed in').waitFor();
  await expect.poll(() => asked.at(-1)).toContain(`actor=${ADMINISTRATOR.id}`);
  const { name, text } = await saved('audit-export');
  expect([name, text.split('\r\n')[1]]).toEqual(['audit.csv', expect.stringContaining('Mori Akira')]);
  expect(asked.at(-1)).toContain('export=true');
  answer('GET /v1/audit/check', () => ({ ok: false, findings: ['row 4 was changed'] }));
  await page.getByText('Check again').click();
  await page.getByTestId('audit-tampered').getByText('row 4 was changed').waitFor();
});

test('every payment of an earlier call is shown on request, each with what became of it', async () => {
  const call = anEndedCall('h', { payment: aPayment({ outcome: 'approved', brand: 'visa', lastFour: '4242' }) });
  house.server.recent = [call];
  answer(`GET /v1/calls/${call.id}/payments`, () => ({
    payments: [
      aPayment({ outcome: 'declined', reason: 'funds' }),
      aPayment({ id: 'n'.repeat(26), outcome: 'approved', brand: 'visa', lastFour: '4242', receipt: 'T-7' }),
    ],
    next: null,
  }));
  house.server.me = SUPERVISOR;
  page = await openSoftphone(house.browser, house.server);
  await signIn(page, house.server);
  const all = page.getByTestId('call-payments');
  await all.click();
  const list = page.getByRole('list', { name: 'All payments of this call' });
  await list.getByText('Declined').waitFor();
  await list.getByText('Visa •••• 4242 · Receipt T-7').waitFor();
  expect(await all.getAttribute('aria-expanded')).toBe('true');
  await all.click();
  await list.waitFor({ state: 'detached' });
});

/** Where screenshots go, if anywhere: for people who look at them. */
const SHOTS = process.env['SOFTPHONE_SCREENSHOTS'];
const RULES = { gentle: true, cards: 3, brands: ['visa', 'jcb'], amountLimitMinor: 50_000, agentsTypePhones: false };

/** Every view with something in it, mostly bad: that is when it has to be read rightly. */
function fill(): void {
  house.server.funnel = aFunnel();
  const receipts = [7, 9].map((number) => ({ record: { number, previous: '0' }, signature: 'x' }));
  answer(`GET /v1/merchants/${MERCHANT}/receipts`, () => ({ receipts, head: null, next: null }));
  answer('GET /v1/receipts/key', () => ({ key: 'k', publicKey: 'PEM' }));
  answer('GET /v1/state', () => aServerState());
  answer('GET /v1/manual', () => ({ attempts: [anAttempt('a'), anAttempt('b', { reversing: true })], more: 3 }));
  answer('GET /v1/audit', () => ({ entries: [anAuditEntry(1_205), anAuditEntry(1_204)], next: 1_204 }));
  answer('GET /v1/audit/actors', () => ({
    actors: [{ id: ADMINISTRATOR.id, kind: 'person', name: 'Mori Akira' }],
  }));
  answer('GET /v1/audit/check', () => ({ ok: false, findings: ['row 4 was changed'] }));
  answer(`GET /v1/merchants/${MERCHANT}/rules`, () => RULES);
  const tested = { works: false, result: 'gateway-settings', message: '', at: Date.UTC(2026, 4, 12, 5, 30) };
  answer(`GET /v1/merchants/${MERCHANT}/gateway`, () => ({
    merchant: MERCHANT,
    own: true,
    kind: 'gmo-openapi',
    settings: { url: 'https://openapi.mul-pay.jp', shopId: 'shop-1', merchant: { name: '田中食品' } },
    state: 'usable',
    tested,
  }));
}

/** What is pressed in a view before it is looked at, and what has to be there by then. */
const VIEWS = [
  ['manual', null, 'manual-approved'],
  ['manual', 'manual-approved', 'manual-confirm'],
  ['state', null, 'scope-map'],
  ['receipts', 'receipts-fetch', 'receipts-save'],
  ['audit', null, 'audit-older'],
  ['merchant', 'gateway-save', 'gateway-drop'],
] as const;

for (const [language, theme] of (
  [
    ['en', 'light'],
    ['ja', 'dark'],
    ['ja', 'light'],
    ['en', 'dark'],
  ] as const
).slice(0, SHOTS === undefined ? 2 : 4)) {
  test(`each view is accessible and fits its width (${language}, ${theme})`, { timeout: 90_000 }, async () => {
    fill();
    house.server.me = ADMINISTRATOR;
    page = await openSoftphone(house.browser, house.server, { language, theme });
    await signIn(page, house.server);
    await page.getByTestId('open-reports').click();
    for (const [tab, press, there] of VIEWS) {
      if (press === null || tab !== 'manual') await page.getByTestId(`${tab}-tab`).click();
      if (press !== null) await page.getByTestId(press).first().click();
      await page.getByTestId(there).first().waitFor();
      for (const width of [320, 768, 1440]) {
        await page.setViewportSize({ width, height: 900 });
        const name = `${tab}${press === 'manual-approved' ? '-question' : ''}`;
        if (SHOTS !== undefined) await page.screenshot({ path: `${SHOTS}/${name}-${language}-${theme}-${width}.png` });
        const overflow = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
        expect(overflow, `${name} at ${width} px`).toBeLessThanOrEqual(0);
        if (width === 768) continue;
        const { violations } = await new AxeBuilder({ page }).analyze();
        const said = violations.map((one) => `${one.id} ${one.nodes.map((node) => node.html).join(' | ')}`);
        expect(said, `${name} at ${width} px`).toEqual([]);
      }
      if (press === 'manual-approved') await page.keyboard.press('Escape');
    }
  });
}
