import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { TestClock } from '../../shared/clock.ts';
import { type Id, newId } from '../../shared/ids.ts';
import { createLogger } from '../../shared/logger.ts';
import { Secret } from '../../shared/secret.ts';
import { addCall } from '../../storage/calls.ts';
import { type Demo, seedDemo } from '../../storage/demo.ts';
import { putMember } from '../../storage/members.ts';
import { addPayment } from '../../storage/payments.ts';
import type { Storage } from '../../storage/storage.ts';
import { callRow, memoryStorage } from '../../storage/test-storage.ts';
import { OneTimeCodes } from './code-maker.ts';
import { readCodeTexts } from './code-text.ts';
import type { CodeMessage, CodeSender } from './sender.ts';
import type { SendResult } from './sending.ts';

const PHONE = '+819012345678';
const LIMITS = { perPayment: 3, betweenMs: 30_000, perPhone: 5, perAgent: 100, perKey: 500 };

class FakeSender implements CodeSender {
  readonly name = 'fake';
  readonly up = true;
  readonly sent: CodeMessage[] = [];
  next: (SendResult | Error)[] = [];
  async send(message: CodeMessage): Promise<SendResult> {
    this.sent.push(message);
    const next = this.next.shift() ?? { is: 'sent' };
    if (next instanceof Error) throw next;
    return next;
  }
  async close() {}
}

let storage: Storage;
let demo: Demo;
let folder: string;
let clock: TestClock;
let sender: FakeSender;
let codes: OneTimeCodes;
let log: string;
let counted: string[];

beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'codes-'));
  clock = new TestClock();
  storage = await memoryStorage(clock.now());
  demo = await seedDemo(storage, { folder, realm: 'tonegate.local', now: clock.now() });
  sender = new FakeSender();
  counted = [];
  log = '';
  codes = newCodes();
});
afterEach(async () => {
  await storage.destroy();
  rmSync(folder, { recursive: true });
});

function newCodes(limits: Partial<typeof LIMITS> = {}): OneTimeCodes {
  const lines = new PassThrough();
  lines.on('data', (chunk) => {
    log += chunk;
  });
  return new OneTimeCodes({
    storage,
    clock,
    log: createLogger('trace', lines),
    sender,
    texts: readCodeTexts(path.resolve(import.meta.dirname, '../../cde/prompts')),
    limits: { ...LIMITS, ...limits },
    validMs: 300_000,
    phoneKey: new Secret(Buffer.from('k'.repeat(32))),
    counted: (name, result) => counted.push(`${name} ${result}`),
  });
}

const request = (payment: Id = newId(), more: object = {}) => ({
  payment,
  merchant: demo.merchant,
  phone: PHONE,
  language: 'ja',
  ...more,
});
const codeOf = (message: CodeMessage | undefined) => /\d{6}/.exec(message?.text.reveal() ?? '')?.[0] ?? '';
/** What the card process does with six keys. */
const proves = (answer: object, keys: string) =>
  'salt' in answer &&
  'digest' in answer &&
  createHmac('sha256', Buffer.from(answer.salt as string, 'hex'))
    .update(keys)
    .digest('hex') === answer.digest;

test('the code that was sent, and no other, fits the digest', async () => {
  const answer = await codes.make(request());
  expect(answer).toMatchObject({ validMs: 300_000 });
  expect(sender.sent).toHaveLength(1);
  expect(sender.sent[0]?.phone).toBe(PHONE);
  const code = codeOf(sender.sent[0]);
  expect(proves(answer, code)).toBe(true);
  expect(proves(answer, code === '000000' ? '000001' : '000000')).toBe(false);
});

test('neither code nor number is logged, stored, or in what goes to the card process', async () => {
  const payment = newId();
  sender.next = [{ is: 'not-known', why: 'no answer' }, new Error(`text ${PHONE}`)];
  const answer = await codes.make(request(payment));
  const code = codeOf(sender.sent[0]);
  const stored = JSON.stringify(await storage.selectFrom('codeSends').selectAll().execute());
  expect(stored).toContain('"result":"not-known"');
  expect(log).toContain(payment);
  for (const place of [log, stored, JSON.stringify(answer), JSON.stringify(sender.sent[0])]) {
    expect(place).not.toContain(code);
  }
  for (const place of [log, stored, JSON.stringify(answer)]) expect(place).not.toContain(PHONE.slice(1));
});

test('a text whose fate is not known goes out once more with the same code and the same id', async () => {
  sender.next = [{ is: 'not-known', why: 'no answer' }];
  const answer = await codes.make(request());
  expect(sender.sent).toHaveLength(2);
  expect(sender.sent[1]).toBe(sender.sent[0]);
  expect(proves(answer, codeOf(sender.sent[1]))).toBe(true);
  expect(counted).toEqual(['fake sent']);
});

test('a text that was surely not sent makes the payment say so, and does not count for the limits', async () => {
  sender.next = [{ is: 'not-sent', again: false, why: 'unknown number' }];
  const payment = newId();
  expect(await codes.make(request(payment))).toEqual({ refused: 'not-sent' });
  expect(await codes.make(request(payment))).toMatchObject({ validMs: 300_000 });
});

test('a new code takes the place of the old one, after 30 seconds and at most three times in a payment', async () => {
  const payment = newId();
  const first = await codes.make(request(payment));
  clock.advance(29_999);
  expect(await codes.make(request(payment))).toEqual({ refused: 'too-soon' });
  clock.advance(1);
  const second = await codes.make(request(payment));
  expect(second).not.toEqual(first);
  clock.advance(30_000);
  expect(await codes.make(request(payment))).toMatchObject({ validMs: 300_000 });
  clock.advance(30_000);
  expect(await codes.make(request(payment))).toEqual({ refused: 'limit' });
  expect(sender.sent).toHaveLength(3);
});

test('a number gets five codes in 24 hours, also after a new start of the server', async () => {
  for (let i = 0; i < 5; i++) await codes.make(request());
  codes = newCodes();
  expect(await codes.make(request())).toEqual({ refused: 'limit' });
  expect(await codes.check(request())).toMatchObject({ error: { code: 'code-limit' } });
  expect(await codes.make(request(newId(), { phone: '+819098765432' }))).toMatchObject({ validMs: 300_000 });
  clock.advance(86_400_000);
  expect(await codes.make(request())).toMatchObject({ validMs: 300_000 });
});

test('of codes for one number asked for at once no more are sent than a day allows', async () => {
  const answers = await Promise.all(Array.from({ length: 12 }, () => codes.make(request())));
  expect(sender.sent.length).toBe(5);
  expect(answers.filter((answer) => 'refused' in answer && answer.refused === 'limit')).toHaveLength(7);
});

test('an agent and an API key have limits of their own', async () => {
  codes = newCodes({ perAgent: 2, perKey: 3, perPhone: 100 });
  await storage.updateTable('merchants').set({ agentsTypePhones: 1 }).execute();
  const person = demo.agents[0]?.id;
  const other = demo.agents[1]?.id;
  for (let i = 0; i < 2; i++) await codes.make(request(newId(), { person }));
  expect(await codes.make(request(newId(), { person }))).toEqual({ refused: 'limit' });
  expect(await codes.make(request(newId(), { person: other }))).toMatchObject({ validMs: 300_000 });

  const apiKey = (await storage.selectFrom('apiKeys').select('id').executeTakeFirstOrThrow()).id;
  const { merchant, organisation } = demo;
  const call = callRow(demo);
  await addCall(storage, call);
  const key = async () => {
    const payment = newId();
    const order = { reference: payment, description: null, amountMinor: 0, currency: 'JPY' as const };
    const start = { person: null, apiKey, purpose: 'verify' as const, language: 'ja', startedAt: 1 };
    await addPayment(storage, { ...order, ...start, id: payment, merchant, organisation, call: call.id });
    return codes.make(request(payment, { apiKey }));
  };
  for (let i = 0; i < 3; i++) expect(await key()).toMatchObject({ validMs: 300_000 });
  expect(await key()).toEqual({ refused: 'limit' });
});

test("the number is the order's or the member's; an agent names one only where the merchant allows it", async () => {
  const person = demo.agents[0]?.id;
  const check = (more: object) => codes.check({ merchant: demo.merchant, language: 'ja', ...more });
  expect(await check({ person, phone: PHONE })).toMatchObject({ error: { code: 'not-allowed' } });
  expect(await check({ phone: PHONE })).toMatchObject({ ok: true });
  expect(await check({ person, member: 'nobody' })).toMatchObject({ error: { code: 'phone-missing' } });
  expect(await check({ person })).toMatchObject({ error: { code: 'phone-missing' } });
  await putMember(storage, { merchant: demo.merchant, member: 'M-1', phone: PHONE, language: null, gentle: 0 }, 1);
  expect(await check({ person, member: 'M-1' })).toMatchObject({ ok: true });
  await codes.make({ payment: newId(), merchant: demo.merchant, member: 'M-1', person, language: 'en' });
  expect(sender.sent[0]?.phone).toBe(PHONE);
  await storage.updateTable('merchants').set({ agentsTypePhones: 1 }).execute();
  expect(await check({ person, phone: PHONE })).toMatchObject({ ok: true });
});

test('a card number in the place of a telephone number is refused', async () => {
  for (const phone of ['+378282246310005', '+36006666333344']) {
    expect(await codes.check({ merchant: demo.merchant, language: 'ja', phone })).toMatchObject({
      error: { code: 'phone-missing' },
    });
    expect(await codes.make(request(newId(), { phone }))).toEqual({ refused: 'not-sent' });
  }
  expect(sender.sent).toEqual([]);
});

test('a storage that fails ends in a refusal, not in an error', async () => {
  const broken = newCodes();
  await storage.destroy();
  expect(await broken.make(request())).toEqual({ refused: 'not-sent' });
  storage = await memoryStorage();
});
