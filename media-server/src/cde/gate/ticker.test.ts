import { expect, test } from 'vitest';
import { TestClock } from '../../shared/clock.ts';
import { Ticker } from './ticker.ts';

/** A clock whose timers fire late, as Node's do. */
class LateClock extends TestClock {
  late = 0;

  override after(ms: number, fire: () => void): () => void {
    return super.after(ms + this.late, fire);
  }
}

test('late timers do not add up', () => {
  const clock = new LateClock();
  clock.late = 3;
  const ticker = new Ticker(clock);
  let ticks = 0;
  ticker.listen(() => ticks++);
  clock.advance(60_010);
  expect(ticks).toBe(3000);
});

test('a stall is made up for by five ticks at most', () => {
  const clock = new LateClock();
  const ticker = new Ticker(clock);
  let ticks = 0;
  ticker.listen(() => ticks++);
  clock.late = 10_000;
  clock.advance(20);
  expect(ticks).toBe(1);
  clock.late = 0;
  clock.advance(10_020);
  expect(ticks).toBeGreaterThan(1);
  expect(ticks).toBeLessThanOrEqual(8);
  const before = ticks;
  clock.advance(1000);
  expect(ticks - before).toBe(50);
});

test('it stands still while nobody listens, and begins again', () => {
  const clock = new TestClock();
  const ticker = new Ticker(clock);
  let ticks = 0;
  const end = ticker.listen(() => ticks++);
  clock.advance(100);
  end();
  clock.advance(1000);
  expect(ticks).toBe(5);
  ticker.listen(() => ticks++);
  clock.advance(100);
  expect(ticks).toBe(10);
});
