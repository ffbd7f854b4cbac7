// The wall, measured: while the customer's phone plays a tone without a pause and keys a card, and the agent's microphone plays
// another, nothing of either gets to the other between "shut" and the outcome; after it they hear each other again.
import type { Payment } from '@tonegate/api-schema';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { CARDS } from '../house/house.ts';
import type { KeyTiming, PhoneOptions } from '../phone/phone.ts';
import { hearEachOther, keyBeginning, keyCard, keyRest, Scene, type Talk } from './scene.ts';
import { NOTHING, type WallFigures, WallWatch } from './watch.ts';

let scene: Scene;

beforeAll(async () => {
  scene = await Scene.open();
});
afterAll(() => scene?.close());
afterEach(async () => {
  expect(await scene.clear()).toEqual([]);
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

/** The ways in which a payment can end, and what the customer or the agent does for it. */
const ENDINGS: Record<string, (talk: Talk, keys: KeyTiming) => Promise<Partial<Payment>>> = {
  approved: async (talk, keys) => {
    await keyCard(talk, CARDS.approved, keys);
    return { outcome: 'approved', lastFour: '4242' };
  },
  declined: async (talk, keys) => {
    await keyCard(talk, CARDS.declined, keys);
    // Another card is asked for; there is none.
    await talk.agent.step('card-number');
    await talk.phone.keys('*0', keys);
    return { outcome: 'declined' };
  },
  'stopped by the agent': async (talk, keys) => {
    await keyBeginning(talk, keys);
    await talk.agent.page.getByTestId('stop-payment').click();
    return { outcome: 'cancelled', reason: 'by-agent' };
  },
  'left by the customer with star, zero': async (talk, keys) => {
    await keyBeginning(talk, keys);
    await talk.phone.keys('*0', keys);
    return { outcome: 'cancelled', reason: 'by-customer' };
  },
  'hung up on': async (talk, keys) => {
    await keyBeginning(talk, keys);
    talk.phone.hangUp();
    return { outcome: 'cancelled', reason: 'customer-hung-up' };
  },
};

function expectNothingPassed(figures: WallFigures, which: string): void {
  expect(figures, which).toMatchObject(NOTHING);
  expect(figures.loudest, which).toBeLessThan(-60);
  expect(figures.keptIn, which).toBe(figures.fromFar);
  expect(figures.counted, which).toBeGreaterThan(2);
  // The customer did speak and key all the while.
  expect(figures.sent, which).toBeGreaterThan(20);
}

for (const [name, { phone: options, keys }] of Object.entries(CUSTOMERS)) {
  test(`nothing passes the wall: ${name}`, { timeout: 150_000 }, async () => {
    const { desk, house } = scene;
    const talk = await scene.talking(options);
    for (const [ending, act] of Object.entries(ENDINGS)) {
      const { id } = await desk.start(talk.call, house.order());
      const watch = new WallWatch(desk, await desk.shut(id), talk);
      const wanted = await act(talk, keys);
      const payment = await desk.outcome(id);
      expect(payment, ending).toMatchObject(wanted);
      expectNothingPassed(await watch.end(payment), ending);
      if (!talk.phone.up) break;
      await hearEachOther(talk);
      await desk.open(id);
    }
  });
}

test('a page that is opened anew behind the wall gets a stream that is shut from its birth', {
  timeout: 90_000,
}, async () => {
  const { desk, house } = scene;
  const talk = await scene.talking();
  const { agent, phone } = talk;
  const { id } = await desk.start(talk.call, house.order());
  const payment = await desk.shut(id);
  const before = new WallWatch(desk, payment, talk);
  await keyBeginning(talk, { how: 'both' });
  expectNothingPassed(await before.until(Date.now()), 'the page that goes');
  await agent.page.reload();
  await agent.page.getByTestId('wall-band').waitFor();
  // The call is back: there is sound of the agent's again, at the SFU.
  await expect
    .poll(async () => (await desk.counts(talk.call))?.sfu?.fromAgent ?? 0, { timeout: 10_000 })
    .toBeGreaterThan(20);
  const after = new WallWatch(desk, payment, talk);
  await agent.step('card-number');
  await phone.keys(`${CARDS.approved.slice(7)}#`, { how: 'both' });
  await keyRest(talk, { how: 'both' });
  const ended = await desk.outcome(id);
  expect(ended).toMatchObject({ outcome: 'approved', lastFour: '4242' });
  expectNothingPassed(await after.end(ended), 'the page that came');
  // Since its birth, and not only while it was watched.
  expect((await agent.ear.history()).findLast(({ at }) => at <= (ended.endedAt ?? 0))).toMatchObject({
    packets: 0,
    senderReports: 0,
  });
  await hearEachOther(talk);
});
