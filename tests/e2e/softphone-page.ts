import type { Call } from '@tonegate/api-schema';
import type { Browser, Page } from 'playwright-core';
import { expect } from 'vitest';
import { buildSoftphone } from '../../client/test-server/build.ts';
import { MockServer } from '../../client/test-server/mock-server.ts';
import { AGENT } from '../../client/test-server/scenes.ts';
import { launchChromium } from './chromium.ts';

export interface SoftphoneWindow {
  readonly language?: 'ja' | 'en';
  readonly theme?: 'light' | 'dark';
  /** Most tests look at a window that stands still; most people have one that moves. */
  readonly moving?: boolean;
}

/** A fresh window as wide as a side panel, before anybody has signed in. */
export async function openSoftphone(browser: Browser, server: MockServer, how: SoftphoneWindow = {}): Promise<Page> {
  const context = await browser.newContext({
    locale: how.language === 'ja' ? 'ja-JP' : 'en-GB',
    timezoneId: 'Asia/Tokyo',
    colorScheme: how.theme ?? 'light',
    reducedMotion: how.moving ? 'no-preference' : 'reduce',
    viewport: { width: 360, height: 720 },
    permissions: ['microphone', 'notifications', 'clipboard-read', 'clipboard-write'],
  });
  const page = await context.newPage();
  await page.goto(server.origin);
  return page;
}

/** Signs in and waits until the phone is registered. */
export async function signIn(page: Page, server: MockServer): Promise<void> {
  await page.getByTestId('sign-in-name').fill('hanako');
  await page.getByTestId('sign-in-password').fill('correct horse');
  await page.getByTestId('sign-in').click();
  await page.getByTestId('status').waitFor();
  await expect.poll(() => server.sip?.registered ?? false).toBe(true);
}

/** Brings a call to the window, with its media leg standing where the call does. */
export async function bring(page: Page, server: MockServer, call: Call): Promise<void> {
  server.push({ type: 'call', call });
  if (call.state !== 'ringing') await server.sip?.invite(call.id, true);
  await page.getByTestId('call-number').waitFor();
}

/** A built softphone, its test server and a browser; `stop` ends and removes all of it. */
export async function startSoftphoneHouse(): Promise<{ server: MockServer; browser: Browser; stop(): Promise<void> }> {
  const [softphone, browser] = await Promise.all([buildSoftphone(), launchChromium()]);
  const server = await MockServer.start(AGENT, softphone.files);
  return {
    server,
    browser,
    stop: async () => {
      await browser.close();
      await server.stop();
      await softphone.remove();
    },
  };
}
