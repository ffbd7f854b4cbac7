import { expect, test } from 'vitest';
import { TestClock } from '../shared/clock.ts';
import { type KeyTested } from './keys/key-test.ts';
import { LegKeyTest } from './leg-key-test.ts';
import { loadPrompts } from './prompts/prompts.ts';

const book = loadPrompts();

function run() {
  const clock = new TestClock();
  const tested: KeyTested[] = [];
  const played: string[] = [];
  const keyTest = new LegKeyTest({
    language: 'en',
    codec: 'PCMU',
    prompts: { ...book, get: (name) => new TextEncoder().encode(name), lengthMs: () => 3000 },
    clock,
    play: (sounds) => played.push(...sounds.map((sound) => new TextDecoder().decode(sound))),
    onTested: (result) => tested.push(result),
  });
  return { clock, tested, played, keyTest };
}

test('a customer who presses 1 is thanked, and the way of the key is told', () => {
  const { clock, tested, played, keyTest } = run();
  clock.advance(4000);
  keyTest.press(1, 'event');
  clock.advance(1000);
  expect(tested).toEqual([{ heard: 'right', event: true, tone: false }]);
  expect(played).toEqual(['key-test', 'key-test-done']);
});

test('a key that comes both ways is told at once', () => {
  const { tested, keyTest } = run();
  keyTest.press(1, 'tone');
  keyTest.again();
  expect(tested).toEqual([{ heard: 'right', event: true, tone: true }]);
});

test('another key and no key are told as that, once', () => {
  const wrong = run();
  wrong.keyTest.press(5, 'tone');
  wrong.clock.advance(20_000);
  wrong.keyTest.press(1, 'tone');
  expect(wrong.tested).toEqual([{ heard: 'wrong', event: false, tone: true }]);
  expect(wrong.played.at(-1)).toBe('key-test-wrong');

  const silent = run();
  silent.clock.advance(13_000);
  expect(silent.tested).toEqual([{ heard: 'nothing', event: false, tone: false }]);
  expect(silent.played.at(-1)).toBe('key-test-nothing');
});

test('a test that something else ends says nothing more', () => {
  const { clock, tested, played, keyTest } = run();
  keyTest.end();
  clock.advance(20_000);
  keyTest.press(1, 'event');
  expect(tested).toEqual([{ heard: 'nothing', event: false, tone: false }]);
  expect(played).toEqual(['key-test']);
});
