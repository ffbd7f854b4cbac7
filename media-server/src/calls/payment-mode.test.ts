import { expect, test } from 'vitest';
import type { PaymentResult } from '../card-link/contract.ts';
import {
  holdsWall,
  openPaymentMode,
  type PaymentInput,
  type PaymentMode,
  type PaymentOutput,
  SETTLE_LIMIT_MS,
  SHUT_LIMIT_MS,
  step,
} from './payment-mode.ts';

const APPROVED: PaymentResult = {
  outcome: 'approved',
  reason: 'none',
  brand: 'visa',
  lastFour: '4242',
  receipt: 'T-A',
};
const UNKNOWN: PaymentResult = { outcome: 'unknown', reason: 'no-answer' };
const GIVEN_BACK: PaymentResult = { outcome: 'failed', reason: 'no-answer' };

const BEGIN = { step: 'confirmation', gentle: false, language: 'en' } as const;

function types(outputs: PaymentOutput[]): string[] {
  return outputs.map(({ type }) => type);
}

function running(): PaymentMode {
  const { state } = openPaymentMode(0, BEGIN);
  step(state, { type: 'written', ok: true }, 1);
  step(state, { type: 'gate', state: 'shut' }, 1);
  step(state, { type: 'valve-shut' }, 2);
  return state;
}

test('the wall shuts before anything else is done', () => {
  expect(types(openPaymentMode(0, BEGIN).outputs).slice(0, 2)).toEqual(['shut-gate', 'shut-valve']);
});

test('the dialogue begins when both valves are shut and the payment is written down, in any order, and not before', () => {
  const [gate, valve, written] = [
    { type: 'gate', state: 'shut' },
    { type: 'valve-shut' },
    { type: 'written', ok: true },
  ] as const;
  for (const order of [
    [gate, valve, written],
    [gate, written, valve],
    [valve, gate, written],
    [valve, written, gate],
    [written, gate, valve],
    [written, valve, gate],
  ] as const) {
    const { state } = openPaymentMode(0, BEGIN);
    expect(types(step(state, order[0], 1))).not.toContain('begin');
    expect(types(step(state, order[1], 2))).not.toContain('begin');
    expect(types(step(state, order[2], 3))).toContain('begin');
  }
});

test('a payment that can’t be written down is never begun', () => {
  const { state } = openPaymentMode(0, BEGIN);
  step(state, { type: 'gate', state: 'shut' }, 1);
  step(state, { type: 'valve-shut' }, 2);
  expect(types(step(state, { type: 'written', ok: false }, 3))).toEqual(['cancel']);
  expect(types(step(state, { type: 'outcome', result: { outcome: 'cancelled', reason: 'by-agent' } }, 4))).toEqual([
    'changed',
  ]);
  expect(types(step(state, { type: 'gate', state: 'open' }, 5))).toContain('release');
});

test('waiting counts from the customer’s last key or the last question', () => {
  const mode = running();
  const seen = { type: 'progress', step: 'card-number', mistakes: 0, waiting: false } as const;
  step(mode, { ...seen, keys: 0 }, 1000);
  step(mode, { ...seen, keys: 3, declined: 1, gentle: true, language: 'ja', speaking: true }, 2000);
  expect(mode).toMatchObject({ declined: 1, gentle: true, language: 'ja', speaking: true });
  step(mode, { ...seen, keys: 3, waiting: true }, 9000);
  step(mode, { ...seen, keys: 3, waiting: true }, 12_000);
  expect(mode).toMatchObject({ waiting: true, activeAt: 2000, declined: 1, language: 'ja', speaking: false });
  step(mode, { ...seen, keys: 4 }, 13_000);
  expect(mode.activeAt).toBe(13_000);
});

test('the wall is released when the gate has opened after the outcome', () => {
  const mode = running();
  expect(types(step(mode, { type: 'outcome', result: APPROVED }, 3))).toEqual(['changed']);
  expect(holdsWall(mode)).toBe(true);
  expect(types(step(mode, { type: 'gate', state: 'open' }, 4))).toContain('release');
  expect(holdsWall(mode)).toBe(false);
});

test('a gate that reports open before there is an outcome releases nothing', () => {
  const mode = running();
  expect(types(step(mode, { type: 'gate', state: 'open' }, 3))).toEqual([]);
  expect(holdsWall(mode)).toBe(true);
});

test('a card process that died is answered by its ledger; the wall stays shut until then', () => {
  const mode = running();
  step(mode, { type: 'card-lost' }, 3);
  expect(mode.phase).toBe('settling');
  expect(types(step(mode, { type: 'card-back' }, 4))).toEqual(['ask-ledger']);
  expect(types(step(mode, { type: 'ledger', result: UNKNOWN }, 5))).toContain('open-gate');
  expect(mode.result).toEqual(UNKNOWN);
  expect(holdsWall(mode)).toBe(true);
  step(mode, { type: 'gate', state: 'open' }, 6);
  expect(holdsWall(mode)).toBe(false);
});

test('what the ledger never heard of has failed with the card process', () => {
  const mode = running();
  step(mode, { type: 'card-lost' }, 3);
  step(mode, { type: 'card-back' }, 4);
  step(mode, { type: 'ledger', result: undefined }, 5);
  expect(mode.result).toEqual({ outcome: 'failed', reason: 'card-process-ended' });
});

test('a leg that was lost alone and opened again: the outcome of its payment comes later, and the gate is asked to open', () => {
  const mode = running();
  step(mode, { type: 'card-lost' }, 3);
  step(mode, { type: 'card-back' }, 4);
  expect(types(step(mode, { type: 'outcome', result: APPROVED }, 5))).toContain('open-gate');
  expect(types(step(mode, { type: 'gate', state: 'open' }, 6))).toContain('release');
});

test('an unknown outcome may still be settled, and an approval that nobody was told of given back; any other stays', () => {
  const mode = running();
  step(mode, { type: 'outcome', result: UNKNOWN }, 3);
  expect(types(step(mode, { type: 'settled', result: APPROVED }, 4))).toEqual(['changed']);
  expect(mode.result).toEqual(APPROVED);
  expect(step(mode, { type: 'settled', result: { outcome: 'declined', reason: 'funds' } }, 5)).toEqual([]);
  expect(types(step(mode, { type: 'settled', result: GIVEN_BACK }, 6))).toEqual(['changed']);
  expect(mode.result).toEqual(GIVEN_BACK);
  expect(step(mode, { type: 'settled', result: APPROVED }, 7)).toEqual([]);
  expect(mode.result).toEqual(GIVEN_BACK);
});

test('a wall that never reports shut ends in a cancelled payment, not in a dialogue', () => {
  const { state } = openPaymentMode(0, BEGIN);
  expect(types(step(state, { type: 'time' }, SHUT_LIMIT_MS - 1))).toEqual([]);
  expect(types(step(state, { type: 'time' }, SHUT_LIMIT_MS))).toEqual(['cancel']);
  step(state, { type: 'gate', state: 'shut' }, SHUT_LIMIT_MS + 1);
  expect(types(step(state, { type: 'valve-shut' }, SHUT_LIMIT_MS + 2))).not.toContain('begin');
});

test('a payment that is refused when both valves are shut already gives the wall back', () => {
  const mode = running();
  expect(types(step(mode, { type: 'refused', why: 'attempt-alive' }, 3))).toContain('open-gate');
  expect(types(step(mode, { type: 'gate', state: 'open' }, 4))).toContain('release');
});

test('a card process that never comes back: the agent learns that nobody knows, the wall stays shut', () => {
  const mode = running();
  step(mode, { type: 'card-lost' }, 1000);
  expect(types(step(mode, { type: 'time' }, 1000 + SETTLE_LIMIT_MS - 1))).toEqual([]);
  expect(types(step(mode, { type: 'time' }, 1000 + SETTLE_LIMIT_MS))).toEqual(['changed']);
  expect(mode.result).toEqual(UNKNOWN);
  expect(holdsWall(mode)).toBe(true);
  expect(types(step(mode, { type: 'card-back' }, 200_000))).toEqual(['ask-ledger', 'open-gate']);
  step(mode, { type: 'ledger', result: APPROVED }, 200_001);
  expect(mode.result).toEqual(APPROVED);
});

test('a customer who hung up is no reason to forget the outcome', () => {
  const mode = running();
  expect(types(step(mode, { type: 'customer-gone' }, 3))).toEqual([]);
  expect(types(step(mode, { type: 'outcome', result: APPROVED }, 4))).toContain('release');
  expect(mode.result).toEqual(APPROVED);
});

test('whatever comes in whatever order: no dialogue before the wall, no release before outcome and open gate', () => {
  for (let seed = 1; seed <= 5000; seed++) {
    const random = mulberry(seed);
    const { state } = openPaymentMode(0, BEGIN);
    let gate: 'shut' | 'open' | 'unknown' = 'unknown';
    let valve = false;
    let written = false;
    let begun = 0;
    let released = 0;
    let openSinceOutcome = false;
    let customer = true;
    let first: PaymentResult | undefined;
    for (let now = 1; now < 40; now++) {
      const input = INPUTS[Math.floor(random() * INPUTS.length)] as PaymentInput;
      if (input.type === 'gate') gate = input.state;
      if (input.type === 'valve-shut') valve = true;
      if (input.type === 'written') written = input.ok;
      if (input.type === 'card-lost') gate = 'unknown';
      if (input.type === 'customer-gone') customer = false;
      const outputs = types(step(state, input, now * 200));
      if (state.result && input.type === 'gate' && input.state === 'open') openSinceOutcome = true;
      if (outputs.includes('begin')) {
        begun++;
        expect([gate, valve, written], `seed ${seed}`).toEqual(['shut', true, true]);
        expect(state.cancelled, `seed ${seed}`).toBe(false);
      }
      if (outputs.includes('release')) {
        released++;
        expect(state.result, `seed ${seed}`).toBeDefined();
        expect(openSinceOutcome || !customer, `seed ${seed}`).toBe(true);
      }
      const mayChange =
        !first || first.outcome === 'unknown' || (first.outcome === 'approved' && state.result === GIVEN_BACK);
      if (!mayChange) expect(state.result, `seed ${seed}`).toBe(first);
      first = state.result;
    }
    expect(begun, `seed ${seed}`).toBeLessThanOrEqual(1);
    expect(released, `seed ${seed}`).toBeLessThanOrEqual(1);
  }
});

const INPUTS: PaymentInput[] = [
  { type: 'gate', state: 'shut' },
  { type: 'gate', state: 'open' },
  { type: 'valve-shut' },
  { type: 'written', ok: true },
  { type: 'written', ok: false },
  { type: 'refused', why: 'in-payment' },
  { type: 'progress', step: 'card-number', keys: 4, of: 16, mistakes: 0, waiting: false },
  { type: 'outcome', result: APPROVED },
  { type: 'outcome', result: UNKNOWN },
  { type: 'settled', result: APPROVED },
  { type: 'settled', result: GIVEN_BACK },
  { type: 'cancel' },
  { type: 'customer-gone' },
  { type: 'card-lost' },
  { type: 'card-back' },
  { type: 'ledger', result: UNKNOWN },
  { type: 'ledger', result: undefined },
  { type: 'time' },
];

function mulberry(seed: number): () => number {
  let a = seed;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

test('that the keyed card can’t be used is shown until the customer has another one, or it is over', () => {
  const mode = running();
  const seen = { type: 'progress', step: 'card-number', keys: 0, mistakes: 1, waiting: false } as const;
  step(mode, { ...seen, cardRefused: 'brand-refused' }, 1000);
  expect(mode.cardRefused).toBe('brand-refused');
  step(mode, seen, 2000);
  expect(mode.cardRefused).toBeUndefined();
  step(mode, { ...seen, cardRefused: 'number-too-long' }, 3000);
  step(mode, { type: 'outcome', result: { outcome: 'failed', reason: 'number-too-long' } }, 4000);
  expect(mode.cardRefused).toBeUndefined();
});
