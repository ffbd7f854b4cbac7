import { beforeAll, expect, test } from 'vitest';
import { GatewayCredentials } from '../../media-server/src/cde/gateways/gateway-settings.ts';
import { gatewayFrom } from '../../media-server/src/cde/gateways/kinds.ts';
import { makeAuthorities } from './authorities.ts';
import { MOTO_REFUSED, RAW_CARDS_REFUSED, stripe } from './peers/stripe.ts';
import { STORY, testKeyIn } from './stripe-story.ts';
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

async function before<T>(subject: Subject, act: (world: World) => Promise<T>, { moves = false } = {}): Promise<T> {
  const world = await new World(subject, authorities).open();
  try {
    const result = await act(world);
    if (!moves) expect(world.bank.movements).toEqual([]);
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

test('a key of anything but Stripe’s test mode is refused before anything is sent with it', () => {
  expect(testKeyIn({})).toBeUndefined();
  expect(testKeyIn({ STRIPE_TEST_KEY: '' })).toBeUndefined();
  expect(testKeyIn({ STRIPE_TEST_KEY: 'sk_test_abc' })).toBe('sk_test_abc');
  for (const key of ['sk_live_abc', 'rk_live_abc', 'pk_test_abc', 'abc', ' sk_test_abc'])
    expect(() => testKeyIn({ STRIPE_TEST_KEY: key })).toThrow('nothing was sent');
});

test.each(STORY)('our model of Stripe: $name', ({ run }) =>
  before(stripe, ({ gateway }) => run(gateway), { moves: true }),
);

const KEY = testKeyIn(process.env);
const WHY = KEY
  ? ''
  : ' [skipped: needs STRIPE_TEST_KEY=sk_test_…, of an account that may send card numbers in test mode]';

test.skipIf(!KEY).each(STORY)(`Stripe itself, in test mode: $name${WHY}`, { timeout: 120_000 }, async ({ run }) => {
  const gateway = gatewayFrom(GatewayCredentials.parse({ kind: 'stripe', key: KEY }));
  try {
    await run(gateway);
  } finally {
    gateway.close();
  }
});
