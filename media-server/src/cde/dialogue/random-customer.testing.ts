import { createHmac } from 'node:crypto';
import { FIELDS_AGAIN, HINTS, OUTCOMES, type PaymentResult, PURPOSES, type Purpose } from '../contract.ts';
import { chances } from '../../rtp/test-packets.ts';
import { loadPrompts } from '../prompts/prompts.ts';
import { createDialogue, type DialogueOptions } from './dialogue.ts';
import { Line } from './line.testing.ts';

const CARDS = ['4242424242424242', '5555555555554444', '378282246310005', '3530111333300000', '36006666333344'];
const SALT = '5a'.repeat(16);

export const LIMITS = {
  firstKeyMs: 10_000,
  nextKeyMs: 8000,
  totalMs: 240_000,
  mistakesPerField: 3,
  moreTimeMs: 30_000,
  moreTimes: 2,
};
export const book = loadPrompts();

/** A customer, their agent, the server that sends codes and the gateway, all as a seed makes them. */
export class RandomCustomer {
  readonly options: DialogueOptions;
  readonly phone: Line;
  /** Whether this customer gets to know the codes that are sent. */
  readonly knowsCode: boolean;
  /** What the gateway answered, in order, and how long it took in all, ms. */
  readonly results: PaymentResult[] = [];
  processingMs = 0;
  readonly #next: () => number;
  readonly #card: string;
  #code = '';
  #codesWanted = 0;
  #codesAnswered = 0;
  #askedAt: number | undefined;

  constructor(seed: number) {
    const next = chances(seed);
    this.#next = next;
    const purpose = this.#pick(PURPOSES);
    const language = this.#pick(book.languages);
    this.#card = this.#pick(CARDS);
    this.knowsCode = next() < 0.7;
    this.options = {
      purpose,
      language,
      order: {
        amountMinor: movesMoney(purpose) ? 1 + Math.floor(next() * 100_000) : 0,
        currency: next() < 0.7 ? 'JPY' : 'USD',
        reference: 'A-1042',
      },
      limits: LIMITS,
      utcNow: Date.UTC(2026, 6, 15),
      speech: (spoken) => book.speech(spoken),
      ...(next() < 0.3 && { languages: [...book.languages] }),
      ...(next() < 0.3 && { lengths: { visa: [16, 18, 19], mastercard: [16], amex: [15] } }),
      ...(next() < 0.2 && { brands: ['visa', 'jcb'] as const }),
      ...(next() < 0.3 && { gentle: true }),
      cards: 1 + Math.floor(next() * 3),
    };
    this.phone = new Line(createDialogue(this.options), (name, spoken, pace) => book.lengthMs(name, spoken, pace));
  }

  get ended(): boolean {
    return this.phone.outputs.at(-1)?.type === 'end';
  }

  /** Keys what is asked or something else, at once, ahead or late, speaks, and may hang up at any time. */
  live(): void {
    const { phone } = this;
    const next = this.#next;
    const skill = next();
    const perSecond = 0.3 + next() * 8;
    const help = next() < 0.5 ? 0.08 : 0;
    phone.begin();
    for (let turn = 0; turn < 400 && !this.ended; turn++) {
      if (next() < 0.6) phone.listen();
      if (next() > 0.5 + skill / 2) phone.wait(next() * 15_000);
      this.#note();
      if (this.#codesWanted > this.#codesAnswered && next() < 0.7) this.#answerCode();
      const mood = next();
      if (mood < 0.004) phone.input({ type: 'hung-up' });
      else if (mood < 0.008) phone.input({ type: 'cancel' });
      else if (mood < 0.009) phone.input({ type: 'no-keys' });
      else if (mood < 0.02) phone.keys('*0', perSecond);
      else if (mood < 0.05) phone.keys(this.#pick(['*7', '*8', '*9', '*']), perSecond);
      else if (mood < 0.07) phone.input({ type: 'speech' });
      else if (mood < 0.07 + help) this.#help();
      else if (this.#askedAt !== undefined) this.answer(this.#result());
      else if (next() < skill) phone.keys(this.#rightKeys(), perSecond);
      else phone.keys(this.#nonsense(), perSecond);
      this.#note();
    }
    if (!this.ended && this.#askedAt === undefined) phone.wait(LIMITS.totalMs * 2);
    this.#note();
  }

  /** The gateway answers. */
  answer(result: PaymentResult): void {
    if (this.#askedAt !== undefined) {
      this.results.push(result);
      this.processingMs += this.phone.now - this.#askedAt;
      this.#askedAt = undefined;
    }
    this.phone.input({ type: 'result', result });
    this.#note();
  }

  #note(): void {
    const asked = this.phone.outputs.filter(({ type }) => type === 'authorize' || type === 'charge-stored').length;
    if (asked > this.results.length) this.#askedAt ??= this.phone.now;
    this.#codesWanted = this.phone.outputs.filter(({ type }) => type === 'code-wanted').length;
  }

  #answerCode(): void {
    this.#codesAnswered = this.#codesWanted;
    if (this.#next() < 0.15) {
      return this.phone.input({ type: 'code-refused', why: this.#pick(['not-sent', 'limit', 'too-soon']) });
    }
    this.#code = Array.from({ length: 6 }, () => Math.floor(this.#next() * 10)).join('');
    const digest = createHmac('sha256', Buffer.from(SALT, 'hex')).update(this.#code).digest('hex');
    this.phone.input({ type: 'code-digest', salt: SALT, digest, validMs: this.#next() < 0.2 ? 10_000 : 300_000 });
  }

  #help(): void {
    const next = this.#next();
    if (next < 0.4) this.phone.input({ type: 'ask-again', field: this.#pick(FIELDS_AGAIN) });
    else if (next < 0.7) this.phone.input({ type: 'hint', hint: this.#pick(HINTS) });
    else if (next < 0.85) this.phone.input({ type: 'more-time' });
    else this.phone.input({ type: 'gentle', on: this.#next() < 0.7 });
  }

  #rightKeys(): string {
    const step = this.phone.outputs.findLast((output) => output.type === 'progress')?.step;
    switch (step) {
      case 'language':
      case 'confirmation':
        return '1';
      case 'card-number':
        return this.#card;
      case 'expiry':
        return '*0827';
      case 'one-time-code':
        return this.knowsCode ? this.#code : '*7';
      default:
        return this.#card.startsWith('37') ? '1234' : '123';
    }
  }

  #nonsense(): string {
    const length = 1 + Math.floor(this.#next() * 24);
    return Array.from({ length }, () => '0123456789*#'[Math.floor(this.#next() * 12)]).join('');
  }

  #result(): PaymentResult {
    const outcome = this.#next() < 0.5 ? 'declined' : this.#pick(OUTCOMES.filter((name) => name !== 'cancelled'));
    if (outcome === 'declined') return { outcome, reason: this.#pick(['funds', 'card-refused', 'card-expired']) };
    return { outcome, reason: outcome === 'failed' ? 'gateway-busy' : outcome === 'unknown' ? 'no-answer' : 'none' };
  }

  #pick<T>(of: readonly T[]): T {
    return of[Math.floor(this.#next() * of.length)] as T;
  }
}

export function movesMoney(purpose: Purpose): boolean {
  return purpose !== 'card-update' && purpose !== 'verify';
}
