import { beforeAll, expect, test } from 'vitest';
import { makeAuthorities } from './authorities.ts';
import { MOTO_REFUSED, RAW_CARDS_REFUSED, stripe } from './peers/stripe.ts';
import type { Subject } from './subject.ts';
import { type Authorities, TIMEOUT_MS, World } from './world.ts';

let authorities: Authorities;
beforeAll(async () => {
  authorities = await makeAuthorities();
});

const SETTINGS = { is: 'failed', reason: 'gateway-settings' };

/** Stripe for an account that may not send card numbers, or not take telephone orders. */
const WITHOUT_RAW_CARDS: Subject = {
  ...stripe,
  answer: (bank, request) =>
    /card\]?\[number\]/.test(decodeURIComponent(request.body)) ? RAW_CARDS_REFUSED : stripe.answer(bank, request),
};
const WITHOUT_MOTO: Subject = {
  ...stripe,
  answer: (bank, request) => (/moto/.test(request.body) ? MOTO_REFUSED : stripe.answer(bank, request)),
};

async function before<T>(subject: Subject, act: (world: World) => Promise<T>): Promise<T> {
  const world = await new World(subject, authorities).open();
  try {
    const result = await act(world);
    expect(world.bank.movements).toEqual([]);
    return result;
  } finally {
    await world.close();
  }
}

test('an account that may not send card numbers is found when its key is entered, and by a payment as no decline', async () => {
  expect(await before(WITHOUT_RAW_CARDS, (world) => world.gateway.test(TIMEOUT_MS))).toBe('gateway-settings');
  for (const purpose of ['charge', 'authorize', 'card-update'] as const)
    expect((await before(WITHOUT_RAW_CARDS, (world) => world.pay(purpose))).answer).toEqual(SETTINGS);
});

test('an account that may not take telephone orders is told as that by its first payment, not as a declined card', async () => {
  for (const purpose of ['charge', 'authorize', 'card-update'] as const)
    expect((await before(WITHOUT_MOTO, (world) => world.pay(purpose))).answer).toEqual(SETTINGS);
});

test('the harmless call sends the published test number, and no other', async () => {
  await before(stripe, async (world) => {
    expect(await world.gateway.test(TIMEOUT_MS)).toBe('works');
    const bodies = world.wire.exchanges.map(({ request }) => decodeURIComponent(request.body)).filter((body) => body);
    expect(bodies).toEqual([`type=card&card[number]=${'42'.repeat(8)}&card[exp_month]=12&card[exp_year]=2040`]);
  });
});
