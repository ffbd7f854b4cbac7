import { expect, test } from 'vitest';
import { OUTCOMES, type PaymentResult, STEPS } from '../contract.ts';
import { loadPrompts } from '../prompts/prompts.ts';
import { LONGEST_NUMBER } from './brands.ts';
import { createDialogue, type DialogueOptions, type DialogueOutput, step, wakeAt } from './dialogue.ts';
import { Line } from './line.testing.ts';

const CARDS = ['4242424242424242', '5555555555554444', '378282246310005', '3530111333300000', '36006666333344'];
const LIMITS = {
  firstKeyMs: 10_000,
  nextKeyMs: 8000,
  totalMs: 240_000,
  mistakesPerField: 3,
  moreTimeMs: 30_000,
  moreTimes: 2,
};
/** Gentle mode takes half as much again, and the agent's help what it adds. */
const LONGEST_MS = LIMITS.totalMs * 1.5 + LIMITS.moreTimeMs * LIMITS.moreTimes;
/** The longest sentence that tells a result, and the patience with a driver that never says that it was played. */
const TELLING_MS = 20_000;
const book = loadPrompts();

/** Numbers from 0 to 1 that a seed repeats (mulberry32). */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

interface Customer {
  readonly options: DialogueOptions;
  readonly phone: Line;
  readonly next: () => number;
}

function customer(seed: number): Customer {
  const next = random(seed);
  const language = next() < 0.5 ? 'ja' : 'en';
  const options: DialogueOptions = {
    purpose: 'charge',
    language,
    order: { amountMinor: 1 + Math.floor(next() * 100_000), currency: next() < 0.7 ? 'JPY' : 'USD', reference: 'A' },
    limits: LIMITS,
    utcNow: Date.UTC(2026, 6, 15),
    speech: book.speech,
    ...(next() < 0.3 ? { lengths: { visa: [16, 18, 19], mastercard: [16], amex: [15] } } : {}),
  };
  const phone = new Line(createDialogue(options), (name) => book.lengthMs(name, language));
  return { options, phone, next };
}

/** Keys what is asked or something else, at once, ahead or late, and may hang up at any time. */
function live({ phone, next }: Customer): void {
  const card = CARDS[Math.floor(next() * CARDS.length)] ?? '';
  const skill = next();
  const perSecond = 0.3 + next() * 8;
  phone.begin();
  for (let turn = 0; turn < 400 && !ended(phone); turn++) {
    if (next() < 0.6) phone.listen();
    if (next() > 0.5 + skill / 2) phone.wait(next() * 15_000);
    const mood = next();
    if (mood < 0.005) phone.input({ type: 'hung-up' });
    else if (mood < 0.01) phone.input({ type: 'cancel' });
    else if (mood < 0.03) phone.keys('*0', perSecond);
    else if (phone.card) phone.input({ type: 'result', result: resultOf(next) });
    else if (next() < skill) phone.keys(answer(phone, card), perSecond);
    else phone.keys(nonsense(next), perSecond);
  }
  if (!ended(phone)) phone.wait(LIMITS.totalMs);
}

const ended = (phone: Line): boolean => phone.outputs.at(-1)?.type === 'end';

function answer(phone: Line, card: string): string {
  const step = phone.outputs.findLast((output) => output.type === 'progress')?.step;
  if (step === 'confirmation') return '1';
  if (step === 'card-number') return card;
  return step === 'expiry' ? '*0827' : card.startsWith('37') ? '1234' : '123';
}

function nonsense(next: () => number): string {
  return Array.from({ length: 1 + Math.floor(next() * 24) }, () => '0123456789*#'[Math.floor(next() * 12)]).join('');
}

function resultOf(next: () => number): PaymentResult {
  return { outcome: OUTCOMES[Math.floor(next() * OUTCOMES.length)] ?? 'unknown', reason: 'none' };
}

test('three thousand random customers: every dialogue ends in time, wiped, with one card at most and no digit shown', () => {
  const ends = new Set<string>();
  for (let seed = 1; seed <= 3000; seed++) {
    const someone = customer(seed);
    const { phone } = someone;
    let authorizedAt: number | undefined;
    let endedAt = Number.POSITIVE_INFINITY;
    phone.watch = (output) => {
      if (output.type === 'authorize') {
        expect(authorizedAt, `seed ${seed}: a second card`).toBeUndefined();
        authorizedAt = phone.now;
      }
      if (output.type === 'end') {
        endedAt = phone.now;
        ends.add(`${output.result.outcome} ${output.result.reason}`);
        expect(
          phone.bytes().every((byte) => byte === 0),
          `seed ${seed}: digits after the end`,
        ).toBe(true);
      }
      const fault = faultOf(output);
      if (fault) throw new Error(`Seed ${seed}: ${fault}`);
    };
    live(someone);
    if (phone.card && !ended(phone)) phone.input({ type: 'result', result: { outcome: 'approved', reason: 'none' } });
    phone.wait(TELLING_MS);
    expect(ended(phone), `seed ${seed}: no end`).toBe(true);
    if (authorizedAt === undefined) expect(endedAt, `seed ${seed}`).toBeLessThanOrEqual(LONGEST_MS + TELLING_MS);
    expect(wakeAt(phone.dialogue)).toBeUndefined();
    expect(step(phone.dialogue, { type: 'key', key: 1 }, phone.now)).toEqual([]);
  }
  // Seeds that reach only one kind of end would prove little.
  expect(ends.size).toBeGreaterThan(8);
}, 60_000);

const PROGRESS_KEYS = [
  ...['type', 'step', 'keys', 'of', 'mistakes', 'waiting', 'speaking', 'declined', 'gentle', 'language'],
];

/** What is wrong with an output. Its shape leaves no room for a digit: bounded counts, words of fixed lists, the card's buffers. */
function faultOf(output: DialogueOutput): string | undefined {
  if (output.type === 'progress') {
    if (Object.keys(output).some((key) => !PROGRESS_KEYS.includes(key))) return 'more than counts in the progress';
    if (!STEPS.includes(output.step)) return 'an unknown step';
    if (output.keys > (output.of ?? LONGEST_NUMBER)) return 'more keys than the field takes';
    if (output.mistakes > LIMITS.mistakesPerField) return 'too many mistakes';
  }
  if (output.type === 'authorize') {
    const { number, expiry, securityCode, brand } = output.card;
    const code = brand === 'amex' ? 4 : 3;
    output.card.wipe();
    if (number.length > LONGEST_NUMBER || expiry.length !== 4 || securityCode.length !== code)
      return 'a field too long';
  }
  return undefined;
}

test('what is put out does not depend on the digits: two cards of a brand look the same from outside', () => {
  const outputs = ['41111111111111110927999', '42424242424242420827123'].map((keys) => {
    const phone = new Line(
      createDialogue({
        purpose: 'charge',
        language: 'ja',
        order: { amountMinor: 500, currency: 'JPY', reference: 'A' },
        limits: LIMITS,
        utcNow: Date.UTC(2026, 6, 15),
        speech: book.speech,
      }),
    );
    phone.begin();
    phone.keys(`1${keys}`, 3);
    return phone.outputs.map((output) => (output.type === 'authorize' ? 'authorize' : output));
  });
  expect(outputs[0]).toEqual(outputs[1]);
  expect(outputs[0]).toContain('authorize');
});

test('a perfect customer who keys three keys a second pays within 45 seconds, the checking left out', () => {
  for (const language of book.languages) {
    for (const amountMinor of [12_800, 98_765]) {
      const phone = new Line(
        createDialogue({
          purpose: 'charge',
          language,
          order: { amountMinor, currency: 'JPY', reference: 'A-1042' },
          limits: LIMITS,
          utcNow: Date.UTC(2026, 6, 15),
          speech: book.speech,
        }),
        (name) => book.lengthMs(name, language),
      );
      phone.begin();
      for (const keys of ['1', '4242424242424242', '0827', '123']) {
        phone.listen();
        phone.keys(keys, 3);
      }
      phone.input({ type: 'result', result: { outcome: 'approved', reason: 'none' } });
      phone.listen();
      expect(ended(phone)).toBe(true);
      expect(phone.now, `${language}, ${amountMinor}`).toBeLessThanOrEqual(45_000);
    }
  }
});
