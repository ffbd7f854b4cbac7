import { expect, test } from 'vitest';
import { TestClock } from '../shared/clock.ts';
import { type FromCard, type PaymentOpen } from './contract.ts';
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
function legOf(breaks = false) {
  const clock = new TestClock();
  const said: FromCard[] = [];
  const posted: FromThread[] = [];
  const played: PromptName[][] = [];
  const faults: unknown[] = [];
  const payment = new LegPayment({
    open,
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
  expect(leg.posted.at(-1)).toEqual({ kind: 'ended', payment: open.payment, result: approved, asked: true });
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
  });
});

test('a customer who hangs up while the gateway is asked still gets the payment’s result', () => {
  const leg = legOf();
  toCard(leg);
  leg.payment.hungUp();
  leg.payment.cancel();
  expect(leg.posted.at(-1)?.kind).toBe('authorize');
  leg.payment.authorized(approved);
  expect(leg.posted.at(-1)).toEqual({ kind: 'ended', payment: open.payment, result: approved, asked: true });
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
    },
  ]);
});
