import { expect, test } from 'vitest';
import type { PaymentResult, ToCard } from '../card-link/contract.ts';
import { TestClock } from '../shared/clock.ts';
import type { Id } from '../shared/ids.ts';
import type { PaymentRow } from '../storage/tables.ts';
import type { PaymentInput } from './payment-mode.ts';
import type { PaymentSession } from './payment-session.ts';
import { Settlement } from './settlement.ts';

const id = (letter: string) => letter.repeat(26);
const APPROVED = { outcome: 'approved', reason: 'none', brand: 'visa', lastFour: '4242', receipt: 'T-A' } as const;
const UNKNOWN = { outcome: 'unknown', reason: 'no-answer' } as const;

function house(rows: [Id, PaymentRow['outcome']][], live: Record<Id, PaymentResult | undefined> = {}) {
  const sent: ToCard[] = [];
  const written: [Id, string][] = [];
  const inputs: [Id, PaymentInput][] = [];
  const again: Id[] = [];
  const news: Id[] = [];
  const settlement = new Settlement({
    link: { up: true, languages: [], send: (message) => sent.push(message) > 0 },
    clock: new TestClock(),
    books: {
      unsettled: async () => rows.map(([payment, outcome]) => ({ id: payment, outcome }) as PaymentRow),
      outcome: async (payment, { outcome, reason }) => written.push([payment, `${outcome} ${reason}`]) > 0,
    },
    news: (payment) => news.push(payment),
    live: (payment) =>
      payment in live
        ? ({
            result: live[payment],
            input: (input: PaymentInput) => inputs.push([payment, input]),
            tellAgain: () => again.push(payment),
          } as unknown as PaymentSession)
        : undefined,
  });
  return { settlement, sent, written, inputs, again, news };
}

test('payments that an earlier life of the server left are settled by the ledger’s word', async () => {
  const { settlement, sent, written, news } = house([
    [id('a'), null],
    [id('b'), null],
    [id('c'), null],
    [id('d'), 'unknown'],
  ]);
  await settlement.cardUp();
  expect(sent).toEqual([{ type: 'payments', of: ['a', 'b', 'c', 'd'].map(id) }]);
  settlement.heard({ type: 'payment-state', payment: id('a'), told: true, ...APPROVED });
  settlement.heard({ type: 'payments-end', running: [id('b')] });
  // Known, running, never sent; and an unknown one that the ledger doesn't know stays as it is.
  expect(written).toEqual([
    [id('a'), 'approved none'],
    [id('c'), 'failed card-process-ended'],
  ]);
  settlement.heard({ type: 'outcome', payment: id('b'), ...UNKNOWN });
  settlement.heard({ type: 'settled', payment: id('b'), ...APPROVED });
  await Promise.resolve();
  expect(news).toEqual([id('a'), id('c'), id('b'), id('b')]);
  expect(written.slice(2)).toEqual([
    [id('b'), 'unknown no-answer'],
    [id('b'), 'approved none'],
  ]);
});

test('a live payment gets the answer to its own question alone', async () => {
  const { settlement, inputs, written } = house([[id('z'), null]], { [id('a')]: undefined, [id('b')]: undefined });
  await settlement.cardUp();
  settlement.ask([id('a')]);
  settlement.ask([id('b')]);
  settlement.heard({ type: 'payments-end', running: [id('z')] });
  expect(inputs).toEqual([]);
  settlement.heard({ type: 'payment-state', payment: id('a'), told: true, ...APPROVED });
  settlement.heard({ type: 'payments-end' });
  expect(inputs).toMatchObject([[id('a'), { type: 'ledger', result: APPROVED }]]);
  settlement.heard({ type: 'payments-end' });
  expect(inputs[1]).toEqual([id('b'), { type: 'ledger', result: undefined }]);
  expect(written).toEqual([]);
});

test('what was settled while the connection was gone reaches a payment that is still unknown', async () => {
  const { settlement, inputs, again } = house([[id('a'), 'unknown']], { [id('a')]: UNKNOWN });
  await settlement.cardUp();
  settlement.heard({ type: 'payment-state', payment: id('a'), told: false, ...UNKNOWN });
  expect(inputs).toEqual([]);
  settlement.heard({ type: 'payment-state', payment: id('a'), told: false, ...APPROVED });
  expect(inputs).toMatchObject([[id('a'), { type: 'settled', result: APPROVED }]]);
  expect(again).toEqual([id('a')]);
});

test('answers to an earlier connection’s questions are not awaited', async () => {
  const { settlement, written } = house([[id('a'), null]]);
  await settlement.cardUp();
  settlement.cardDown();
  settlement.heard({ type: 'payments-end' });
  expect(written).toEqual([]);
});

test('more payments than one question can name are asked for in several', async () => {
  const many = Array.from({ length: 1001 }, (_, i): [Id, null] => [
    id('a').slice(0, 24) + String.fromCharCode(97 + (Math.floor(i / 26) % 26)) + String.fromCharCode(97 + (i % 26)),
    null,
  ]);
  const { settlement, sent } = house(many);
  await settlement.cardUp();
  expect(sent.map((message) => message.type === 'payments' && message.of?.length)).toEqual([1000, 1]);
});
