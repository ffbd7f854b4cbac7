import type { ServerEvent } from '@tonegate/api-schema';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { FromCard, ToCard } from '../card-link/contract.ts';
import { TestClock } from '../shared/clock.ts';
import { type Id, newId } from '../shared/ids.ts';
import { silentLogger } from '../shared/logger.ts';
import { addCall } from '../storage/calls.ts';
import { addMerchant, addOrganisation, join } from '../storage/merchants.ts';
import { addPayment, endPayment, findPayment } from '../storage/payments.ts';
import { addPerson } from '../storage/people.ts';
import type { Storage } from '../storage/storage.ts';
import type { PaymentRow } from '../storage/tables.ts';
import { callRow, memoryStorage, testSigner } from '../storage/test-storage.ts';
import { Books } from './books.ts';
import type { CallParts } from './call-parts.ts';
import { PaymentDesk } from './payment-desk.ts';

const APPROVED = {
  outcome: 'approved',
  reason: 'none',
  brand: 'visa',
  lastFour: '4242',
  receipt: 'T-1',
} as const;
type Result = typeof APPROVED | { readonly outcome: 'declined' | 'unknown'; readonly reason: string };

let storage: Storage;
let merchant: Id;
let organisation: Id;
let agent: Id;

beforeEach(async () => {
  storage = await memoryStorage();
  organisation = (await addOrganisation(storage, 'House', 0)).id;
  const facts = { organisation, name: 'Shop', timeZone: 'Asia/Tokyo', currency: 'JPY', language: 'ja' } as const;
  merchant = (await addMerchant(storage, facts, 0)).id;
  const person = { organisation, name: 'hana', displayName: 'Hana', role: 'agent', language: 'ja' } as const;
  agent = (await addPerson(storage, { ...person, password: 'correct-horse' }, 0)).id;
  await join(storage, agent, merchant, 0);
});
afterEach(() => storage.destroy());

/** A payment of an ended call of the agent's, as it stands in the books. */
async function stored(facts: Partial<PaymentRow> = {}, result: Result = APPROVED): Promise<Id> {
  const call = callRow({ organisation, merchant }, { person: agent, endedAt: 2, end: 'customer-hung-up' });
  await addCall(storage, call);
  const id = newId();
  await addPayment(storage, {
    id,
    organisation,
    merchant,
    call: call.id,
    person: agent,
    apiKey: null,
    purpose: 'charge',
    reference: 'A-1',
    description: null,
    amountMinor: 1000,
    currency: 'JPY',
    language: 'ja',
    startedAt: 1,
    ...facts,
  });
  await endPayment(storage, id, { ...result, endedAt: 2 });
  return id;
}

function house() {
  const sent: ToCard[] = [];
  const told: [Id, ServerEvent][] = [];
  const clock = new TestClock();
  const link = {
    up: true,
    languages: ['en', 'ja'],
    send: (message: ToCard) => {
      if (link.up) sent.push(message);
      return link.up;
    },
  };
  const books = new Books(storage, silentLogger, testSigner());
  const desk = new PaymentDesk({
    parts: { link, clock, log: silentLogger } as unknown as CallParts,
    books,
    sessions: new Map(),
    isDraining: () => false,
    tell: (person, event) => told.push([person, event]),
  });
  const who = { person: agent, merchants: [merchant] };
  /** The action that was sent last. */
  const action = async () => {
    const found = () => sent.findLast((message) => message.type === 'money');
    for (let i = 0; i < 100 && !found(); i++) await rest();
    const message = found();
    if (message?.type !== 'money') throw new Error('no action was sent');
    return message;
  };
  const news = () => told.map(([, event]) => event.type === 'payment' && event.payment);
  return { desk, sent, told, news, clock, link, who, action, books };
}

const rest = () => new Promise((resolve) => setImmediate(resolve));
/** Lets the books write and what follows from it be told. */
async function settled({ books }: { books: Books }): Promise<void> {
  for (let i = 0; i < 5; i++) {
    await books.settled();
    await rest();
  }
}

test('a refund is written down, asked for once, and answered with its outcome; its payment shows it', async () => {
  const at = house();
  const charge = await stored();
  const answer = at.desk.money(at.who, charge, { action: 'refund', amountMinor: 300 });
  const command = await at.action();
  expect(command).toEqual({
    type: 'money',
    payment: command.payment,
    merchant,
    of: charge,
    action: 'refund',
    amountMinor: 300,
  });
  expect(await findPayment(storage, command.payment)).toMatchObject({
    purpose: 'refund',
    about: charge,
    outcome: null,
  });
  at.desk.heard({ type: 'outcome', payment: command.payment, ...APPROVED });
  expect(await answer).toMatchObject({
    ok: true,
    value: { id: command.payment, purpose: 'refund', about: charge, outcome: 'approved', order: { amountMinor: 300 } },
  });
  await settled(at);
  expect(at.told.every(([person]) => person === agent)).toBe(true);
  expect(at.news().at(-1)).toMatchObject({ id: charge, refundedMinor: 300, possible: ['refund'] });
  // What is left is refunded without naming an amount, yet the card process is told: it isn't everything.
  const rest = at.desk.money(at.who, charge, { action: 'refund' });
  at.sent.length = 0;
  const second = await at.action();
  expect(second).toMatchObject({ amountMinor: 700 });
  at.desk.heard({ type: 'outcome', payment: second.payment, ...APPROVED });
  expect(await rest).toMatchObject({ ok: true });
  expect(await at.desk.money(at.who, charge, { action: 'refund' })).toMatchObject({
    error: { code: 'not-possible', message: 'all of it is refunded already' },
  });
});

test('what can’t be done with a payment’s money is refused in words, and nothing is asked', async () => {
  const at = house();
  const [charge, hold] = [await stored(), await stored({ purpose: 'authorize' })];
  const declined = await stored({}, { outcome: 'declined', reason: 'funds' });
  const unknown = await stored({}, { outcome: 'unknown', reason: 'no-answer' });
  const update = await stored({ purpose: 'card-update', amountMinor: 0 });
  const ask = async (id: Id, action: 'capture' | 'void' | 'refund', amountMinor?: number) => {
    const answer = await at.desk.money(at.who, id, { action, ...(amountMinor !== undefined && { amountMinor }) });
    return answer.ok ? 'done' : `${answer.error.code}: ${answer.error.message}`;
  };
  expect(await ask(charge, 'refund', 1001)).toMatch(/^amount-unfit: only 1000/);
  expect(await ask(charge, 'capture')).toMatch(/^not-possible: this money is taken/);
  expect(await ask(hold, 'refund')).toMatch(/^not-possible: this money is only held/);
  expect(await ask(hold, 'void', 1)).toMatch(/^amount-unfit: a void gives back all/);
  expect(await ask(declined, 'refund')).toMatch(/^not-possible: no money moved/);
  expect(await ask(unknown, 'refund')).toMatch(/^not-possible: the payment's own result isn't known yet/);
  expect(await ask(update, 'refund')).toMatch(/^not-possible: a card-update moves no money/);
  expect(await ask(newId(), 'refund')).toMatch(/^not-found/);
  const others = { person: newId(), merchants: [newId()] };
  expect(await at.desk.money(others, charge, { action: 'refund' })).toMatchObject({ error: { code: 'not-found' } });
  expect(at.sent).toEqual([]);
});

test('two windows that refund the same payment at once: one does', async () => {
  const at = house();
  const charge = await stored();
  const first = at.desk.money(at.who, charge, { action: 'refund' });
  const second = at.desk.money(at.who, charge, { action: 'refund' });
  expect(await second).toMatchObject({ ok: false, error: { code: 'attempt-alive' } });
  const { payment, amountMinor } = await at.action();
  expect(amountMinor).toBeUndefined();
  at.desk.heard({ type: 'outcome', payment, ...APPROVED });
  expect(await first).toMatchObject({ ok: true });
  expect(at.sent.filter(({ type }) => type === 'money')).toHaveLength(1);
});

test('an action that the card process refuses, or can’t be asked, leaves nothing behind', async () => {
  const at = house();
  const charge = await stored();
  const answer = at.desk.money(at.who, charge, { action: 'refund' });
  const { payment } = await at.action();
  at.desk.heard({ type: 'refused', command: 'money', payment, why: 'not-possible' });
  expect(await answer).toMatchObject({ ok: false, error: { code: 'not-possible' } });
  at.link.up = false;
  expect(await at.desk.money(at.who, charge, { action: 'refund' })).toMatchObject({
    error: { code: 'card-process-down' },
  });
  await settled(at);
  expect(await findPayment(storage, payment)).toBeUndefined();
});

test('a refund whose result isn’t known is answered as such; what it settles to is told to the agent’s windows', async () => {
  const at = house();
  const charge = await stored();
  const answer = at.desk.money(at.who, charge, { action: 'refund' });
  const { payment } = await at.action();
  at.desk.heard({ type: 'outcome', payment, outcome: 'unknown', reason: 'no-answer' });
  expect(await answer).toMatchObject({ ok: true, value: { outcome: 'unknown' } });
  expect(await at.desk.money(at.who, charge, { action: 'refund' })).toMatchObject({ error: { code: 'attempt-alive' } });
  await settled(at);
  at.told.length = 0;
  at.desk.heard({ type: 'settled', payment, ...APPROVED });
  await settled(at);
  expect(at.news()).toHaveLength(2);
  expect(at.news()).toContainEqual(expect.objectContaining({ id: payment, outcome: 'approved' }));
  expect(at.news()).toContainEqual(expect.objectContaining({ id: charge, refundedMinor: 1000, possible: [] }));
});

test('an answer waits ten seconds for the gateway; later the outcome comes as news', async () => {
  const at = house();
  const charge = await stored();
  const answer = at.desk.money(at.who, charge, { action: 'refund' });
  const { payment } = await at.action();
  await rest();
  at.clock.advance(10_000);
  expect(await answer).toMatchObject({ ok: true, value: { state: 'running', outcome: null, wall: 'open' } });
  at.desk.heard({ type: 'outcome', payment, ...APPROVED });
  await settled(at);
  expect(at.news()).toContainEqual(expect.objectContaining({ id: payment, outcome: 'approved' }));
});

test('an action that died with the card process is asked for: what its ledger never heard of has failed', async () => {
  const at = house();
  const charge = await stored();
  const answer = at.desk.money(at.who, charge, { action: 'refund' });
  const { payment } = await at.action();
  await rest();
  at.desk.cardDown();
  at.desk.cardUp();
  await settled(at);
  const question = at.sent.filter((message) => message.type === 'payments');
  expect(question.map(({ of }) => of)).toContainEqual([payment]);
  for (let i = 0; i < question.length; i++) at.desk.heard({ type: 'payments-end' } satisfies FromCard);
  expect(await answer).toMatchObject({ value: { outcome: 'failed', reason: 'card-process-ended' } });
});

test('what became of a payment of an earlier life of the server is told to its agent’s windows, once', async () => {
  const at = house();
  const unknown = await stored({}, { outcome: 'unknown', reason: 'no-answer' });
  at.desk.cardUp();
  await settled(at);
  at.desk.heard({ type: 'payment-state', payment: unknown, told: false, ...APPROVED });
  at.desk.heard({ type: 'payments-end' });
  at.desk.heard({ type: 'settled', payment: unknown, ...APPROVED });
  await settled(at);
  expect(at.news()).toMatchObject([{ id: unknown, outcome: 'approved', acknowledged: false }]);
});

test('an operator sees what look-ups could not settle of their own merchants, and settles it', async () => {
  const at = house();
  const unknown = await stored({}, { outcome: 'unknown', reason: 'no-answer' });
  const attempt = {
    payment: unknown,
    merchant,
    purpose: 'charge',
    order: { reference: 'A-1', amountMinor: 1000, currency: 'JPY' },
    gateway: 'sandbox',
    reference: newId(),
    since: 5,
    reversing: false,
    why: 'no-answer',
  } as const;
  const listed = at.desk.manual(at.who);
  expect(at.sent).toEqual([{ type: 'manual-list' }]);
  at.desk.heard({ type: 'manual', attempts: [attempt, { ...attempt, merchant: newId() }], more: 0 });
  expect(await listed).toEqual({ ok: true, value: { attempts: [attempt], more: 0 } });

  const resolved = at.desk.resolveManual(at.who, unknown, 'approved');
  for (let i = 0; i < 100 && at.sent.length < 2; i++) await rest();
  expect(at.sent[1]).toEqual({ type: 'manual-resolve', payment: unknown, as: 'approved' });
  at.desk.heard({ type: 'settled', payment: unknown, ...APPROVED });
  expect(await resolved).toMatchObject({ ok: true, value: { outcome: 'approved', receipt: 'T-1' } });
  await settled(at);
  expect(at.news()).toMatchObject([{ id: unknown, outcome: 'approved' }]);

  const others = { person: agent, merchants: [newId()] };
  expect(await at.desk.resolveManual(others, unknown, 'approved')).toMatchObject({ error: { code: 'not-found' } });
  const refused = at.desk.resolveManual(at.who, unknown, 'reversed');
  for (let i = 0; i < 100 && at.sent.length < 3; i++) await rest();
  at.desk.heard({ type: 'refused', command: 'manual-resolve', payment: unknown, why: 'already-settled' });
  expect(await refused).toMatchObject({ ok: false, error: { code: 'already-ended' } });
  const waiting = at.desk.manual(at.who);
  at.desk.cardDown();
  expect(await waiting).toMatchObject({ ok: false, error: { code: 'card-process-down' } });
});
