// What supervisors and administrators see of a real payment, in a real browser, on a whole house.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { CARDS } from '../house/house.ts';
import { Softphone } from './softphone.ts';
import { STORY_MS, Story } from './story.ts';

const VERIFY = path.resolve(import.meta.dirname, '../../verify/tonegate-verify.mjs');

let story: Story;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'tonegate-receipts-'));
  story = await Story.open();
});
afterAll(async () => {
  await story?.close();
  rmSync(folder, { recursive: true, force: true });
});
afterEach(() => story.end());

test('of a payment an administrator reads receipt and audit, checks both, and tests where it went; a prompt’s own sound is taken back', {
  timeout: STORY_MS,
}, async () => {
  const phone = await story.talking();
  await story.agent.takePayment('A-1042', '12,800');
  await story.pays(phone, CARDS.approved);
  expect(await story.agent.outcome()).toContain('Approved');
  await story.hearEachOther(phone);

  const window = await Softphone.open(story.browser, story.house.stack.softphone, 'en');
  const { page } = window;
  await window.signIn('akira', story.house.stack.secrets.akira);
  await page.getByTestId('open-reports').click();

  await page.getByTestId('receipts-tab').click();
  await page.getByTestId('receipts-fetch').click();
  await page.getByTestId('receipts-found').getByText('The chain is whole').waitFor();
  const [file] = await Promise.all([page.waitForEvent('download'), page.getByTestId('receipts-save').click()]);
  const [key] = await Promise.all([page.waitForEvent('download'), page.getByTestId('receipts-save-key').click()]);
  const saved = [path.join(folder, 'receipts.json'), path.join(folder, 'key.pem')] as const;
  await Promise.all([file.saveAs(saved[0]), key.saveAs(saved[1])]);
  const checked = execFileSync(process.execPath, [VERIFY, saved[0], '--key', saved[1], '--first'], {
    encoding: 'utf8',
  });
  expect(checked).toContain('no packet passed the wall');

  await page.getByTestId('audit-tab').click();
  await page.getByTestId('audit-whole').waitFor();
  const entries = page.getByRole('list', { name: 'Entries, newest first' });
  await entries.getByText('Started a payment').waitFor();
  await page.getByTestId('audit-who').selectOption('Mori Akira');
  await entries.getByText('Fetched receipts').waitFor();
  expect(await entries.getByText('Started a payment').count()).toBe(0);

  await page.getByTestId('state-tab').click();
  await page.getByTestId('card-process').getByText('Running').waitFor();
  await page.getByTestId('manual-tab').click();
  await page.getByTestId('manual-none').waitFor();

  await page.getByTestId('merchant-tab').click();
  await page.getByTestId('gateway-kept').getByText('Practice service', { exact: true }).waitFor();
  await page.getByTestId('gateway-test').click();
  await page.getByTestId('gateway-tested').getByText('It answers and takes these details.').waitFor();
  await page.getByTestId('rules-cards').selectOption('3');
  await page.getByTestId('rules-save').click();
  await page.getByTestId('rules-saved').waitFor();

  await page.getByTestId('prompts-tab').click();
  const prompt = page.getByTestId('prompt-card-number');
  await prompt.waitFor();
  const api = `${new URL(story.house.stack.softphone).origin}/v1`;
  const { merchants } = await (await page.request.get(`${api}/me`)).json();
  const sound = await page.request.get(`${api}/merchants/${merchants[0].id}/prompts/ja/card-number`);
  const buffer = await sound.body();
  await prompt.getByTestId('prompt-file').setInputFiles({ name: 'same.wav', mimeType: 'audio/wav', buffer });
  await prompt.getByText('Own: same.wav').waitFor();
  await prompt.getByTestId('prompt-drop').click();
  await prompt.getByText('Ready voice').waitFor();
  expect(window.errors).toEqual([]);
  await window.close();
});
