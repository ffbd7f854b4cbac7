import type { MerchantGateway, PutGateway } from '@tonegate/api-schema';
import { expect, test } from 'vitest';
import type { Refusal } from '../api/problem.ts';
import { err, ok, type Result } from '../api/result.ts';
import { GatewayDesk } from './gateway-desk.ts';

const standard: MerchantGateway = {
  merchant: 'm',
  own: false,
  kind: 'sandbox',
  settings: {},
  state: 'usable',
  tested: null,
};
const tested = { works: true, result: 'works', message: '', at: 5 };

function desk(answer: (body: PutGateway) => Result<MerchantGateway, Refusal>) {
  const sent: PutGateway[] = [];
  const made = new GatewayDesk({
    api: {
      gateway: async () => ok(standard),
      putGateway: async (_, body) => {
        sent.push(body);
        return answer(body);
      },
      dropGateway: async () => ok(undefined),
      testGateway: async () => ok({ works: false, result: 'gateway-unreachable', message: '' }),
    },
    signedOut: () => undefined,
  });
  return { made, sent };
}

test('nothing is sent while a needed field is empty; a wrong key is said, and kept only when somebody insists', async () => {
  const unfit = err({ code: 'gateway-unfit', reason: 'gateway-settings', fields: [] } as const);
  const own = { ...standard, own: true, kind: 'stripe', settings: { url: 'https://api.stripe.com' }, tested };
  const { made, sent } = desk(({ force }) => (force ? ok({ ...own, tested: { ...tested, result: 'no' } }) : unfit));
  await made.choose('m');
  made.chooseKind('stripe');
  expect(await made.save(false)).toBe(false);
  expect([sent.length, made.state.getState().wrong]).toEqual([0, ['key']]);
  made.edit('key', 'sk_1');
  expect(await made.save(false)).toBe(true);
  expect(made.state.getState()).toMatchObject({ refusedAs: 'gateway-settings', saved: false, values: { key: 'sk_1' } });
  await made.save(true);
  expect(sent.map(({ force }) => force)).toEqual([false, true]);
  // What was typed as a secret is gone once it is kept.
  expect(made.state.getState()).toMatchObject({ refusedAs: null, saved: true, values: { key: '' }, tested: 'no' });
});

test('fields that the server finds unfit are marked; another merchant begins anew', async () => {
  const { made } = desk(() => err({ code: 'gateway-unfit', reason: null, fields: ['url'] }));
  await made.choose('m');
  made.chooseKind('komoju');
  made.edit('key', 'k');
  expect(await made.save(false)).toBe(false);
  expect(made.state.getState()).toMatchObject({ wrong: ['url'], refusedAs: null, problem: null });
  await made.test();
  expect(made.state.getState().tested).toBe('gateway-unreachable');
  made.forgetSecrets();
  expect(made.state.getState().values).toEqual({ key: '', url: 'https://komoju.com', ca: '', proxy: '' });
  made.edit('key', 'k');
  await made.choose('n');
  expect(made.state.getState()).toMatchObject({ merchant: 'n', wrong: [], tested: null });
  expect(JSON.stringify(made.state.getState().values)).not.toContain('"k"');
});
