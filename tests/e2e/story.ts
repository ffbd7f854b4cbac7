// What the stories have in common: a house, a browser, an agent's window, and a customer on a real SIP phone.
import type { Browser } from 'playwright-core';
import { expect } from 'vitest';
import type { StackOptions } from '../../scripts/demo-stack.ts';
import { AGENT_HZ, CODE, CUSTOMER_HZ, EXPIRY, House } from '../house/house.ts';
import type { Phone } from '../phone/phone.ts';
import { launchChromium } from './chromium.ts';
import { Softphone } from './softphone.ts';

/** How long a story may take, ms. */
export const STORY_MS = 90_000;

export class Story {
  readonly house: House;
  readonly browser: Browser;
  agent!: Softphone;

  private constructor(house: House, browser: Browser) {
    this.house = house;
    this.browser = browser;
  }

  static async open(options: Partial<StackOptions> = {}): Promise<Story> {
    const [house, browser] = await Promise.all([House.open(options), launchChromium(AGENT_HZ)]);
    return new Story(house, browser);
  }

  /** An agent's window, signed in. */
  async window(language: 'en' | 'ja' = 'en'): Promise<Softphone> {
    this.agent = await Softphone.open(this.browser, this.house.stack.softphone, language);
    await this.agent.signIn('hanako', this.house.stack.secrets.hanako);
    return this.agent;
  }

  /** An agent who is ready, and a customer who called and talks with them. */
  async talking(language: 'en' | 'ja' = 'en'): Promise<Phone> {
    const agent = await this.window(language);
    await agent.ready();
    const phone = await this.house.phone();
    const answered = phone.dial(this.house.stack.number, this.house.server);
    await agent.answer();
    await answered;
    await this.hearEachOther(phone);
    return phone;
  }

  async hearEachOther(phone: Phone): Promise<void> {
    await Promise.all([this.agent.ear.hears(CUSTOMER_HZ), phone.hears(AGENT_HZ)]);
  }

  /** From the amount's confirmation to the last digit. */
  async pays(phone: Phone, card: string): Promise<void> {
    await this.agent.step('confirmation');
    await phone.keys('1');
    await this.keysCard(phone, card);
  }

  async keysCard(phone: Phone, card: string): Promise<void> {
    await this.agent.step('card-number');
    await phone.keys(card);
    await this.agent.step('expiry');
    await phone.keys(EXPIRY);
    await this.agent.step('security-code');
    await phone.keys(CODE);
  }

  /** Ends one story, so that the next finds the house empty; a page that wrote errors has failed. */
  async end(): Promise<void> {
    const errors = this.agent?.errors ?? [];
    await this.agent?.close();
    await this.house.clear();
    expect(errors).toEqual([]);
  }

  async close(): Promise<void> {
    await this.browser.close();
    await this.house.close();
  }
}
