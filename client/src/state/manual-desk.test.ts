import { expect, test } from 'vitest';
import { aPayment, anAttempt } from '../../test-server/scenes.ts';
import { err, ok } from '../api/result.ts';
import { ManualDesk, resolutionsOf } from './manual-desk.ts';

test('what was asked back can only be settled as given back', () => {
  expect(resolutionsOf(anAttempt('a'))).toEqual(['approved', 'not-executed', 'reversed', 'look-up']);
  expect(resolutionsOf(anAttempt('a', { reversing: true }))).toEqual(['reversed', 'look-up']);
});

test('one is settled once it is confirmed, and the list is asked for anew; a refusal leaves the question open', async () => {
  const asked: string[] = [];
  let settled = false;
  let refused = true;
  const desk = new ManualDesk({
    api: {
      manual: async () => ok({ attempts: settled ? [] : [anAttempt('a')], more: 0 }),
      resolveManual: async (payment, as) => {
        asked.push(`${payment[0]} ${as}`);
        if (refused) return err('card-process-down' as const);
        settled = true;
        return ok(aPayment({ outcome: 'approved' }));
      },
    },
    signedOut: () => undefined,
  });
  await desk.load();
  desk.begin(anAttempt('a'), 'approved');
  expect(asked).toEqual([]);
  await desk.confirm();
  expect(desk.state.getState().settling).toMatchObject({ phase: 'ask', problem: 'card-process-down' });
  refused = false;
  await Promise.all([desk.confirm(), desk.confirm()]);
  expect(asked).toEqual(['a approved', 'a approved']);
  expect(desk.state.getState()).toMatchObject({ attempts: [], settling: { phase: 'done' } });
  desk.close();
  expect(desk.state.getState().settling).toBeNull();
});
