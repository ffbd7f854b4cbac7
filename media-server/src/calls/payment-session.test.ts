import { expect, test } from 'vitest';
import type { PaymentResult, ToCard } from '../card-link/contract.ts';
import { TestClock } from '../shared/clock.ts';
import type { CodeMaker, CodeRequest } from './codes.ts';
import type { CustomerGate } from './customer-gate.ts';
import { SilenceWatch } from './silence-watch.ts';
import { PaymentSession } from './payment-session.ts';
import type { PaymentTerms } from './payment-terms.ts';
import { testTerms } from './test-merchant.ts';

const UNKNOWN: PaymentResult = { outcome: 'unknown', reason: 'no-answer' };
const APPROVED: PaymentResult = { outcome: 'approved', reason: 'none', brand: 'visa', lastFour: '4242' };

const NO_COUNTS = {
  fromFar: 0,
  toSfu: 0,
  fromSfu: 0,
  toFar: 0,
  keptIn: 0,
  keptOut: 0,
  foreign: 0,
  keyEvents: 0,
  lost: 0,
  jitterMs: 0,
};

function session(terms: Partial<PaymentTerms> = {}, codes?: CodeMaker, writable = true) {
  const sent: ToCard[] = [];
  const link = {
    up: true,
    languages: ['en', 'ja'],
    send: (message: ToCard) => {
      if (link.up) sent.push(message);
      return link.up;
    },
  };
  const asked: string[] = [];
  const books: string[] = [];
  const clock = new TestClock();
  const payment: PaymentSession = new PaymentSession(
    {
      call: 'c'.repeat(26),
      merchant: 'm'.repeat(26),
      terms: { ...testTerms, ...terms },
      by: { person: 'p'.repeat(26) },
    },
    {
      link,
      codes,
      silence: new SilenceWatch({
        clock,
        sfuCounts: async () => undefined,
        write: ({ outcome }) => books.push(`receipt ${outcome}`),
      }),
      clock,
      gate: { heldByPayment: () => {}, want: () => {} } as unknown as CustomerGate,
      shutValve: async () => {},
      write: async (begun) => {
        books.push(`begins ${begun.id}`);
        return writable;
      },
      unwrite: (id) => books.push(`dropped ${id}`),
      changed: () => {},
      askLedger: () => asked.push(payment.id),
      released: () => {},
    },
  );
  const started = payment.start();
  const last = () => sent.at(-1);
  const shut = async () => {
    payment.heard({ type: 'wall', leg: 'c'.repeat(26), state: 'shut', payment: payment.id, counts: NO_COUNTS });
    await new Promise((resolve) => setImmediate(resolve));
  };
  const progress = (facts: object) =>
    payment.heard({
      type: 'progress',
      payment: payment.id,
      step: 'card-number',
      keys: 0,
      mistakes: 0,
      waiting: false,
      ...facts,
    });
  return {
    started,
    payment,
    link,
    asked,
    sent,
    last,
    books,
    clock,
    shut,
    progress,
    told: () => sent.filter(({ type }) => type === 'told'),
  };
}

test('an acknowledgement says what was seen; what it turned into is acknowledged anew', () => {
  const { payment, told } = session();
  payment.input({ type: 'outcome', result: UNKNOWN });
  payment.acknowledge();
  payment.acknowledge();
  expect(told()).toEqual([{ type: 'told', payment: payment.id, outcome: 'unknown' }]);
  payment.heard({ type: 'settled', payment: payment.id, ...APPROVED });
  expect(payment.view()).toMatchObject({ outcome: 'approved', acknowledged: false });
  payment.acknowledge();
  expect(payment.view().acknowledged).toBe(true);
  expect(told()[1]).toEqual({ type: 'told', payment: payment.id, outcome: 'approved' });
});

test('an approval that was given back is news to be acknowledged', () => {
  const { payment } = session();
  payment.input({ type: 'outcome', result: UNKNOWN });
  payment.heard({ type: 'settled', payment: payment.id, ...APPROVED });
  payment.heard({ type: 'settled', payment: payment.id, outcome: 'failed', reason: 'no-answer' });
  expect(payment.view()).toMatchObject({ outcome: 'failed', receipt: null, brand: null, acknowledged: false });
});

test('an acknowledgement that the card process can’t take doesn’t count', () => {
  const { payment, link, told } = session();
  payment.input({ type: 'outcome', result: APPROVED });
  link.up = false;
  expect(payment.acknowledge()).toBe(false);
  expect(payment.view().acknowledged).toBe(false);
  link.up = true;
  expect(payment.acknowledge()).toBe(true);
  expect(told()).toHaveLength(1);
});

test('an acknowledgement that died with the card process is said again, of the same outcome only', () => {
  const { payment, told } = session();
  payment.tellAgain('approved');
  payment.input({ type: 'outcome', result: APPROVED });
  payment.tellAgain('approved');
  expect(told()).toEqual([]);
  payment.acknowledge();
  payment.tellAgain('failed');
  payment.tellAgain('approved');
  expect(told()).toHaveLength(2);
});

test('after a restart the ledger is asked for this payment', () => {
  const { payment, asked } = session();
  payment.input({ type: 'card-lost' });
  payment.input({ type: 'card-back' });
  expect(asked).toEqual([payment.id]);
});

test('a payment that the ledger refuses is none, however far the wall was', async () => {
  const { started, payment, books } = session();
  payment.heard({ type: 'wall', leg: 'c'.repeat(26), state: 'shut', payment: payment.id, counts: NO_COUNTS });
  payment.heard({ type: 'refused', command: 'payment-open', payment: payment.id, why: 'attempt-alive' });
  expect(await started).toMatchObject({ ok: false, error: { code: 'attempt-alive' } });
  expect([payment.taken, payment.active]).toEqual([false, true]);
  expect(books).toEqual([`begins ${payment.id}`, `dropped ${payment.id}`]);
  payment.heard({ type: 'wall', leg: 'c'.repeat(26), state: 'open', counts: NO_COUNTS });
  expect([payment.taken, payment.active]).toEqual([false, false]);
});

test('a payment that died with the card process before a word of it is one all the same', async () => {
  const { started, payment } = session();
  payment.input({ type: 'card-lost' });
  payment.input({ type: 'card-back' });
  payment.input({ type: 'ledger', result: undefined });
  expect(await started).toEqual({ ok: true });
  expect(payment.view()).toMatchObject({ outcome: 'failed', reason: 'card-process-ended' });
});

test('the dialogue begins when the payment is written down; where it can’t be, nothing is begun', async () => {
  const written = session();
  await written.shut();
  expect(written.last()).toEqual({ type: 'payment-begin', payment: written.payment.id });
  const unwritten = session({}, undefined, false);
  await unwritten.shut();
  expect(unwritten.last()).toEqual({ type: 'cancel', payment: unwritten.payment.id });
  unwritten.payment.heard({
    type: 'outcome',
    payment: unwritten.payment.id,
    outcome: 'cancelled',
    reason: 'by-agent',
  });
  expect(await unwritten.started).toMatchObject({ ok: false, error: { code: 'server-error' } });
  expect(unwritten.payment.taken).toBe(false);
});

test('an order that is paid already is refused in words', async () => {
  const { started, payment } = session();
  payment.heard({ type: 'refused', command: 'payment-open', payment: payment.id, why: 'already-paid' });
  expect(await started).toEqual({ ok: false, error: { code: 'already-ended', message: 'this order is paid already' } });
});

/** Help that nobody refuses. */
async function given<T>(clock: TestClock, help: Promise<T>): Promise<T> {
  clock.advance(200);
  return help;
}

test('what the agent does for the customer reaches the card process until the gateway is asked', async () => {
  const { payment, shut, progress, last, sent, clock } = session();
  await shut();
  progress({ step: 'confirmation' });
  expect(await payment.askAgain('card-number')).toMatchObject({ ok: false, error: { code: 'not-possible' } });
  progress({ step: 'card-number', keys: 4 });
  progress({ step: 'expiry' });
  expect(await given(clock, payment.askAgain('card-number'))).toEqual({ ok: true });
  expect(last()).toEqual({ type: 'ask-again', payment: payment.id, field: 'card-number' });
  expect(await given(clock, payment.hint('number-on-front'))).toEqual({ ok: true });
  expect(await given(clock, payment.gentle(true))).toEqual({ ok: true });
  expect(last()).toEqual({ type: 'gentle', payment: payment.id, on: true });
  const often = payment.moreTime();
  payment.heard({ type: 'refused', command: 'more-time', payment: payment.id, why: 'limit-reached' });
  expect(await often).toMatchObject({ ok: false, error: { code: 'not-possible' } });
  progress({ step: 'processing' });
  const before = sent.length;
  for (const late of [payment.askAgain('expiry'), payment.hint('use-keypad'), payment.moreTime()]) {
    expect(await late).toMatchObject({ ok: false, error: { code: 'too-late' } });
  }
  payment.input({ type: 'outcome', result: APPROVED });
  expect(await payment.gentle(false)).toMatchObject({ ok: false, error: { code: 'already-ended' } });
  expect(sent).toHaveLength(before);
});

test('after a declined card a field counts as asked only with the next one', async () => {
  const { payment, shut, progress, clock } = session();
  await shut();
  progress({ step: 'card-number' });
  progress({ step: 'expiry' });
  progress({ step: 'processing' });
  progress({ step: 'card-number', declined: 1 });
  expect(payment.view()).toMatchObject({ declined: 1, cards: 2 });
  expect(await payment.askAgain('expiry')).toMatchObject({ ok: false, error: { code: 'not-possible' } });
  expect(await given(clock, payment.askAgain('card-number'))).toEqual({ ok: true });
});

test('the agent sees since when the customer has keyed nothing, on the server’s clock', async () => {
  const { payment, shut, progress, clock } = session();
  const started = payment.view().startedAt;
  await shut();
  clock.advance(1000);
  progress({ keys: 3 });
  clock.advance(8000);
  progress({ keys: 3, waiting: true, speaking: true, gentle: true, language: 'ja' });
  clock.advance(500);
  expect(payment.view()).toMatchObject({
    waiting: true,
    waitingSince: started + 1000,
    speaking: true,
    gentle: true,
    language: 'ja',
  });
});

test('a one-time code is sent as the order says, and only its digest reaches the card process', async () => {
  const requests: CodeRequest[] = [];
  const digest = { salt: '0'.repeat(32), digest: '1'.repeat(64), validMs: 300_000 };
  const codes: CodeMaker = {
    check: async () => ({ ok: true, value: undefined }),
    make: async (request) => {
      requests.push(request);
      return requests.length === 1 ? digest : { refused: 'too-soon' };
    },
  };
  const order = { reference: 'V-1', amountMinor: 0, currency: 'JPY' } as const;
  const { payment, shut, last } = session({ purpose: 'verify', order, phone: '+819012345678', cards: 1 }, codes);
  await shut();
  const wanted = async (again: boolean) => {
    payment.heard({ type: 'code-wanted', payment: payment.id, again });
    await new Promise((resolve) => setImmediate(resolve));
  };
  await wanted(false);
  expect(requests[0]).toMatchObject({ payment: payment.id, phone: '+819012345678', person: 'p'.repeat(26) });
  expect(last()).toEqual({ type: 'code-digest', payment: payment.id, ...digest });
  expect(JSON.stringify(payment.view())).not.toContain('819012345678');
  await wanted(true);
  expect(last()).toEqual({ type: 'code-refused', payment: payment.id, why: 'too-soon' });
});
