// What the tests of the wall share: a house, an agent in a real browser, a customer's phone, and the card keyed.
import type { Browser } from 'playwright-core';
import type { StackOptions } from '../../scripts/demo-stack.ts';
import { launchChromium } from '../e2e/chromium.ts';
import { Softphone } from '../e2e/softphone.ts';
import { AGENT_HZ, CARDS, CODE, CUSTOMER_HZ, EXPIRY, House } from '../house/house.ts';
import type { KeyTiming, Phone, PhoneOptions } from '../phone/phone.ts';
import { Desk } from './desk.ts';

const CUSTOMER_NUMBER = '09012345678';

/** A customer and an agent who talk. */
export interface Talk {
  readonly phone: Phone;
  readonly agent: Softphone;
  /** The call's id. */
  readonly call: string;
}

export class Scene {
  readonly house: House;
  readonly desk: Desk;
  readonly #browser: Browser;
  #agent: Softphone | undefined;

  private constructor(house: House, browser: Browser) {
    this.house = house;
    this.desk = new Desk(house);
    this.#browser = browser;
  }

  static async open(options: Partial<StackOptions> = {}): Promise<Scene> {
    const [house, browser] = await Promise.all([House.open(options), launchChromium(AGENT_HZ)]);
    return new Scene(house, browser);
  }

  /** An agent who is ready, and a customer who called and whom they talk with. */
  async talking(options: PhoneOptions = {}): Promise<Talk> {
    const agent = await Softphone.open(this.#browser, this.house.stack.softphone);
    this.#agent = agent;
    await agent.signIn('hanako', this.house.stack.secrets.hanako);
    await agent.ready();
    const phone = await this.house.phone({ user: CUSTOMER_NUMBER, ...options });
    const answered = phone.dial(this.house.stack.number, this.house.server);
    await agent.answer();
    await answered;
    await hearEachOther({ agent, phone });
    const { id } = await this.desk.callOf(CUSTOMER_NUMBER);
    return { agent, phone, call: id };
  }

  /** Ends what one test began; what went wrong in the agent's page. */
  async clear(): Promise<string[]> {
    const errors = this.#agent?.errors ?? [];
    await this.#agent?.close();
    this.#agent = undefined;
    await this.house.clear();
    return errors;
  }

  async close(): Promise<void> {
    await this.#browser.close();
    await this.house.close();
  }
}

export async function hearEachOther({ agent, phone }: Pick<Talk, 'agent' | 'phone'>): Promise<void> {
  await Promise.all([agent.ear.hears(CUSTOMER_HZ), phone.hears(AGENT_HZ)]);
}

/** Keys the whole card, field by field as the guide asks. */
export async function keyCard({ agent, phone }: Talk, card: string, timing: KeyTiming = {}): Promise<void> {
  await agent.step('confirmation');
  await phone.keys('1', timing);
  await agent.step('card-number');
  await phone.keys(`${card}#`, timing);
  await keyRest({ agent, phone }, timing);
}

/** Keys what comes after the number. */
export async function keyRest({ agent, phone }: Pick<Talk, 'agent' | 'phone'>, timing: KeyTiming = {}): Promise<void> {
  await agent.step('expiry');
  await phone.keys(EXPIRY, timing);
  await agent.step('security-code');
  await phone.keys(CODE, timing);
}

/** Keys the first seven digits of a card. */
export async function keyBeginning({ agent, phone }: Talk, timing: KeyTiming = {}): Promise<void> {
  await agent.step('confirmation');
  await phone.keys('1', timing);
  await agent.step('card-number');
  await phone.keys(CARDS.approved.slice(0, 7), timing);
}
