import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { TestClock } from '../shared/clock.ts';
import { FromCard, type PaymentOpen } from './contract.ts';
import { LegPayment } from './leg-payment.ts';
import { type PromptName } from './prompts/names.ts';
import { loadPrompts } from './prompts/prompts.ts';
import { type FromThread } from './threads.ts';

const open: PaymentOpen = {
  type: 'payment-open',
  payment: 'p'.repeat(26),
  leg: 'l'.repeat(26),
  merchant: 'm'.repeat(26),
  purpose: 'charge',
  order: { reference: 'A-1042', amountMinor: 12_800, currency: 'JPY' },
  language: 'en',
};
const approved = { outcome: 'approved', reason: 'none', brand: 'visa', lastFour: '4242', receipt: 'T-1' } as const;

const book = loadPrompts();

/** A payment on a leg that is only its clock and notebooks. */
function legOf(breaks = false, over: Partial<PaymentOpen> = {}) {
  const clock = new TestClock();
  const said: FromCard[] = [];
  const posted: FromThread[] = [];
  const played: PromptName[][] = [];
  const faults: unknown[] = [];
  const payment = new LegPayment({
    open: { ...open, ...over },
    codec: 'PCMU',
    limits: {
      firstKeyMs: 8000,
      nextKeyMs: 5000,
      totalMs: 240_000,
      mistakesPerField: 3,
      moreTimeMs: 60_000,
      moreTimes: 3,
    },
    prompts: { ...book, get: (name) => new TextEncoder().encode(name), lengthMs: () => 1000 },
    clock,
    play: (sounds) => {
      played.push(sounds.map((sound) => new TextDecoder().decode(sound) as PromptName));
      if (breaks && played.length === 1) throw new Error('4242');
    },
    stop: () => {},
    say: (message) => said.push(message),
    // The same transfer as between threads.
    post: (message, transfer = []) => posted.push(structuredClone(message, { transfer: [...transfer] })),
    onFault: (error) => faults.push(error),
  });
  const keys = (text: string) => {
    for (const key of text) {
      clock.advance(200);
      payment.key('0123456789*#'.indexOf(key));
    }
  };
  return { clock, said, posted, played, faults, payment, keys };
}

function toCard(leg: ReturnType<typeof legOf>): void {
  leg.payment.taken();
  leg.payment.begin();
  leg.keys('1');
  leg.keys('4242424242424242');
  leg.clock.advance(3500);
  leg.keys('1230');
  leg.keys('123');
  expect(leg.faults).toEqual([]);
}

test('nothing is said before ledger and SFU have both agreed, and no key counts before', () => {
  const leg = legOf();
  leg.payment.begin();
  leg.keys('1');
  expect(leg.played).toEqual([]);
  leg.payment.taken();
  expect(leg.played).toHaveLength(1);
  expect(leg.said).toEqual([expect.objectContaining({ type: 'progress', step: 'confirmation', keys: 0 })]);
});

test('the card leaves the thread once, as memory that moves', () => {
  const leg = legOf();
  toCard(leg);
  const asked = leg.posted.filter((message) => message.kind === 'authorize');
  expect(asked).toHaveLength(1);
  expect(asked[0]?.card.brand).toBe('visa');
  expect([...new Uint8Array(asked[0]?.card.number ?? new ArrayBuffer())].join('')).toBe('4242424242424242');
  expect(asked[0]?.card.securityCode.byteLength).toBe(3);
  expect(JSON.stringify([leg.said, leg.played])).not.toMatch(/4242/);
});

test('an approval is spoken only when it is durable that it is told', () => {
  const leg = legOf();
  toCard(leg);
  leg.payment.authorized(approved);
  expect(leg.posted.at(-1)).toEqual({ kind: 'telling', payment: open.payment, result: approved, asked: true });
  expect(leg.played.flat()).not.toContain('approved');
  leg.payment.told(true);
  expect(leg.played.at(-1)).toContain('approved');
  leg.payment.played();
  expect(leg.posted.at(-1)).toEqual({
    kind: 'ended',
    payment: open.payment,
    result: approved,
    asked: true,
    wiped: expect.any(Number),
  });
});

test('an approval that may be given back is told neither to the customer nor to the agent', () => {
  const leg = legOf();
  toCard(leg);
  leg.payment.authorized(approved);
  leg.payment.told(false);
  expect(leg.played.at(-1)?.[0]).toBe('unknown');
  leg.payment.played();
  expect(leg.posted.at(-1)).toEqual({
    kind: 'ended',
    payment: open.payment,
    result: { outcome: 'unknown', reason: 'no-answer' },
    asked: true,
    wiped: expect.any(Number),
  });
});

test('a customer who hangs up while the gateway is asked still gets the payment’s result', () => {
  const leg = legOf();
  toCard(leg);
  leg.payment.hungUp();
  leg.payment.cancel();
  expect(leg.posted.at(-1)?.kind).toBe('authorize');
  leg.payment.authorized(approved);
  expect(leg.posted.at(-1)).toEqual({
    kind: 'ended',
    payment: open.payment,
    result: approved,
    asked: true,
    wiped: expect.any(Number),
  });
});

test('a payment says how many buffers of digits it zeroed; those that moved are the other thread’s', () => {
  const leg = legOf();
  toCard(leg);
  leg.payment.authorized(approved);
  leg.payment.told(true);
  leg.payment.played();
  // What was keyed at each of four questions.
  expect(leg.posted.at(-1)).toMatchObject({ kind: 'ended', wiped: 4 });

  const left = legOf();
  left.payment.taken();
  left.payment.begin();
  left.keys('1');
  left.keys('4242424242424242');
  left.clock.advance(3500);
  left.keys('12');
  left.payment.hungUp();
  // At three questions, and the number that was kept.
  expect(left.posted.at(-1)).toMatchObject({ kind: 'ended', wiped: 4 });
});

test('a payment that was opened and never begun ends when the server is gone', () => {
  const leg = legOf();
  leg.payment.taken();
  leg.payment.alone();
  expect(leg.posted).toEqual([
    {
      kind: 'ended',
      payment: open.payment,
      result: { outcome: 'cancelled', reason: 'by-agent' },
      asked: false,
      wiped: 0,
    },
  ]);
});

test('a bug in the dialogue ends it as failed, after the customer was told so', () => {
  const leg = legOf(true);
  leg.payment.taken();
  leg.payment.begin();
  expect(leg.faults).toHaveLength(1);
  expect(leg.played.at(-1)?.[0]).toBe('failed');
  expect(leg.posted).toEqual([]);
  leg.payment.played();
  leg.payment.played();
  expect(leg.posted).toEqual([
    {
      kind: 'ended',
      payment: open.payment,
      result: { outcome: 'failed', reason: 'card-process-ended' },
      asked: false,
      wiped: 1,
    },
  ]);
});

const DECLINED = { outcome: 'declined', reason: 'funds' } as const;

test('a further card goes to the gateway after a decline, and the last answer is the result', () => {
  const leg = legOf(false, { cards: 2 });
  toCard(leg);
  leg.payment.authorized(DECLINED);
  leg.keys('55555555555544440128456');
  expect(leg.posted.filter(({ kind }) => kind === 'authorize')).toHaveLength(2);
  leg.payment.authorized(approved);
  leg.payment.told(true);
  leg.payment.played();
  expect(leg.posted.at(-1)).toEqual({
    kind: 'ended',
    payment: open.payment,
    result: approved,
    asked: true,
    wiped: expect.any(Number),
  });
});

test('a payment given up after a decline ends with it, and whoever ends it has to write so', () => {
  const leg = legOf(false, { cards: 2 });
  toCard(leg);
  leg.payment.authorized(DECLINED);
  leg.payment.hungUp();
  expect(leg.posted.at(-1)).toEqual({
    kind: 'ended',
    payment: open.payment,
    result: DECLINED,
    asked: false,
    wiped: expect.any(Number),
  });

  const last = legOf();
  toCard(last);
  last.payment.authorized(DECLINED);
  last.payment.hungUp();
  expect(last.posted.at(-1)).toEqual({
    kind: 'ended',
    payment: open.payment,
    result: DECLINED,
    asked: true,
    wiped: expect.any(Number),
  });
});

test('a customer who is gone when a card is declined tries no other', () => {
  const leg = legOf(false, { cards: 3 });
  toCard(leg);
  leg.payment.hungUp();
  leg.payment.authorized(DECLINED);
  expect(leg.posted.at(-1)).toEqual({
    kind: 'ended',
    payment: open.payment,
    result: DECLINED,
    asked: false,
    wiped: expect.any(Number),
  });
});

test('a stored card is charged once the customer agreed', () => {
  const leg = legOf(false, { purpose: 'stored-charge', member: 'M-1' });
  leg.payment.taken();
  leg.payment.begin();
  leg.keys('1');
  expect(leg.posted).toEqual([{ kind: 'charge-stored', payment: open.payment }]);
  leg.payment.authorized(approved);
  expect(leg.played.flat()).not.toContain('approved');
  leg.payment.told(true);
  expect(leg.played.at(-1)).toContain('approved');
});

test('a verified person is told at once: no money waits for it', () => {
  const leg = legOf(false, { purpose: 'verify', order: { ...open.order, amountMinor: 0 } });
  leg.payment.taken();
  leg.payment.begin();
  expect(leg.said).toContainEqual({ type: 'code-wanted', payment: open.payment, again: false });
  const salt = 'ab'.repeat(16);
  const digest = createHmac('sha256', Buffer.from(salt, 'hex')).update('012345').digest('hex');
  leg.payment.code({ type: 'code-digest', salt, digest, validMs: 60_000 });
  leg.keys('012345');
  expect(leg.played.at(-1)).toContain('verified');
  const verified = { outcome: 'approved', reason: 'none' };
  expect(leg.posted.at(-1)).toEqual({ kind: 'telling', payment: open.payment, result: verified, asked: false });
  leg.payment.played();
  expect(leg.posted.at(-1)).toEqual({
    kind: 'ended',
    payment: open.payment,
    result: verified,
    asked: false,
    wiped: expect.any(Number),
  });
});

test('help that comes too late is refused to the agent', () => {
  const leg = legOf();
  toCard(leg);
  leg.payment.help({ type: 'hint', hint: 'use-keypad' });
  leg.payment.authorized(approved);
  leg.payment.told(true);
  leg.payment.played();
  leg.payment.help({ type: 'more-time' });
  expect(leg.said.filter(({ type }) => type === 'refused')).toEqual([
    { type: 'refused', command: 'hint', payment: open.payment, why: 'too-late' },
    { type: 'refused', command: 'more-time', payment: open.payment, why: 'too-late' },
  ]);
});

test('everything that a payment says fits the contract', () => {
  const leg = legOf(false, { languages: ['ja', 'en'], gentle: true, cards: 2 });
  leg.payment.taken();
  leg.payment.begin();
  leg.keys('2');
  leg.payment.speech();
  leg.keys('14242');
  leg.payment.help({ type: 'more-time' });
  leg.payment.help({ type: 'ask-again', field: 'security-code' });
  leg.payment.cancel();
  expect(leg.said.length).toBeGreaterThan(5);
  for (const message of leg.said) expect(() => FromCard.parse(message)).not.toThrow();
});
