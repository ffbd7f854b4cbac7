// Orders that are paid once, and results that aren't known at first: what agents are told, and when.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import type { Payment, PaymentPage, Receipts, ServerEvent } from '@tonegate/api-schema';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { eventually, kill, PAYMENT_MS, pays, talking, totals } from '../faults/trouble.ts';
import { CARDS, CODE, EXPIRY, House } from '../house/house.ts';

let house: House;

beforeAll(async () => {
  house = await House.open();
});
afterAll(() => house?.close());
afterEach(async () => {
  process.kill(sandbox(), 'SIGCONT');
  await house.clear();
});

function sandbox(): number {
  const { pid } = house.stack.sandbox;
  if (pid === undefined) throw new Error('no sandbox runs');
  return pid;
}

test('an order that is paid is not paid again: the second payment is refused in words', {
  timeout: PAYMENT_MS,
}, async () => {
  const talk = await talking(house);
  const order = house.order();
  await pays(talk, order, CARDS.approved);
  expect(await talk.agent.outcome(30_000)).toMatchObject({ outcome: 'approved' });
  await talk.agent.until(({ call }) => call?.state === 'talking', 10_000, 'the wall’s opening');
  await expect(talk.agent.startPayment(order)).rejects.toThrow('409 already-ended');
  // The refused one left nothing: the call's payment is the one that was made.
  await talk.agent.until(({ call }) => call?.state === 'talking', 10_000, 'the wall’s opening');
  const { payments } = (await talk.agent.request('GET', `/v1/calls/${talk.agent.call?.id}/payments`)) as PaymentPage;
  expect(payments).toMatchObject([{ order, outcome: 'approved', possible: ['refund'] }]);
});

test('a result that wasn’t known when the server died is told to the agent’s new window when it is', {
  timeout: 2 * PAYMENT_MS,
}, async () => {
  const talk = await talking(house);
  const order = house.order();
  const before = await totals(house);
  const { id } = await pays(talk, order, CARDS.lateApproval);
  const moved = async () => (await totals(house)).kept > before.kept || undefined;
  await eventually(moved, 'the money to move');
  // The payment service answers no look-up until the agent has a window again.
  process.kill(sandbox(), 'SIGSTOP');
  expect(await talk.agent.outcome(30_000)).toMatchObject({ id, outcome: 'unknown' });
  await talk.agent.until(({ call }) => call?.state === 'talking', 10_000, 'the wall’s opening');
  await expect(talk.agent.startPayment(order)).rejects.toThrow('409 attempt-alive');
  await kill(house.stack.server.pid ?? 0);
  await house.clear();
  await house.stack.startServer();
  const agent = await house.agent();
  const list = async () => ((await agent.request('GET', '/v1/payments?unsettled=true')) as PaymentPage).payments;
  expect(await list()).toContainEqual(expect.objectContaining({ id, outcome: 'unknown' }));
  process.kill(sandbox(), 'SIGCONT');
  const told = (): Payment | undefined =>
    agent.said
      .filter((event): event is Extract<ServerEvent, { type: 'payment' }> => event.type === 'payment')
      .map(({ payment }) => payment)
      .find((payment) => payment.id === id && payment.outcome !== 'unknown');
  await agent.until(() => told() !== undefined, 20_000, 'the news of the payment');
  expect(told()).toMatchObject({ outcome: 'approved', lastFour: '0341', acknowledged: false });
  expect(await list()).toContainEqual(expect.objectContaining({ id, outcome: 'approved' }));
  await agent.request('POST', `/v1/payments/${id}/acknowledge`);
  expect((await list()).some((payment) => payment.id === id)).toBe(false);
});

test('every payment has its receipt of silence, one whose server was killed too; downloaded, they are checked by anybody', async () => {
  const base = `http://127.0.0.1:${house.stack.ports.http}/v1`;
  const headers = { authorization: `Bearer ${house.stack.secrets.apiKey}` };
  const ask = async (path: string) => (await fetch(base + path, { headers })).json() as Promise<unknown>;
  const { payments } = (await ask('/payments')) as PaymentPage;
  const merchant = payments[0]?.merchant;
  const file = (await ask(`/merchants/${merchant}/receipts`)) as Receipts;
  expect(file.receipts.map(({ record }) => record['payment']).sort()).toEqual(payments.map(({ id }) => id).sort());
  const [first] = file.receipts;
  expect(first?.record).toMatchObject({
    outcome: 'approved',
    forwarded: { customerToSfu: 0, customerToAgent: 0, agentToCustomer: 0 },
    keys: { events: 1 + CARDS.approved.length + EXPIRY.length + CODE.length, tones: 0 },
    recorder: 'absent',
  });
  // Outside of the project, with nothing but the program, the file and the key.
  const folder = mkdtempSync(path.join(tmpdir(), 'receipts-'));
  const verify = (given: Receipts, ...words: string[]) => {
    writeFileSync(path.join(folder, 'receipts.json'), JSON.stringify(given));
    const program = path.join(folder, 'verify', 'tonegate-verify.mjs');
    return spawnSync(process.execPath, [program, 'receipts.json', ...words], {
      cwd: folder,
      env: {},
      encoding: 'utf8',
    });
  };
  try {
    cpSync('verify', path.join(folder, 'verify'), { recursive: true });
    writeFileSync(path.join(folder, 'key.pem'), ((await ask('/receipts/key')) as { publicKey: string }).publicKey);
    const whole = verify(file, '--key', 'key.pem', '--first');
    expect(whole.stdout).toContain('complete, unchanged, and no packet passed the wall');
    expect(whole.status).toBe(0);
    expect(verify({ ...file, receipts: file.receipts.slice(1) }, '--key', 'key.pem', '--first').status).toBe(1);
    expect(verify({ ...file, receipts: file.receipts.slice(0, -1) }, '--key', 'key.pem').status).toBe(1);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
