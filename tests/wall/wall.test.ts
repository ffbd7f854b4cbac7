// The wall, measured: while the customer's phone plays a tone without a pause and keys a card, and the agent's microphone plays
// another, nothing of either gets to the other between "shut" and the outcome; after it they hear each other again.
import type { Payment } from '@tonegate/api-schema';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { launchChromium } from '../e2e/chromium.ts';
import { Softphone } from '../e2e/softphone.ts';
import { AGENT_HZ, CARDS, CODE, CUSTOMER_HZ, EXPIRY, House } from '../house/house.ts';
import type { KeyTiming, Phone, PhoneOptions } from '../phone/phone.ts';
import { Desk } from './desk.ts';
import { WallWatch } from './watch.ts';

let house: House;
let desk: Desk;
let browser: Browser;
let agent: Softphone;

beforeAll(async () => {
  [house, browser] = await Promise.all([House.open(), launchChromium(AGENT_HZ)]);
  desk = new Desk(house);
});

afterAll(async () => {
  await browser?.close();
  await house?.close();
});

afterEach(async () => {
  const errors = agent?.errors ?? [];
  await agent?.close();
  await house.clear();
  expect(errors).toEqual([]);
});

interface Customer {
  readonly phone: PhoneOptions;
  readonly keys: KeyTiming;
}

const CUSTOMERS: Record<string, Customer> = {
  'events and tones at once, PCMU': { phone: { codecs: ['PCMU'] }, keys: { how: 'both', on: 80, off: 80 } },
  'tones alone, PCMA, 30 ms a packet': {
    phone: { codecs: ['PCMA'], keysType: null, ptime: 30 },
    keys: { how: 'tone', on: 90, off: 90 },
  },
  'events alone, PCMU, 40 ms a packet': {
    phone: { codecs: ['PCMU'], ptime: 40 },
    keys: { how: 'event', on: 80, off: 80 },
  },
  'events and tones at once, PCMA': { phone: { codecs: ['PCMA'] }, keys: { how: 'both', on: 80, off: 80 } },
};

async function agentIsReady(): Promise<void> {
  agent = await Softphone.open(browser, house.stack.softphone);
  await agent.signIn('hanako', house.stack.secrets.hanako);
  await agent.ready();
}

/** A customer who called and talks with the agent; the call's id. */
async function talking(options: PhoneOptions): Promise<{ phone: Phone; call: string }> {
  const phone = await house.phone(options);
  const answered = phone.dial(house.stack.number, house.server);
  await agent.answer();
  await answered;
  await hearEachOther(phone);
  return { phone, call: (await desk.callOf('09012345678')).id };
}

async function hearEachOther(phone: Phone): Promise<void> {
  await Promise.all([agent.ear.hears(CUSTOMER_HZ), phone.hears(AGENT_HZ)]);
}

async function keyCard(phone: Phone, card: string, timing: KeyTiming): Promise<void> {
  await agent.step('confirmation');
  await phone.keys('1', timing);
  await agent.step('card-number');
  await phone.keys(`${card}#`, timing);
  await agent.step('expiry');
  await phone.keys(EXPIRY, timing);
  await agent.step('security-code');
  await phone.keys(CODE, timing);
}

async function toTheNumber(phone: Phone, timing: KeyTiming): Promise<void> {
  await agent.step('confirmation');
  await phone.keys('1', timing);
  await agent.step('card-number');
  await phone.keys(CARDS.approved.slice(0, 7), timing);
}

/** The ways in which a payment can end, and what the customer or the agent does for it. */
const ENDINGS: Record<string, (phone: Phone, timing: KeyTiming) => Promise<Partial<Payment>>> = {
  approved: async (phone, timing) => {
    await keyCard(phone, CARDS.approved, timing);
    return { outcome: 'approved', lastFour: '4242' };
  },
  declined: async (phone, timing) => {
    await keyCard(phone, CARDS.declined, timing);
    return { outcome: 'declined' };
  },
  'stopped by the agent': async (phone, timing) => {
    await toTheNumber(phone, timing);
    await agent.page.getByTestId('stop-payment').click();
    return { outcome: 'cancelled', reason: 'by-agent' };
  },
  'left by the customer with star, zero': async (phone, timing) => {
    await toTheNumber(phone, timing);
    await phone.keys('*0', timing);
    return { outcome: 'cancelled', reason: 'by-customer' };
  },
  'hung up on': async (phone, timing) => {
    await toTheNumber(phone, timing);
    phone.hangUp();
    return { outcome: 'cancelled', reason: 'customer-hung-up' };
  },
};

for (const [name, { phone: options, keys }] of Object.entries(CUSTOMERS)) {
  test(`nothing passes the wall: ${name}`, { timeout: 150_000 }, async () => {
    await agentIsReady();
    const { phone, call } = await talking(options);
    for (const [ending, act] of Object.entries(ENDINGS)) {
      const { id } = await desk.start(call, house.order());
      const watch = new WallWatch(desk, await desk.shut(id), agent.ear, phone);
      const wanted = await act(phone, keys);
      const payment = await desk.outcome(id);
      expect(payment, ending).toMatchObject(wanted);
      const figures = await watch.end(payment.endedAt ?? 0);
      console.info(ending, JSON.stringify(figures));
      expect(figures, ending).toMatchObject({
        packets: 0,
        senderReports: 0,
        fromCustomer: 0,
        toAgent: 0,
        toCustomer: 0,
        toSfu: 0,
        passedToFar: 0,
        toneAtPhone: 0,
      });
      expect(figures.loudest, ending).toBeLessThan(-60);
      expect(figures.keptIn, ending).toBe(figures.fromFar);
      expect(figures.sent, ending).toBeGreaterThan(20);
      if (!phone.up) break;
      await hearEachOther(phone);
      await desk.open(id);
    }
  });
}
