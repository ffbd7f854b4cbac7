// Not one tone of a key gets to the agent's ear: the customer's carrier knows tones alone, and the customer keys from the
// moment the guide begins until after its last word. What the agent's browser sounded is recorded there and given to a
// decoder that isn't ours, multimon-ng; what it makes of the same line without a wall is the proof that it would hear.
import { spawnSync } from 'node:child_process';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { CARDS, CODE, CUSTOMER_HZ, EXPIRY } from '../house/house.ts';
import type { KeyTiming, PhoneOptions } from '../phone/phone.ts';
import { hearEachOther, Scene } from './scene.ts';

let scene: Scene;

beforeAll(async () => {
  scene = await Scene.open();
});
afterAll(() => scene?.close());
afterEach(async () => {
  expect(await scene.clear()).toEqual([]);
});

const ALL_KEYS = '0123456789*#';
/** What the customer keys until told to stop; nothing that the guide takes for a command. */
const AFTERWARDS = '5';
/** How long the customer goes on after the outcome. */
const GOES_ON_KEYS = 15;
const DECODER_RATE = 22_050;
const PAGE_RATE = 48_000;
/** In the gate: no tone for so long, ms, before it opens. */
const QUIET_MS = 300;

/** A gap in the page's sound makes two of one key; which keys are heard it doesn't change. */
function once(keys: string): string {
  return keys.replaceAll(/(.)\1+/g, '$1');
}

/** The keys that multimon-ng finds in what a page heard. */
function decoded(heard: Int16Array): string {
  const samples = new Int16Array(Math.floor((heard.length * DECODER_RATE) / PAGE_RATE));
  for (let i = 0; i < samples.length; i++) {
    const at = (i * PAGE_RATE) / DECODER_RATE;
    const before = heard[Math.floor(at)] ?? 0;
    samples[i] = before + ((heard[Math.floor(at) + 1] ?? before) - before) * (at % 1);
  }
  const { status, stdout, error } = spawnSync('multimon-ng', ['-q', '-c', '-a', 'DTMF', '-t', 'raw', '-'], {
    input: Buffer.from(samples.buffer),
    encoding: 'utf8',
  });
  if (error || status !== 0) throw new Error(`multimon-ng: ${error?.message ?? status}`);
  return [...stdout.matchAll(/^DTMF: (.)$/gm)].map(([, key]) => key).join('');
}

const CARRIERS: Record<string, { phone: PhoneOptions; keys: KeyTiming }> = {
  'PCMU, keys of 80 ms': { phone: { codecs: ['PCMU'] }, keys: { on: 80, off: 80 } },
  'PCMA, keys of 120 ms': { phone: { codecs: ['PCMA'], ptime: 30 }, keys: { on: 120, off: 120 } },
};

test.each(Object.entries(CARRIERS))(
  'no tone of a key is heard at the agent: %s',
  { timeout: 150_000 },
  async (_, of) => {
    const { desk, house } = scene;
    const keys: KeyTiming = { ...of.keys, how: 'tone' };
    const talk = await scene.talking({ ...of.phone, keysType: null });
    const { agent, phone } = talk;
    const open = await agent.ear.record();
    await phone.keys(ALL_KEYS, keys);
    await hearEachOther(talk);
    expect(once(decoded(await open())), 'without a wall').toBe(ALL_KEYS);

    const stop = await agent.ear.record();
    const began = performance.now();
    const { id } = await desk.start(talk.call, house.order());
    await desk.shut(id);
    // Ahead of every question.
    await phone.keys(`1${CARDS.approved}#`, keys);
    await phone.keys(`${EXPIRY}${CODE}`, keys);
    let goesOn = Number.POSITIVE_INFINITY;
    let lastEnded = 0;
    const keying = (async () => {
      while (goesOn-- > 0) {
        await phone.keys(AFTERWARDS, keys);
        lastEnded = Date.now() - (keys.off ?? 0);
      }
    })();
    const { outcome, lastFour } = await desk.outcome(id);
    expect({ outcome, lastFour }).toEqual({ outcome: 'approved', lastFour: '4242' });
    goesOn = GOES_ON_KEYS;
    await keying;
    const opened = desk.open(id).then(() => Date.now());
    await hearEachOther(talk);
    expect((await opened) - lastEnded, 'quiet before the wall opened').toBeGreaterThanOrEqual(QUIET_MS);
    const heard = await stop();
    const seconds = (performance.now() - began) / 1000;
    expect(heard.length / PAGE_RATE / seconds, 'share of the time that was heard').toBeGreaterThan(0.9);
    expect(decoded(heard), 'with the wall').toBe('');
    // The same ear, the same line, after it: nothing had gone deaf.
    const again = await agent.ear.record();
    await phone.keys(ALL_KEYS, keys);
    await agent.ear.hears(CUSTOMER_HZ);
    expect(once(decoded(await again())), 'after the wall').toBe(ALL_KEYS);
  },
);
