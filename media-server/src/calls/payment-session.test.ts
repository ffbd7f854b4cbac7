import { expect, test } from 'vitest';
import type { PaymentResult, ToCard } from '../card-link/contract.ts';
import { TestClock } from '../shared/clock.ts';
import type { CustomerGate } from './customer-gate.ts';
import { PaymentSession } from './payment-session.ts';

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

function session() {
  const sent: ToCard[] = [];
  const link = {
    up: true,
    send: (message: ToCard) => {
      if (link.up) sent.push(message);
      return link.up;
    },
  };
  const asked: string[] = [];
  const payment: PaymentSession = new PaymentSession(
    {
      call: 'c'.repeat(26),
      merchant: 'm'.repeat(26),
      order: { reference: 'A-1', amountMinor: 500, currency: 'JPY' },
      language: 'en',
    },
    {
      link,
      clock: new TestClock(),
      gate: { heldByPayment: () => {}, want: () => {} } as unknown as CustomerGate,
      shutValve: async () => {},
      changed: () => {},
      askLedger: () => asked.push(payment.id),
      released: () => {},
    },
  );
  const started = payment.start();
  return { started, payment, link, asked, told: () => sent.filter(({ type }) => type === 'told') };
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
  const { started, payment } = session();
  payment.heard({ type: 'wall', leg: 'c'.repeat(26), state: 'shut', payment: payment.id, counts: NO_COUNTS });
  payment.heard({ type: 'refused', command: 'payment-open', payment: payment.id, why: 'attempt-alive' });
  expect(await started).toMatchObject({ ok: false, error: { code: 'attempt-alive' } });
  expect([payment.taken, payment.active]).toEqual([false, true]);
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
