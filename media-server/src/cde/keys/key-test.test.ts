import { expect, test } from 'vitest';
import { KeyTest } from './key-test.ts';

test('a 1 is right, and its way is told after the other one had its time', () => {
  const event = new KeyTest(0, 3000);
  event.press(1, 'event', 5000);
  expect(event.time(5599)).toBeUndefined();
  expect(event.time(event.wakeAt)).toEqual({ heard: 'right', event: true, tone: false });
  const tone = new KeyTest(0, 3000);
  tone.press(1, 'tone', 1000);
  expect(tone.time(1600)).toEqual({ heard: 'right', event: false, tone: true });
});

test('both ways are told as soon as the second is seen', () => {
  const test = new KeyTest(0, 0);
  test.press(1, 'tone', 100);
  test.again();
  expect(test.time(140)).toEqual({ heard: 'right', event: true, tone: true });
});

test('another key is wrong, and what is pressed after it changes nothing', () => {
  const test = new KeyTest(0, 0);
  test.press(11, 'event', 100);
  test.press(1, 'tone', 200);
  expect(test.time(700)).toEqual({ heard: 'wrong', event: true, tone: false });
});

test('ten seconds after the prompt without a key nothing was heard', () => {
  const test = new KeyTest(1000, 3000);
  test.again();
  expect(test.time(13_999)).toBeUndefined();
  expect(test.time(test.wakeAt)).toEqual({ heard: 'nothing', event: false, tone: false });
  expect(test.wakeAt).toBe(14_000);
});
