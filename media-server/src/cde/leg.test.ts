import { expect, test } from 'vitest';
import { TestClock } from '../shared/clock.ts';
import { silentLogger } from '../shared/logger.ts';
import { ok } from '../shared/result.ts';
import { type FromCard, ToCard } from './contract.ts';
import { type GateLeg, type GateLegEnvironment, type GateLegEvents, type GateLegOptions } from './gate/gate-leg.ts';
import { Leg, type LegEnvironment } from './leg.ts';
import { loadPrompts, type PromptBook } from './prompts/prompts.ts';
import { type FromThread, type LegCommand } from './threads.ts';

const leg = 'l'.repeat(26);
const payment = 'p'.repeat(26);
const open = {
  type: 'payment-open',
  payment,
  leg,
  merchant: 'm'.repeat(26),
  purpose: 'charge',
  order: { reference: 'A-1042', amountMinor: 12_800, currency: 'JPY' },
  language: 'en',
} as const;
const prompts: PromptBook = {
  ...loadPrompts(),
  get: (name) => new TextEncoder().encode(name),
  forMerchant: () => prompts,
};

/** A leg whose gate is a notebook. */
async function legOf() {
  const clock = new TestClock();
  const gate: string[] = [];
  const posted: FromThread[] = [];
  let events: GateLegEvents | undefined;
  const environment = {
    settings: {
      dialogue: {
        firstKeyMs: 8000,
        nextKeyMs: 5000,
        totalMs: 240_000,
        mistakesPerField: 3,
        moreTimeMs: 60_000,
        moreTimes: 3,
      },
    },
    clock,
    log: silentLogger,
    prompts,
    createGate: (_options: GateLegOptions, made: GateLegEnvironment) => {
      events = made.events;
      const note = (what: string) => () => void gate.push(what);
      return {
        open: async () => ok({ rtpPort: 20_000, sfuPort: 30_000, ssrc: 1 }),
        shut: note('shut'),
        requestOpen: note('open'),
        stop: note('stop'),
        close: note('close'),
        play: (sounds: readonly Uint8Array[]) =>
          void gate.push(`play ${sounds.map((sound) => new TextDecoder().decode(sound)).join(' ')}`),
        listenForSpeech: (on: boolean) => void gate.push(`listen ${on}`),
      } as unknown as GateLeg;
    },
    post: (message: FromThread) => void posted.push(message),
  } as unknown as LegEnvironment;
  const customer = new Leg(
    ToCard.parse({ type: 'leg-open', leg, codec: 'PCMU', bind: '127.0.0.1' }) as never,
    environment,
    () => {},
  );
  await customer.start();
  return {
    clock,
    gate,
    customer,
    command: (command: object) => customer.command(ToCard.parse(command) as LegCommand),
    key: (key: number, way: 'event' | 'tone' = 'event') => events?.onKey(key, way),
    again: () => events?.onKeyAgain(),
    speak: () => events?.onSpeech(),
    said: (): FromCard[] => posted.flatMap((message) => (message.kind === 'say' ? [message.message] : [])),
  };
}

test('a key test asks for the key and tells by which way it came', async () => {
  const { command, gate, key, again, said } = await legOf();
  command({ type: 'key-test', leg, language: 'en' });
  expect(gate).toEqual(['play key-test']);
  command({ type: 'key-test', leg, language: 'en' });
  expect(said().at(-1)).toMatchObject({ type: 'refused', why: 'in-payment' });
  key(1, 'tone');
  again();
  expect(said().at(-1)).toEqual({ type: 'key-tested', leg, heard: 'right', event: true, tone: true });
  expect(gate.at(-1)).toBe('play key-test-done');
});

test('a payment ends a key test, and none is made in a payment', async () => {
  const { command, said, gate } = await legOf();
  command({ type: 'key-test', leg, language: 'en' });
  command(open);
  expect(said().at(-1)).toEqual({ type: 'key-tested', leg, heard: 'nothing', event: false, tone: false });
  expect(gate).toEqual(['play key-test', 'shut', 'stop', 'listen true']);
  command({ type: 'key-test', leg, language: 'en' });
  expect(said().at(-1)).toMatchObject({ type: 'refused', command: 'key-test', why: 'in-payment' });
});

test('a sound that is played ends a key test, and so does the leg’s end', async () => {
  for (const ending of [
    { type: 'play', leg, sound: 'hold-music', loop: true, language: 'en' },
    { type: 'stop', leg },
    { type: 'leg-close', leg },
  ]) {
    const { command, said, clock } = await legOf();
    command({ type: 'key-test', leg, language: 'en' });
    command(ending);
    clock.advance(60_000);
    expect(said().filter(({ type }) => type === 'key-tested').length).toBe(1);
  }
});

test('speech is listened for while a payment runs, and no longer', async () => {
  const { command, customer, gate, speak, said } = await legOf();
  command(open);
  customer.payment?.taken();
  command({ type: 'payment-begin', payment });
  speak();
  expect(said().at(-1)).toMatchObject({ type: 'progress', speaking: true });
  customer.released();
  expect(gate.slice(-2)).toEqual(['listen false', 'open']);
  const told = said().length;
  speak();
  expect(said().length).toBe(told);
});

test('what the agent does reaches the dialogue', async () => {
  const { command, customer, gate, said } = await legOf();
  command(open);
  customer.payment?.taken();
  command({ type: 'payment-begin', payment });
  command({ type: 'hint', payment, hint: 'take-your-time' });
  expect(gate.at(-1)).toMatch(/^play take-your-time pause reference-is /);
  command({ type: 'gentle', payment, on: true });
  expect(said().at(-1)).toMatchObject({ type: 'progress', gentle: true });
  command({ type: 'ask-again', payment, field: 'expiry' });
  expect(said().at(-1)).toMatchObject({ type: 'refused', command: 'ask-again', why: 'not-possible' });
  command({ type: 'no-keys', payment });
  expect(gate.at(-1)).toBe('play no-keys pause returning');
});
