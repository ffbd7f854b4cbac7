import { expect, test } from 'vitest';
import { TestClock } from '../shared/clock.ts';
import { encodeFrame } from '../shared/frames.ts';
import { silentLogger } from '../shared/logger.ts';
import { err, ok, type Result } from '../shared/result.ts';
import { CardProcess } from './card-process.ts';
import {
  FRAME_LIMIT,
  FromCard,
  LEG_LIMIT,
  type PaymentOpen,
  type PaymentResult,
  PROMPT_LIMIT,
  type Refusal,
  ToCard,
} from './contract.ts';
import { type GatewayAbilities } from './gateways/gateway.ts';
import { ALONE_LIMIT_MS, QUIET_LIMIT_MS } from './lifetime.ts';
import { type CardSettings } from './settings.ts';
import { type FromThread, type ToThread } from './threads.ts';

const leg = 'l'.repeat(26);
const payment = 'p'.repeat(26);
const open: PaymentOpen = {
  type: 'payment-open',
  payment,
  leg,
  merchant: 'm'.repeat(26),
  purpose: 'charge',
  order: { reference: 'A-1042', amountMinor: 12_800, currency: 'JPY' },
  language: 'en',
};
const told = 't'.repeat(26);
const approved: PaymentResult = { outcome: 'approved', reason: 'none' };
const settings = {
  rtpPorts: { min: 20_000, max: 20_019 },
  threads: 2,
  gateway: { kind: 'sandbox' },
} as CardSettings;

const abilities: GatewayAbilities = {
  lengths: { visa: [16] },
  currencies: ['JPY'],
  purposes: ['charge', 'card-update', 'stored-charge'],
  actions: ['refund'],
};

/** Everything that happened, in order, between the main thread and those around it. */
function house(opened: Result<void, Refusal> = ok(undefined)) {
  const clock = new TestClock();
  const events: string[] = [];
  const said: FromCard[] = [];
  const posted: [number, ToThread][] = [];
  let unsettled = false;
  let settle: (payment: string, result: PaymentResult) => void = () => {};
  const card = new CardProcess({
    settings,
    instance: 'i'.repeat(26),
    clock,
    log: silentLogger,
    languages: ['en', 'ja'],
    gateways: {
      answer: async (command) =>
        command.type === 'unprovision'
          ? ok({ type: 'unprovisioned', ask: command.ask, merchant: command.merchant })
          : err('credentials-not-kept'),
    },
    threads: {
      count: 2,
      post: (thread, message) => {
        posted.push([thread, message]);
        events.push(`thread ${message.kind === 'command' ? message.command.type : message.kind}`);
      },
    },
    payments: {
      abilitiesOf: () => abilities,
      open: async () => {
        events.push('ledger open');
        return opened;
      },
      authorize: async (_meta, keyed) => {
        events.push(`gateway ${keyed.number.join('')}`);
        return approved;
      },
      chargeStored: async ({ member }) => {
        events.push(`gateway charges ${member}`);
        return approved;
      },
      money: async ({ action }) => {
        events.push(`gateway ${action}`);
        return action === 'void' ? err('not-possible') : ok(approved);
      },
      readKeys: () => {
        events.push('fingerprint keys read');
      },
      manualList: async () => ok({ attempts: [], more: 0 }),
      manualResolve: async () => err('no-such-payment'),
      ended: async (_payment, result) => {
        events.push(`ledger ${result.outcome}`);
      },
      told: async (_payment, of) => {
        events.push(`ledger told ${of}`);
        return true;
      },
      seen: async (_payment, of) => {
        events.push(`ledger seen ${of}`);
      },
      list: async () => (unsettled ? [{ payment, told: false, result: approved }] : []),
      state: async (of) => (of === told ? { payment: of, told: true, result: approved } : undefined),
      onSettled: (callback) => {
        settle = callback;
        return () => {};
      },
    },
    say: (message) => {
      said.push(message);
      events.push(`server ${message.type}`);
    },
    onEnd: () => events.push('end'),
  });
  return {
    clock,
    events,
    said,
    posted,
    card,
    command: (command: Parameters<typeof ToCard.parse>[0]) => card.command(ToCard.parse(command)),
    from: (message: FromThread, thread = 0) => card.fromThread(thread, message),
    settle: (result: PaymentResult) => settle(payment, result),
    setUnsettled: () => {
      unsettled = true;
    },
    /** Lets promises come to rest. */
    rest: () => new Promise((resolve) => setImmediate(resolve)),
  };
}

const legOpen = { type: 'leg-open', leg, codec: 'PCMU', bind: '127.0.0.1' } as const;

test('the gate is told to shut before the ledger is asked, and the outcome is durable before the server hears it', async () => {
  const { card, command, from, events, rest } = house();
  card.attached();
  command(legOpen);
  command(open);
  expect(events).toEqual(['thread leg-open', 'thread payment-open', 'ledger open']);
  await rest();
  events.length = 0;
  from({ kind: 'ended', payment, result: { outcome: 'cancelled', reason: 'by-agent' }, asked: false, wiped: 4 });
  await rest();
  expect(events).toEqual(['ledger cancelled', 'server outcome', 'thread released']);
});

test('a card goes to the gateway, its copy here is zeroed, and its result goes back to the leg', async () => {
  const { card, command, from, events, posted, said, rest } = house();
  card.attached();
  command(legOpen);
  command(open);
  await rest();
  events.length = 0;
  const number = Uint8Array.from([4, 2, 4, 2]).buffer;
  from({
    kind: 'authorize',
    payment,
    card: { number, expiry: new ArrayBuffer(4), securityCode: new ArrayBuffer(3), brand: 'visa' },
  });
  await rest();
  expect(events).toEqual(['gateway 4242', 'thread authorized']);
  expect([...new Uint8Array(number)]).toEqual([0, 0, 0, 0]);
  from({ kind: 'telling', payment, result: approved, asked: true });
  await rest();
  expect(events.slice(2)).toEqual(['ledger told approved', 'thread told']);
  expect(posted.at(-1)).toEqual([0, { kind: 'told', payment, written: true }]);
  from({ kind: 'ended', payment, result: approved, asked: true, wiped: 4 });
  await rest();
  expect(events.slice(4)).toEqual(['server outcome', 'thread released']);
  // Four of the leg's, and the card's three fields here.
  expect(said.at(-1)).toEqual({ type: 'outcome', payment, ...approved, wiped: 7 });
});

test('a payment that the ledger refuses leaves its leg before the server hears of it', async () => {
  const { card, command, events, said, rest } = house(err('attempt-alive'));
  card.attached();
  command(legOpen);
  command(open);
  await rest();
  expect(events.slice(3)).toEqual(['thread not-taken', 'server refused']);
  expect(said.at(-1)).toEqual({ type: 'refused', command: 'payment-open', leg, payment, why: 'attempt-alive' });
  command({ type: 'payment-begin', payment });
  expect(said.at(-1)).toMatchObject({ why: 'no-such-payment' });
});

test('one payment per leg, none while draining, none on a leg that isn’t there', async () => {
  const { card, command, said, rest } = house();
  card.attached();
  command(open);
  expect(said.at(-1)).toMatchObject({ type: 'refused', why: 'no-such-leg' });
  command(legOpen);
  command(legOpen);
  expect(said.at(-1)).toMatchObject({ type: 'refused', why: 'leg-exists' });
  command(open);
  command({ ...open, payment: 'q'.repeat(26) });
  expect(said.at(-1)).toMatchObject({ type: 'refused', why: 'in-payment' });
  command({ type: 'drain' });
  command({ ...legOpen, leg: 'k'.repeat(26) });
  command({ ...open, leg: 'k'.repeat(26), payment: 'q'.repeat(26) });
  expect(said.at(-1)).toMatchObject({ type: 'refused', why: 'draining' });
  await rest();
});

test('legs are spread over the threads, and a leg that comes back goes to the thread of its ports', () => {
  const { card, command, posted } = house();
  card.attached();
  for (const name of 'abc') command({ ...legOpen, leg: name.repeat(26) });
  command({ ...legOpen, leg: 'd'.repeat(26), ports: { rtp: 20_002, sfu: 40_000 } });
  expect(posted.map(([thread]) => thread)).toEqual([0, 1, 0, 1]);
});

test('a leg that was lost in a payment is opened again when its payment is over, and not refused before', async () => {
  const { card, command, from, posted, said, rest } = house();
  card.attached();
  command(legOpen);
  command(open);
  await rest();
  from({ kind: 'say', message: { type: 'leg-lost', leg } });
  const again = { ...legOpen, ports: { rtp: 20_000, sfu: 40_000 } };
  command(again);
  expect(said.map(({ type }) => type)).toEqual(['leg-lost']);
  from({ kind: 'ended', payment, result: approved, asked: true, wiped: 4 });
  await rest();
  from({ kind: 'closed', leg });
  await rest();
  expect(said.map(({ type }) => type)).toEqual(['leg-lost', 'outcome']);
  expect(posted.at(-1)).toMatchObject([0, { kind: 'command', command: { type: 'leg-open', leg } }]);
});

test('a hello with as many legs as there can be fits into a frame', () => {
  const legs = Array.from({ length: LEG_LIMIT }, () => leg);
  const { card } = house();
  expect(() => encodeFrame(FromCard.parse({ ...card.hello(), legs }), FRAME_LIMIT)).not.toThrow();
});

test('without its server it shuts every gate, finishes what runs, and ends when it has been quiet for a while', async () => {
  const { card, clock, command, from, events, rest } = house();
  card.attached();
  command(legOpen);
  command(open);
  await rest();
  events.length = 0;
  await card.detached();
  expect(events).toEqual(['thread alone', 'thread alone']);
  clock.advance(60_000);
  await rest();
  expect(events).not.toContain('end');
  from({ kind: 'ended', payment, result: approved, asked: true, wiped: 4 });
  await rest();
  from({ kind: 'closed', leg });
  await rest();
  clock.advance(QUIET_LIMIT_MS - 1);
  await rest();
  expect(events).not.toContain('end');
  clock.advance(1);
  await rest();
  expect(events).toContain('end');
});

test('without its server it cancels after ten minutes what still runs', async () => {
  const { card, clock, command, posted, rest } = house();
  card.attached();
  command(legOpen);
  command(open);
  await rest();
  void card.detached();
  clock.advance(ALONE_LIMIT_MS);
  expect(posted.at(-1)).toEqual([0, { kind: 'command', command: { type: 'cancel', payment } }]);
});

test('it waits ten minutes for a server when somebody has to be told', async () => {
  const { card, clock, events, setUnsettled, rest } = house();
  setUnsettled();
  card.attached();
  await card.detached();
  clock.advance(ALONE_LIMIT_MS - 1);
  await rest();
  expect(events).not.toContain('end');
  clock.advance(1);
  await rest();
  expect(events).toContain('end');
});

test('a new server takes a drain back, a signal’s it doesn’t', async () => {
  const { card, command, said, events, rest } = house();
  card.attached();
  command(legOpen);
  command({ type: 'drain' });
  card.attached();
  command(open);
  expect(said.filter(({ type }) => type === 'refused')).toEqual([]);
  card.terminate();
  card.attached();
  command({ ...legOpen, leg: 'k'.repeat(26) });
  expect(said.at(-1)).toMatchObject({ why: 'draining' });
  await rest();
  expect(events).not.toContain('end');
});

test('a leg that closes under a payment ends it: the server doesn’t wait for ever', async () => {
  const { card, command, from, said, rest } = house();
  card.attached();
  command(legOpen);
  command(open);
  from({ kind: 'closed', leg });
  await rest();
  expect(said.at(-1)).toEqual({ type: 'outcome', payment, outcome: 'failed', reason: 'card-process-ended' });
});

test('a server that comes back at once gets its leg again as soon as the old one is closed', async () => {
  const { card, command, from, events, said } = house();
  card.attached();
  command(legOpen);
  void card.detached();
  card.attached();
  events.length = 0;
  command(legOpen);
  expect(events).toEqual([]);
  from({ kind: 'closed', leg });
  expect(events).toEqual(['thread leg-open']);
  expect(said).toEqual([]);
});

test('what was unknown is told when it is known, and on demand', async () => {
  const { card, command, said, settle, setUnsettled, rest } = house();
  setUnsettled();
  card.attached();
  settle({ outcome: 'declined', reason: 'funds' });
  expect(said.at(-1)).toEqual({ type: 'settled', payment, outcome: 'declined', reason: 'funds' });
  command({ type: 'payments' });
  await rest();
  expect(said.slice(-2)).toEqual([
    { ...approved, type: 'payment-state', payment, told: false },
    { type: 'payments-end' },
  ]);
});

test('what became of a payment is not said before its outcome', async () => {
  const { card, command, from, said, settle, rest } = house();
  card.attached();
  command(legOpen);
  command(open);
  await rest();
  settle(approved);
  await rest();
  expect(said).toEqual([]);
  from({ kind: 'ended', payment, result: { outcome: 'unknown', reason: 'no-answer' }, asked: true, wiped: 4 });
  await rest();
  expect(said).toEqual([
    { type: 'outcome', payment, outcome: 'unknown', reason: 'no-answer', wiped: 4 },
    { type: 'settled', payment, ...approved },
  ]);
  settle(approved);
  expect(said.length).toBe(3);
});

test('what was told counts for the outcome that was seen', async () => {
  const { card, command, events, rest } = house();
  card.attached();
  command({ type: 'told', payment, outcome: 'unknown' });
  await rest();
  expect(events).toContain('ledger seen unknown');
});

test('a server that asks for certain payments hears of each: how it stands, that it runs, or nothing', async () => {
  const { card, command, said, setUnsettled, rest } = house();
  card.attached();
  command(legOpen);
  const running = 'r'.repeat(26);
  command({ ...open, payment: running });
  setUnsettled();
  command({ type: 'payments', of: [payment, told, running, 'x'.repeat(26)] });
  command({ type: 'payments' });
  await rest();
  expect(said).toEqual([
    { type: 'payment-state', payment, told: false, ...approved },
    { type: 'payment-state', payment: told, told: true, ...approved },
    { type: 'payments-end', running: [running] },
    { type: 'payment-state', payment, told: false, ...approved },
    { type: 'payments-end' },
  ]);
});

test('a stored card is charged for its member, and the answer goes back to the leg', async () => {
  const { card, command, from, events, rest } = house();
  card.attached();
  command(legOpen);
  command({ ...open, purpose: 'stored-charge', member: 'M-1' });
  await rest();
  events.length = 0;
  from({ kind: 'charge-stored', payment });
  await rest();
  expect(events).toEqual(['gateway charges M-1', 'thread authorized']);
});

test('what the merchant’s gateway or the guide can’t do is refused before the ledger is asked', () => {
  const { card, command, events, said } = house();
  card.attached();
  command(legOpen);
  const unfit: readonly [Partial<PaymentOpen>, string][] = [
    [{ purpose: 'authorize' }, 'not-possible'],
    [{ order: { ...open.order, currency: 'USD' } }, 'currency-refused'],
    [{ purpose: 'stored-charge' }, 'member-missing'],
    [{ language: 'de' }, 'no-such-language'],
    [{ languages: ['en', 'de'] }, 'no-such-language'],
  ];
  for (const [over, why] of unfit) {
    command({ ...open, ...over });
    expect(said.at(-1)).toMatchObject({ type: 'refused', why });
  }
  command({ type: 'key-test', leg, language: 'de' });
  expect(said.at(-1)).toMatchObject({ type: 'refused', why: 'no-such-language' });
  expect(events).toEqual(['thread leg-open', ...unfit.map(() => 'server refused'), 'server refused']);
});

test('the leg learns which numbers the merchant’s gateway takes, and gets what the agent does for the customer', async () => {
  const { card, command, posted, said, rest } = house();
  card.attached();
  command(legOpen);
  command(open);
  expect(posted.at(-1)?.[1]).toMatchObject({ kind: 'command', lengths: { visa: [16] } });
  await rest();
  for (const help of [
    { type: 'ask-again', payment, field: 'expiry' },
    { type: 'hint', payment, hint: 'use-keypad' },
    { type: 'more-time', payment },
    { type: 'gentle', payment, on: true },
    { type: 'code-refused', payment, why: 'limit' },
    { type: 'no-keys', payment },
  ] as const) {
    command(help);
    expect(posted.at(-1)?.[1]).toEqual({ kind: 'command', command: help });
  }
  command({ type: 'more-time', payment: 'x'.repeat(26) });
  expect(said.at(-1)).toMatchObject({ type: 'refused', why: 'no-such-payment' });
});

test('money is moved back without a leg, and the process stays until it is', async () => {
  const { card, command, said, events, rest } = house();
  card.attached();
  const money = { type: 'money', payment, merchant: 'm'.repeat(26), of: told, action: 'refund' } as const;
  command(money);
  card.terminate();
  expect(events).not.toContain('end');
  await rest();
  expect(said.at(-1)).toEqual({ ...approved, type: 'outcome', payment });
  expect(events.at(-1)).toBe('end');
  command(money);
  expect(said.at(-1)).toMatchObject({ type: 'refused', why: 'draining' });
});

test('an action that can’t be is refused', async () => {
  const { card, command, said, rest } = house();
  card.attached();
  command({ type: 'money', payment, merchant: 'm'.repeat(26), of: told, action: 'void' });
  await rest();
  expect(said.at(-1)).toEqual({ type: 'refused', command: 'money', payment, why: 'not-possible' });
});

test("a merchant's own prompt goes to every thread, in shared memory, and all are forgotten for the next server", () => {
  const { card, posted } = house();
  const key = { merchant: 'm'.repeat(26), language: 'ja', name: 'opening' };
  card.command({ type: 'prompt-put', ...key, ulaw: Buffer.from('sound').toString('base64') });
  card.command({ type: 'prompt-drop', ...key });
  posted.length = 0;
  card.command({ type: 'prompt-put', ...key, ulaw: Buffer.from('sound').toString('base64') });
  expect(posted.map(([thread, message]) => [thread, message.kind])).toEqual([
    [0, 'prompt'],
    [1, 'prompt'],
  ]);
  const sounds = posted.map(([, message]) => (message.kind === 'prompt' ? message.ulaw : undefined));
  expect(sounds.map((sound) => Buffer.from(sound ?? []).toString())).toEqual(['sound', 'sound']);
  expect(sounds[0]?.buffer).toBeInstanceOf(SharedArrayBuffer);
  expect(sounds[0]?.buffer).toBe(sounds[1]?.buffer);
  posted.length = 0;
  card.attached();
  expect(posted).toEqual([
    [0, { kind: 'forget-prompts' }],
    [1, { kind: 'forget-prompts' }],
  ]);
});

test('the longest prompt fits into a frame, and a longer one is none of the contract', () => {
  const key = { type: 'prompt-put', merchant: 'm'.repeat(26), language: 'ja', name: 'opening' } as const;
  const put = (bytes: number) => ({ ...key, ulaw: Buffer.alloc(bytes, 0xff).toString('base64') });
  expect(ToCard.safeParse(put(PROMPT_LIMIT)).success).toBe(true);
  expect(encodeFrame(put(PROMPT_LIMIT), FRAME_LIMIT).length).toBeLessThanOrEqual(FRAME_LIMIT + 4);
  expect(ToCard.safeParse(put(PROMPT_LIMIT + 3)).success).toBe(false);
  expect(ToCard.safeParse({ ...put(100), ulaw: 'no base64!' }).success).toBe(false);
});
