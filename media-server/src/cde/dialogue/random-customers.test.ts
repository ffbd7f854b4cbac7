import { expect, test } from 'vitest';
import { BRANDS, PURPOSES, REASONS, REFUSALS, STEPS } from '../contract.ts';
import { LONGEST_NUMBER } from './brands.ts';
import { createDialogue, type DialogueOutput, step, wakeAt } from './dialogue.ts';
import { Line, lineOf, nameOf, optionsOf } from './line.testing.ts';
import { book, LIMITS, RandomCustomer } from './random-customer.testing.ts';

/** Gentle mode takes half as much again, and the agent's help what it adds. */
const LONGEST_MS = LIMITS.totalMs * 1.5 + LIMITS.moreTimeMs * LIMITS.moreTimes;
/** The longest sentence that tells a result, and the patience with a driver that never says that it was played. */
const TELLING_MS = 20_000;

test('three thousand random customers: every dialogue ends in time, wiped, with money moved once and no digit shown', () => {
  const ends = new Set<string>();
  for (let seed = 1; seed <= 3000; seed++) {
    const customer = new RandomCustomer(seed);
    const { phone, options } = customer;
    const { purpose, cards = 1 } = options;
    let endedAt = Number.POSITIVE_INFINITY;
    phone.watch = (output) => {
      const fault = faultOf(output) ?? (asksGateway(output) ? whyNotToAsk(customer) : undefined);
      if (fault) throw new Error(`Seed ${seed}: ${fault}`);
      if (output.type !== 'end') return;
      endedAt = phone.now;
      ends.add(`${purpose} ${output.result.outcome} ${output.result.reason}`);
      if (phone.bytes().some((byte) => byte !== 0)) throw new Error(`Seed ${seed}: digits after the end`);
    };
    customer.live();
    if (!customer.ended) customer.answer({ outcome: 'approved', reason: 'none' });
    phone.wait(TELLING_MS);

    expect(customer.ended, `seed ${seed}: no end`).toBe(true);
    const bound = LONGEST_MS * cards + customer.processingMs + TELLING_MS;
    expect(endedAt, `seed ${seed}: too long`).toBeLessThanOrEqual(bound);
    const result = phone.outputs.findLast((output) => output.type === 'end')?.result;
    const approved = customer.results.filter(({ outcome }) => outcome === 'approved').length;
    if (purpose === 'verify') {
      expect(customer.results, `seed ${seed}: a gateway was asked`).toEqual([]);
      if (!customer.knowsCode) expect(result?.outcome, `seed ${seed}: verified without the code`).not.toBe('approved');
    } else {
      expect(result?.outcome === 'approved', `seed ${seed}: ${approved} approvals`).toBe(approved === 1);
      expect(customer.results.length, `seed ${seed}: too many cards`).toBeLessThanOrEqual(cards);
    }
    expect(wakeAt(phone.dialogue)).toBeUndefined();
    expect(step(phone.dialogue, { type: 'key', key: 1 }, phone.now)).toEqual([]);
  }
  // Seeds that reach only one kind of end would prove little.
  for (const purpose of PURPOSES) expect(ends).toContain(`${purpose} approved none`);
  expect(ends.size).toBeGreaterThan(30);
}, 120_000);

function asksGateway({ type }: DialogueOutput): boolean {
  return type === 'authorize' || type === 'charge-stored';
}

/** Only a decline leaves room for another card. */
function whyNotToAsk({ results }: RandomCustomer): string | undefined {
  const open = results.every(({ outcome }) => outcome === 'declined');
  return open ? undefined : 'the gateway was asked again after money may have moved';
}

const SHAPES: { readonly [type in DialogueOutput['type']]: readonly string[] } = {
  play: ['type', 'prompts', 'language', 'pace'],
  'stop-playing': ['type'],
  progress: 'type step keys of mistakes cardRefused waiting speaking declined gentle language'.split(' '),
  authorize: ['type', 'card'],
  'charge-stored': ['type'],
  'code-wanted': ['type', 'again'],
  refused: ['type', 'command', 'why'],
  telling: ['type', 'result'],
  end: ['type', 'result'],
};

/** What is wrong with an output. Its shape leaves no room for a digit: bounded counts, words of fixed lists, the card's buffers. */
function faultOf(output: DialogueOutput): string | undefined {
  if (Object.keys(output).some((key) => !SHAPES[output.type].includes(key))) return `more than ${output.type} has`;
  switch (output.type) {
    case 'play':
      for (const phrase of output.prompts) {
        const language = typeof phrase === 'string' ? output.language : phrase.language;
        book.lengthMs(nameOf(phrase), language, output.pace);
      }
      return undefined;
    case 'progress':
      if (!STEPS.includes(output.step) || !book.languages.includes(output.language)) return 'an unknown word';
      if (output.cardRefused && !REASONS.includes(output.cardRefused)) return 'an unknown reason';
      if (output.keys > (output.of ?? LONGEST_NUMBER)) return 'more keys than the field takes';
      if (output.mistakes > LIMITS.mistakesPerField) return 'too many mistakes';
      return output.declined > 3 ? 'too many cards' : undefined;
    case 'authorize': {
      const { number, expiry, securityCode, brand } = output.card;
      const code = brand === 'amex' ? 4 : 3;
      output.card.wipe();
      const fits = number.length <= LONGEST_NUMBER && expiry.length === 4 && securityCode.length === code;
      return fits && BRANDS.includes(brand) ? undefined : 'a field too long';
    }
    case 'refused':
      return REFUSALS.includes(output.why) ? undefined : 'an unknown refusal';
    case 'telling':
    case 'end':
      return REASONS.includes(output.result.reason) ? undefined : 'an unknown reason';
    case 'stop-playing':
    case 'charge-stored':
    case 'code-wanted':
      return undefined;
  }
}

test('what is put out does not depend on the digits: two cards of a brand look the same from outside', () => {
  for (const gentle of [false, true]) {
    const outputs = ['41111111111111110927999', '42424242424242420827123'].map((keys) => {
      const phone = lineOf({ gentle });
      phone.begin();
      phone.keys(`1${keys.slice(0, 6)}`, 3);
      phone.wait(3000);
      phone.keys(keys.slice(6), 3);
      return phone.outputs.map((output) => (output.type === 'authorize' ? 'authorize' : output));
    });
    expect(outputs[0]).toEqual(outputs[1]);
    expect(outputs[0]).toContain('authorize');
  }
});

test('a perfect customer who keys three keys a second pays within 45 seconds, the checking left out', () => {
  for (const language of book.languages) {
    for (const amountMinor of [12_800, 98_765]) {
      const order = { amountMinor, currency: 'JPY', reference: 'A-1042' } as const;
      const dialogue = createDialogue(optionsOf({ language, order }));
      const phone = new Line(dialogue, (name, spoken, pace) => book.lengthMs(name, spoken, pace));
      phone.begin();
      for (const keys of ['1', '4242424242424242', '0827', '123']) {
        phone.listen();
        phone.keys(keys, 3);
      }
      phone.input({ type: 'result', result: { outcome: 'approved', reason: 'none' } });
      phone.listen();
      expect(phone.outputs.at(-1)?.type).toBe('end');
      expect(phone.now, `${language}, ${amountMinor}`).toBeLessThanOrEqual(45_000);
    }
  }
});
