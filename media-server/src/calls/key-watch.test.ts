import { expect, test } from 'vitest';
import type { FarSide, FromCard, ToCard } from '../card-link/contract.ts';
import { TestClock } from '../shared/clock.ts';
import { KeyWatch } from './key-watch.ts';

const CALL = 'c'.repeat(26);
const FAR: FarSide = { payloadType: 0, ptime: 20, keysIn: [], wantsSound: true };
const seen = (transport: 'event' | 'tone' | 'both'): FromCard => ({
  type: 'keys-seen',
  leg: CALL,
  transport,
  count: 1,
});
const tested = (heard: 'right' | 'wrong' | 'nothing'): FromCard => ({
  type: 'key-tested',
  leg: CALL,
  heard,
  event: heard !== 'nothing',
  tone: false,
});

function watched(up = true) {
  const sent: ToCard[] = [];
  const ways: string[] = [];
  let changes = 0;
  const clock = new TestClock();
  const watch = new KeyWatch({
    call: CALL,
    link: {
      send: (message) => {
        if (up) sent.push(message);
        return up;
      },
    },
    clock,
    gate: { far: FAR },
    changed: () => changes++,
    counted: (way) => ways.push(way),
  });
  return { watch, sent, ways, clock, changes: () => changes };
}

test('every sight of a key is counted by its way, and only another advice is told', () => {
  const { watch, ways, changes } = watched();
  watch.byInfo();
  watch.byInfo();
  expect(watch.isImpossible).toBe(true);
  expect(changes()).toBe(1);
  for (const transport of ['tone', 'both', 'event'] as const) watch.heard(seen(transport));
  expect(watch.isImpossible).toBe(false);
  expect(changes()).toBe(2);
  expect(ways).toEqual(['info', 'info', 'tone', 'both', 'event']);
  expect(watch.view()).toEqual({ advice: 'sure', negotiated: false, event: 2, tone: 0, both: 1, info: 2 });
});

test('a key test is answered with what came, INFO included', async () => {
  const { watch, sent } = watched();
  watch.byInfo();
  const first = watch.test('ja');
  expect(sent).toEqual([{ type: 'key-test', leg: CALL, language: 'ja' }]);
  watch.heard(tested('right'));
  expect(await first).toEqual({ ok: true, value: { heard: 'right', event: true, tone: false, info: false } });
  const second = watch.test('ja');
  watch.byInfo();
  watch.heard(tested('nothing'));
  expect(await second).toEqual({ ok: true, value: { heard: 'nothing', event: false, tone: false, info: true } });
  expect(watch.view().advice).toBe('info-only');
});

test('one key test at a time', async () => {
  const { watch, sent } = watched();
  const first = watch.test('en');
  expect(await watch.test('en')).toMatchObject({ ok: false, error: { code: 'not-possible' } });
  expect(sent).toHaveLength(1);
  watch.heard(tested('nothing'));
  expect(await first).toMatchObject({ ok: true });
  expect(watch.view().advice).toBe('none');
});

test('a key test ends when it is refused, the card process dies, the call ends, or nobody answers', async () => {
  const refused = watched();
  const answers = [refused.watch.test('en')];
  refused.watch.heard({ type: 'refused', command: 'key-test', leg: CALL, why: 'in-payment' });
  const lost = watched();
  answers.push(lost.watch.test('en'));
  lost.watch.lost();
  const ended = watched();
  answers.push(ended.watch.test('en'));
  ended.watch.ended();
  const silent = watched();
  answers.push(silent.watch.test('en'));
  silent.clock.advance(25_000);
  answers.push(watched(false).watch.test('en'));
  const codes = (await Promise.all(answers)).map((answer) => (answer.ok ? 'ok' : answer.error.code));
  expect(codes).toEqual(['not-possible', 'card-process-down', 'call-ended', 'not-possible', 'card-process-down']);
});
