import { expect, test } from 'vitest';
import { type KeyReport, KeyPresses } from './key-presses.ts';

const frames = (keys: KeyPresses, count: number) => Array.from({ length: count }, () => keys.next());
const short = (report: KeyReport | undefined) =>
  report && `${report.event}:${report.duration}${report.end ? ' end' : ''}`;

test('a key is reported from the frame after it went down until it is up, its end three times', () => {
  const keys = new KeyPresses();
  keys.press('5');
  const before = frames(keys, 5);
  keys.release();
  const after = frames(keys, 5);
  expect(before.map(short)).toEqual(['5:160', '5:320', '5:480', '5:640', '5:800']);
  expect(after.map(short)).toEqual(['5:960 end', '5:960 end', '5:960 end', undefined, undefined]);
  expect([...before, ...after].map((report) => report?.first)).toEqual([
    true,
    false,
    false,
    false,
    false,
    false,
    false,
    false,
    undefined,
    undefined,
  ]);
});

test('the shortest tap lasts 80 ms', () => {
  const keys = new KeyPresses();
  keys.press('*');
  keys.release();
  expect(frames(keys, 7).map(short)).toEqual([
    '10:160',
    '10:320',
    '10:480',
    '10:640 end',
    '10:640 end',
    '10:640 end',
    undefined,
  ]);
});

test('keys pressed at once follow each other, each whole, with a rest between', () => {
  const keys = new KeyPresses();
  for (const key of '42') {
    keys.press(key);
    keys.release();
  }
  expect(frames(keys, 15).map(short)).toEqual([
    '4:160',
    '4:320',
    '4:480',
    '4:640 end',
    '4:640 end',
    '4:640 end',
    undefined,
    '2:160',
    '2:320',
    '2:480',
    '2:640 end',
    '2:640 end',
    '2:640 end',
    undefined,
    undefined,
  ]);
});

test('a second key lets go of the first', () => {
  const keys = new KeyPresses();
  keys.press('1');
  frames(keys, 6);
  keys.press('2');
  expect(short(keys.next())).toBe('1:1120 end');
});

test('a key that is never let go of ends after 8 s', () => {
  const keys = new KeyPresses();
  keys.press('7');
  const reports = frames(keys, 410).filter((report) => report !== undefined);
  expect(reports.length).toBe(402);
  expect(short(reports.at(-1))).toBe('7:64000 end');
});

test('what is no key, and what is more than 64 waiting keys, is not taken', () => {
  const keys = new KeyPresses();
  expect(['A', '', '12', 'あ'].map((key) => keys.press(key))).toEqual([false, false, false, false]);
  expect(Array.from({ length: 70 }, () => keys.press('1')).filter(Boolean).length).toBe(65);
});
