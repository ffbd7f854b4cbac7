// The card process is killed while the customer keys: the wall doesn't fall with it.
import process from 'node:process';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { cardPid, eventually } from '../faults/trouble.ts';
import { hearEachOther, keyBeginning, Scene } from './scene.ts';
import { NOTHING, WallWatch } from './watch.ts';

let scene: Scene;

beforeAll(async () => {
  scene = await Scene.open();
});
afterAll(() => scene?.close());
afterEach(async () => {
  expect(await scene.clear()).toEqual([]);
});

test('it comes back shut; a key pressed meanwhile reaches nobody; then they hear each other', {
  timeout: 60_000,
}, async () => {
  const { desk, house } = scene;
  const talk = await scene.talking();
  const { agent, phone } = talk;
  const { id } = await desk.start(talk.call, house.order());
  const watch = new WallWatch(desk, await desk.shut(id), talk);
  await keyBeginning(talk, { how: 'both' });
  const pid = cardPid(house);
  const keying = phone.keys('85', { how: 'both', on: 60, off: 20 });
  process.kill(pid, 'SIGKILL');
  await keying;
  // Both keys were over before there was anybody to hear them.
  expect(cardPid(house)).toBe(pid);
  await eventually(() => (cardPid(house) === pid ? undefined : true), 'a card process that is ready', 5000);

  const payment = await desk.outcome(id);
  expect(payment).toMatchObject({ outcome: 'failed', reason: 'card-process-ended', keys: 7 });
  const figures = await watch.end(payment);
  expect(figures).toMatchObject(NOTHING);
  expect(figures.loudest).toBeLessThan(-60);
  await desk.open(id);
  await hearEachOther(talk);
  // Counted by the process that came, since it came.
  expect((await desk.counts(talk.call))?.gate?.keyEvents).toBe(0);
  expect(await agent.outcome()).toContain('Not completed');
});
