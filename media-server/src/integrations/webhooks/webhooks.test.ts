import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { TestClock } from '../../shared/clock.ts';
import { newId } from '../../shared/ids.ts';
import { silentLogger } from '../../shared/logger.ts';
import { addCall } from '../../storage/calls.ts';
import { type Demo, seedDemo } from '../../storage/demo.ts';
import { addPayment, endPayment } from '../../storage/payments.ts';
import type { Storage } from '../../storage/storage.ts';
import { callRow, memoryStorage } from '../../storage/test-storage.ts';
import { nextTry } from './next-try.ts';
import { WebhookSettings } from './settings.ts';
import { Webhooks } from './webhooks.ts';

let storage: Storage;
let demo: Demo;
let folder: string;
let clock: TestClock;
let server: Server;
let call: string;
let status: number;
let received: { headers: IncomingHttpHeaders; body: string }[];
let counted: string[];
let woken: () => void;
const open: Webhooks[] = [];

beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'webhooks-'));
  writeFileSync(path.join(folder, 'secret'), 'key of the test');
  clock = new TestClock();
  storage = await memoryStorage(clock.now());
  demo = await seedDemo(storage, { folder, realm: 'tonegate.local', now: clock.now() });
  const row = callRow(demo);
  await addCall(storage, row);
  call = row.id;
  status = 204;
  received = [];
  counted = [];
  woken = () => {};
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += chunk));
    request.on('end', () => {
      received.push({ headers: request.headers, body });
      response.writeHead(status).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  for (const webhooks of open.splice(0)) webhooks.close();
  server.close();
  await storage.destroy();
  rmSync(folder, { recursive: true });
});

function start(): Webhooks {
  const settings = WebhookSettings.parse({
    merchant: demo.merchant,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    secret: { file: path.join(folder, 'secret') },
  });
  const count = (result: string) => {
    counted.push(result);
    woken();
  };
  const webhooks = new Webhooks([settings], { storage, clock, log: silentLogger, counted: count });
  open.push(webhooks);
  return webhooks;
}

async function pay(reference: string, outcome: 'approved' | 'unknown' = 'approved'): Promise<string> {
  const id = newId(clock.now());
  const order = { reference, description: null, amountMinor: 500, currency: 'JPY' as const };
  const from = { person: null, apiKey: null, purpose: 'charge' as const, language: 'ja', startedAt: 1 };
  const { merchant, organisation } = demo;
  await addPayment(storage, { ...order, ...from, id, merchant, organisation, call });
  const card = { brand: 'visa', lastFour: '4242', receipt: 'R-1' };
  await endPayment(storage, id, { outcome, reason: 'none', ...card, endedAt: 2 });
  return id;
}

async function tries(count: number): Promise<void> {
  while (counted.length < count) await new Promise<void>((resolve) => (woken = resolve));
  // What follows a try (it is crossed out, or put off) is written by then.
  await storage.selectFrom('webhookEvents').select('id').execute();
  await new Promise((resolve) => setImmediate(resolve));
}

const waiting = () => storage.selectFrom('webhookEvents').selectAll().execute();

test('an outcome is told once, signed, without anything of the card', async () => {
  const payment = await pay('A-1');
  await start().news(payment);
  await tries(1);
  const [{ headers, body } = { headers: {}, body: '' }] = received;
  const [, sentAt, signature] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(headers['tonegate-signature'])) ?? [];
  expect(createHmac('sha256', 'key of the test').update(`${sentAt}.${body}`).digest('hex')).toBe(signature);
  expect(JSON.parse(body)).toEqual({
    id: headers['tonegate-event'],
    type: 'payment',
    at: clock.now(),
    merchant: demo.merchant,
    payment: {
      ...{ id: payment, call, purpose: 'charge', reference: 'A-1', member: null, about: null, amountMinor: 500 },
      ...{ currency: 'JPY', outcome: 'approved', reason: 'none', startedAt: 1, endedAt: 2 },
    },
  });
  expect(body).not.toMatch(/4242|visa|R-1/);
  expect(await waiting()).toEqual([]);
  expect(received).toHaveLength(1);
});

test('what is not taken is told again later, in order, also after a new start of the server', async () => {
  status = 500;
  const webhooks = start();
  const [first, second] = [await pay('A-1', 'unknown'), await pay('A-2')];
  await webhooks.news(first);
  await tries(1);
  await webhooks.news(second);
  clock.advance(999);
  expect(counted).toEqual(['not-taken']);
  clock.advance(1);
  await tries(2);
  webhooks.close();
  expect(await waiting()).toHaveLength(2);

  status = 200;
  await endPayment(storage, first, { outcome: 'declined', reason: 'funds', endedAt: 3 });
  clock.advance(5000);
  start();
  await tries(4);
  const told = received.slice(2).map(({ body }) => JSON.parse(body).payment);
  expect(told.map(({ reference, outcome }) => `${reference} ${outcome}`)).toEqual(['A-1 declined', 'A-2 approved']);
  expect(received[2]?.headers['tonegate-event']).toBe(received[0]?.headers['tonegate-event']);
  expect(counted).toEqual(['not-taken', 'not-taken', 'taken', 'taken']);
  expect(await waiting()).toEqual([]);
});

test('a merchant without a webhook is told nothing, and nothing is kept for it', async () => {
  const payment = await pay('A-1');
  const webhooks = new Webhooks([], { storage, clock, log: silentLogger, counted: () => {} });
  await webhooks.news(payment);
  expect(await waiting()).toEqual([]);
});

test('waits grow to an hour, and after three days an event is given up', () => {
  const waits = Array.from({ length: 8 }, (_, i) => nextTry(i + 1, 0, 0));
  expect(waits).toEqual([1000, 5000, 30_000, 120_000, 600_000, 3_600_000, 3_600_000, 3_600_000]);
  expect(nextTry(50, 0, 3 * 86_400_000 + 1)).toBeUndefined();
});
