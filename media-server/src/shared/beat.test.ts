import { expect, test } from 'vitest';
import { type Clock, TestClock } from './clock.ts';
import { startBeat } from './beat.ts';

/** A clock whose timers fire late, as a busy machine's do. */
function late(clock: TestClock, ms: number): Clock {
  return {
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
    after: (wait, fire) => clock.after(wait + ms, fire),
  };
}

test('a minute has 3000 beats, though every timer is 7 ms late', () => {
  const clock = new TestClock();
  let beats = 0;
  const stop = startBeat(late(clock, 7), () => beats++);
  clock.advance(60_007);
  expect(beats).toBe(3000);
  stop();
  clock.advance(1000);
  expect(beats).toBe(3000);
});

test('after a stall five beats are made up for; the others are counted as missed', () => {
  const clock = new TestClock();
  const missed: number[] = [];
  let lateness = 0;
  const stop = startBeat({ ...late(clock, 0), after: (ms, fire) => clock.after(ms + lateness, fire) }, (count) =>
    missed.push(count),
  );
  lateness = 400;
  clock.advance(20);
  lateness = 0;
  clock.advance(420);
  expect(missed.length + missed.reduce((sum, count) => sum + count, 0)).toBe(22);
  expect(missed.filter((count) => count > 0)).toEqual([15]);
  stop();
});
