import { expect, test } from 'vitest';
import { TestClock } from '../../shared/clock.ts';
import { silentLogger } from '../../shared/logger.ts';
import { ok } from '../../shared/result.ts';
import { putMerchantPrompt } from '../../storage/merchant-prompts.ts';
import { addMerchant, addOrganisation } from '../../storage/merchants.ts';
import { addPerson } from '../../storage/people.ts';
import { memoryStorage } from '../../storage/test-storage.ts';
import { MerchantPrompts, type PromptCommand } from './merchant-prompts.ts';

async function house() {
  const clock = new TestClock();
  const storage = await memoryStorage();
  const organisation = (await addOrganisation(storage, 'House', 1)).id;
  const merchant = (
    await addMerchant(storage, { organisation, name: 'Foods', language: 'ja', timeZone: 'UTC', currency: 'JPY' }, 1)
  ).id;
  const facts = { organisation, name: 'keiko', displayName: 'Keiko', role: 'supervisor', language: 'ja' } as const;
  const person = (await addPerson(storage, { ...facts, password: 'a long enough password' }, 1)).id;
  const sent: PromptCommand[] = [];
  const card = { up: true };
  const prompts = new MerchantPrompts({
    storage,
    clock,
    log: silentLogger,
    convert: async (bytes) => ok({ ulaw: bytes, lengthMs: bytes.length }),
    ready: {
      languages: ['ja'],
      prompts: () => new Map(['opening', 'expiry'].map((name) => [name, { text: name, ulaw: new Uint8Array(80) }])),
    },
    send: (command) => {
      if (card.up) sent.push(command);
      return card.up;
    },
  });
  /** Until everything that was begun is done, the pauses between two sounds included. */
  const settle = async () => {
    for (let turn = 0; turn < 50; turn++) {
      await new Promise((resolve) => setImmediate(resolve));
      clock.advance(20);
    }
  };
  return { storage, merchant, person, prompts, sent, card, settle };
}

const file = (text: string) => ({ name: `${text}.wav`, bytes: new TextEncoder().encode(text) });
const base64 = (text: string) => Buffer.from(text).toString('base64');

test('each time the card process comes up it is sent every own prompt of every merchant', async () => {
  const { storage, merchant, person, prompts, sent, card, settle } = await house();
  card.up = false;
  for (const name of ['opening', 'expiry'])
    expect((await prompts.put({ merchant, language: 'ja', name }, file(name), person)).ok).toBe(true);
  // Stored by an earlier release that had this prompt.
  const gone = { merchant, language: 'ja', name: 'gone', ulaw: new Uint8Array(8), fileName: '', lengthMs: 1 };
  await putMerchantPrompt(storage, { ...gone, uploadedBy: null, uploadedAt: 1 });
  card.up = true;
  for (let start = 0; start < 2; start++) {
    sent.length = 0;
    prompts.cardUp();
    await settle();
    expect(sent).toEqual([
      { type: 'prompt-put', merchant, language: 'ja', name: 'expiry', ulaw: base64('expiry') },
      { type: 'prompt-put', merchant, language: 'ja', name: 'opening', ulaw: base64('opening') },
    ]);
  }
  await storage.destroy();
});

test('a change during the sending comes after it: the card process ends up with what is stored', async () => {
  const { storage, merchant, person, prompts, sent, settle } = await house();
  const key = { merchant, language: 'ja', name: 'opening' };
  await prompts.put(key, file('first'), person);
  sent.length = 0;
  prompts.cardUp();
  const second = prompts.put(key, file('second'), person);
  const dropped = second.then(() => prompts.drop(key));
  await settle();
  expect([(await second).ok, await dropped]).toEqual([true, true]);
  expect(sent.map((command) => (command.type === 'prompt-put' ? command.ulaw : 'dropped'))).toEqual([
    base64('first'),
    base64('second'),
    'dropped',
  ]);
  await storage.destroy();
});

test('what is heard is the own sound where there is one, else the ready one', async () => {
  const { storage, merchant, person, prompts } = await house();
  const key = { merchant, language: 'ja', name: 'opening' };
  expect(await prompts.sound(key)).toHaveLength(80);
  await prompts.put(key, file('own'), person);
  expect(Buffer.from((await prompts.sound(key)) ?? []).toString()).toBe('own');
  expect(await prompts.sound({ ...key, name: 'none' })).toBeUndefined();
  expect(await prompts.put({ ...key, language: 'fr' }, file('x'), person)).toMatchObject({
    error: { code: 'not-found' },
  });
  await storage.destroy();
});
