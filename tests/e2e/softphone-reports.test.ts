import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { AGENT, aCall, aFunnel, aPrompt, aTrunk, SUPERVISOR } from '../../client/test-server/scenes.ts';
import { openSoftphone, signIn, startSoftphoneHouse } from './softphone-page.ts';

let house: Awaited<ReturnType<typeof startSoftphoneHouse>>;
let page: Page;

beforeAll(async () => {
  house = await startSoftphoneHouse();
}, 90_000);
afterAll(() => house?.stop());
beforeEach(() => {
  house.server.reset();
  house.server.me = SUPERVISOR;
  house.server.funnel = aFunnel();
  house.server.trunks = [
    aTrunk('carrier-a', 'good'),
    aTrunk('carrier-b', 'info-only', { event: 0, info: 31, negotiated: 0 }),
    aTrunk('office', 'tones-only', { event: 0, tone: 97, negotiated: 0 }),
    aTrunk('new', 'too-few-calls', { calls: 2, lastCallAt: null }),
  ];
  house.server.prompts = [
    aPrompt('card-number', 'カード番号を、続けて押してください。'),
    aPrompt('waiting', '確認しています。そのままお待ちください。', {
      fileName: 'waiting.wav',
      lengthMs: 2_400,
      uploadedBy: null,
      uploadedAt: Date.UTC(2026, 4, 12, 5, 30),
    }),
  ];
});
afterEach(() => page?.context().close());

/** Where screenshots go, if anywhere: for people who look at them. */
const SHOTS = process.env['SOFTPHONE_SCREENSHOTS'];

test('an agent has no reports', async () => {
  house.server.me = AGENT;
  page = await openSoftphone(house.browser, house.server);
  await signIn(page, house.server);
  expect(await page.getByTestId('open-reports').count()).toBe(0);
});

test('a supervisor sees where customers leave, in a sentence, a picture and figures, and can narrow it', async () => {
  page = await openSoftphone(house.browser, house.server);
  await signIn(page, house.server);
  await page.getByTestId('open-reports').click();
  await page.getByText('Payments: 1,240; 87% completed. Most customers leave at Card number: 6.1%').waitFor();
  await page.getByText('Card number: 1,219 came to it, 1,145 finished it, 74 left').waitFor({ state: 'attached' });
  const row = page.getByRole('row', { name: /^Card number/ });
  expect(await row.getByRole('cell').allTextContents()).toEqual(
    expect.arrayContaining(['1,219', '1,145', '74', '21', '18', '9', '14', '12']),
  );
  await page.getByTestId('filter-trunk').selectOption('carrier-b');
  await page.getByTestId('filter-period').selectOption('month');
  await expect.poll(() => house.server.asked.at(-1)).toContain('trunk=carrier-b');
  const asked = new URLSearchParams(house.server.asked.at(-1));
  expect(Number(asked.get('to')) - Number(asked.get('from'))).toBe(30 * 86_400_000);
  await page.getByTestId('back-to-calls').click();
  await page.getByTestId('dial-number').waitFor();
});

test('of each trunk it is said what it does with keys, and what its carrier must change', async () => {
  page = await openSoftphone(house.browser, house.server);
  await signIn(page, house.server);
  await page.getByTestId('open-reports').click();
  await page.getByTestId('trunks-tab').click();
  await page.getByTestId('trunk-carrier-a').getByText('Nothing to change.').waitFor();
  await page.getByTestId('trunk-carrier-b').getByText('The carrier must send keys as telephone-event').waitFor();
});

test('a supervisor replaces a prompt by a file, hears which is whose, and takes it back', async () => {
  page = await openSoftphone(house.browser, house.server);
  await signIn(page, house.server);
  await page.getByTestId('open-reports').click();
  await page.getByTestId('prompts-tab').click();
  const prompt = page.getByTestId('prompt-card-number');
  await prompt.getByText('Ready voice, 3.1 sec').waitFor();
  const file = { name: 'greeting.wav', mimeType: 'audio/wav', buffer: Buffer.from('RIFF') };
  await prompt.getByTestId('prompt-file').setInputFiles(file);
  await prompt.getByText('Own: greeting.wav').waitFor();
  const path = `/v1/merchants/${SUPERVISOR.merchants[0]?.id}/prompts/ja/card-number`;
  const sent = house.server.seen.filter((request) => request.path === path);
  expect(sent.map(({ method, body }) => [method, body])).toEqual([['PUT', 'RIFF']]);
  await prompt.getByTestId('prompt-drop').click();
  await prompt.getByText('Ready voice').waitFor();
  house.server.refusals.set(`PUT ${path}`, { status: 422, code: 'sound-unfit' });
  await prompt.getByTestId('prompt-file').setInputFiles(file);
  await page.getByRole('alert').getByText('This sound can’t be a prompt.').waitFor();
  await page.getByTestId('prompts-find').fill('待ち');
  await prompt.waitFor({ state: 'detached' });
  await page.getByTestId('prompt-waiting').waitFor();
});

test('a call that rings goes before the reports', async () => {
  page = await openSoftphone(house.browser, house.server);
  await signIn(page, house.server);
  await page.getByTestId('open-reports').click();
  await page.getByTestId('reports').waitFor();
  house.server.push({ type: 'call', call: aCall() });
  await page.getByTestId('answer').waitFor();
});

test('nothing and a refusal are said in words', async () => {
  house.server.funnel = aFunnel({ payments: 0, steps: [] });
  page = await openSoftphone(house.browser, house.server);
  await signIn(page, house.server);
  await page.getByTestId('open-reports').click();
  await page.getByTestId('funnel-empty').waitFor();
  house.server.refusals.set('GET /v1/funnel', { status: 500, code: 'server-error' });
  await page.getByTestId('filter-period').selectOption('today');
  await page.getByRole('alert').getByText('Something went wrong in the server.').waitFor();
});

const TABS = [
  ['funnel', 'funnel-summary'],
  ['trunks', 'trunk-new'],
  ['prompts', 'prompt-waiting'],
] as const;

for (const [language, theme] of [
  ['en', 'light'],
  ['ja', 'dark'],
] as const) {
  test(`reports are accessible and fit their width (${language}, ${theme})`, { timeout: 60_000 }, async () => {
    page = await openSoftphone(house.browser, house.server, { language, theme });
    await signIn(page, house.server);
    await page.getByTestId('open-reports').click();
    for (const [tab, shown] of TABS) {
      if (tab !== 'funnel') await page.getByTestId(`${tab}-tab`).click();
      await page.getByTestId(shown).waitFor();
      for (const width of [320, 768, 1440]) {
        await page.setViewportSize({ width, height: 900 });
        if (SHOTS !== undefined) {
          await page.screenshot({ path: `${SHOTS}/${tab}-${language}-${theme}-${width}.png` });
        }
        expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0);
        const { violations } = await new AxeBuilder({ page }).analyze();
        expect(violations.map((one) => `${one.id} ${one.nodes.map((node) => node.html).join(' | ')}`)).toEqual([]);
      }
    }
  });
}
