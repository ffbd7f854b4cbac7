// An agent's browser window as a test drives it: by what a person sees.
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { Ear } from './ear.ts';

export class Softphone {
  readonly page: Page;
  readonly ear: Ear;
  readonly #context: BrowserContext;
  /** What the page wrote on its console as errors, and exceptions: a test that ends well has none. */
  readonly errors: string[] = [];

  private constructor(context: BrowserContext, page: Page, ear: Ear) {
    this.#context = context;
    this.page = page;
    this.ear = ear;
    page.on('pageerror', (error) => this.errors.push(error.message));
  }

  static async open(browser: Browser, url: string, language: 'en' | 'ja' = 'en'): Promise<Softphone> {
    const context = await browser.newContext({
      locale: language === 'ja' ? 'ja-JP' : 'en-US',
      viewport: { width: 1280, height: 800 },
      permissions: ['microphone', 'notifications'],
    });
    const page = await context.newPage();
    const ear = await Ear.of(page);
    const softphone = new Softphone(context, page, ear);
    await page.goto(url);
    return softphone;
  }

  async signIn(name: string, password: string): Promise<void> {
    await this.page.getByTestId('sign-in-name').fill(name);
    await this.page.getByTestId('sign-in-password').fill(password);
    await this.page.getByTestId('sign-in').click();
    await this.page.getByTestId('ready').waitFor();
  }

  /** Ready, and the phone registered: a call would ring here. */
  async ready(): Promise<void> {
    await this.page.locator('[data-quality=online]').waitFor();
    const ready = this.page.getByTestId('ready');
    if ((await ready.getAttribute('aria-checked')) === 'true') return;
    await ready.click();
    await this.page.locator('[data-testid=ready][aria-checked=true]').waitFor();
  }

  async answer(): Promise<void> {
    await this.page.getByTestId('answer').click({ timeout: 10_000 });
  }

  /** Fills the form for this purpose and starts it; what isn't named stays as the form proposes it. */
  async start(purpose: string, fields: { order: string; amount?: string; member?: string; guide?: string }) {
    await this.page.getByTestId('purpose').click();
    await this.page.getByTestId(`purpose-${purpose}`).click();
    for (const [field, text] of Object.entries(fields)) {
      if (field === 'guide') await this.page.getByTestId('guide').selectOption(text);
      else await this.page.getByTestId(field).fill(text);
    }
    await this.page.getByTestId('take-payment').click();
    await this.page.getByTestId('wall-band').waitFor();
  }

  async takePayment(order: string, amount: string, guide: 'en' | 'ja' = 'en'): Promise<void> {
    await this.page.getByTestId('order').fill(order);
    await this.page.getByTestId('amount').fill(amount);
    await this.page.getByTestId('guide').selectOption(guide);
    await this.page.getByTestId('take-payment').click();
    await this.page.getByTestId('wall-band').waitFor();
  }

  /** Resolves when this step is the one under way. */
  async step(step: string, ms = 40_000): Promise<void> {
    await this.page.locator(`[data-testid=payment-step-${step}][aria-current=step]`).waitFor({ timeout: ms });
  }

  /** Does something with an ended payment's money, the question answered with yes. Resolves with what became of it. */
  async moves(action: string, amount?: string): Promise<string> {
    await this.page.getByTestId(`money-${action}`).first().click();
    if (amount !== undefined) await this.page.getByTestId('money-amount').fill(amount);
    await this.page.getByTestId('money-confirm').click();
    const outcome = this.page.getByTestId('money-outcome');
    await outcome.waitFor({ timeout: 20_000 });
    const word = (await outcome.getAttribute('data-outcome')) ?? '';
    await this.page.getByTestId('money-close').click();
    return word;
  }

  /** The word of the payment's outcome: approved, declined, … */
  async outcomeWord(): Promise<string> {
    await this.outcome();
    return (await this.page.getByTestId('outcome').getAttribute('data-outcome')) ?? '';
  }

  async outcome(ms = 40_000): Promise<string> {
    const outcome = this.page.getByTestId('outcome');
    await outcome.waitFor({ timeout: ms });
    return outcome.innerText();
  }

  async close(): Promise<void> {
    await this.#context.close();
  }
}
