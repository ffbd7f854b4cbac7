import { expect, test } from 'vitest';
import { err, ok } from '../api/result.ts';
import { aPrompt } from '../../test-server/scenes.ts';
import { foundPrompts, PromptsDesk } from './prompts-desk.ts';

const own = { fileName: 'a.wav', lengthMs: 900, uploadedBy: null, uploadedAt: 1 };

test('a replaced prompt stands in its place, and is ready again once it is dropped', async () => {
  const desk = new PromptsDesk({
    api: {
      prompts: async () => ok({ prompts: [aPrompt('opening', 'Hello.'), aPrompt('waiting', 'Wait.')] }),
      replacePrompt: async ({ name }) => ok(aPrompt(name, 'Wait.', own)),
      dropPrompt: async () => ok(undefined),
    },
    signedOut: () => undefined,
  });
  await desk.choose('m', 'ja');
  await desk.replace('waiting', new File(['x'], 'a.wav'));
  expect(desk.state.getState().prompts.map((prompt) => prompt.own)).toEqual([null, own]);
  desk.narrow({ ownOnly: true });
  expect(foundPrompts(desk.state.getState()).map(({ name }) => name)).toEqual(['waiting']);
  await desk.drop('waiting');
  expect(desk.state.getState().prompts.map((prompt) => prompt.own)).toEqual([null, null]);
});

test('a sound that is refused changes nothing and is said', async () => {
  const desk = new PromptsDesk({
    api: {
      prompts: async () => ok({ prompts: [aPrompt('opening', 'Hello.')] }),
      replacePrompt: async () => err('sound-unfit'),
      dropPrompt: async () => ok(undefined),
    },
    signedOut: () => undefined,
  });
  await desk.choose('m', 'ja');
  await desk.replace('opening', new File(['x'], 'a.wav'));
  expect(desk.state.getState()).toMatchObject({ problem: 'sound-unfit', changing: null, prompts: [{ own: null }] });
});
