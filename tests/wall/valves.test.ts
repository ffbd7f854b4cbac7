// Each valve of the wall alone holds; with both taken out the same measurement sees and hears everything, or it would prove
// nothing.
import { afterEach, expect, test } from 'vitest';
import { CARDS } from '../house/house.ts';
import { hearEachOther, keyCard, Scene } from './scene.ts';
import { NOTHING, type WallFigures, WallWatch } from './watch.ts';

const KEYS = { how: 'both', on: 80, off: 80 } as const;

let scene: Scene | undefined;

afterEach(async () => {
  const errors = await scene?.clear();
  await scene?.close();
  scene = undefined;
  expect(errors).toEqual([]);
});

/** One approved payment in a house whose server is `tests/wall/valves/<name>.ts`. */
async function paymentWith(server: string): Promise<WallFigures> {
  scene = await Scene.open({ serverEntry: `tests/wall/valves/${server}.ts` });
  const { desk, house } = scene;
  const talk = await scene.talking();
  const { id } = await desk.start(talk.call, house.order());
  const watch = new WallWatch(desk, await desk.shut(id), talk);
  await keyCard(talk, CARDS.approved, KEYS);
  const payment = await desk.outcome(id);
  expect(payment).toMatchObject({ outcome: 'approved' });
  const figures = await watch.end(payment);
  await hearEachOther(talk);
  return figures;
}

test('without the gate the SFU holds', { timeout: 90_000 }, async () => {
  const figures = await paymentWith('server-without-gate');
  const { fromCustomer: _, toSfu: __, ...nothing } = NOTHING;
  expect(figures).toMatchObject(nothing);
  expect(figures.loudest).toBeLessThan(-60);
  // The valve is out indeed.
  expect(figures.fromCustomer).toBeGreaterThan(100);
});

test('without the SFU’s valve the gate holds', { timeout: 90_000 }, async () => {
  const figures = await paymentWith('server-without-sfu');
  // Its consumer of the customer is not paused: until two seconds after the last packet it reports how much it has sent.
  const { senderReports: _, toCustomer: __, ...nothing } = NOTHING;
  expect(figures).toMatchObject(nothing);
  expect(figures.senderReports).toBeLessThanOrEqual(2);
  expect(figures.loudest).toBeLessThan(-60);
  // The valve is out indeed.
  expect(figures.toCustomer).toBeGreaterThan(100);
});

test('without either, all of it is seen and heard', { timeout: 90_000 }, async () => {
  const figures = await paymentWith('server-without-both');
  expect(figures.packets).toBeGreaterThan(100);
  expect(figures.senderReports).toBeGreaterThan(2);
  expect(figures.loudest).toBeGreaterThan(-30);
  expect(figures.fromCustomer).toBeGreaterThan(100);
  expect(figures.toAgent).toBeGreaterThan(100);
  expect(figures.toCustomer).toBeGreaterThan(100);
  expect(figures.toneAtPhone).toBeGreaterThan(0);
});
