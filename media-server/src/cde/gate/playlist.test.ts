import { expect, test } from 'vitest';
import { sound } from '../../rtp/test-packets.ts';
import { Playlist } from './playlist.ts';

test('sounds and pauses follow one another without a seam, and the end is told once', () => {
  const playlist = new Playlist(0xff);
  playlist.play([sound(1, 30), 20, sound(2, 25)], false);
  const frames: Uint8Array[] = [];
  const ends: boolean[] = [];
  for (let i = 0; i < 4; i++) {
    const frame = new Uint8Array(160);
    ends.push(playlist.next(frame));
    frames.push(frame);
  }
  expect(ends).toEqual([false, false, false, true]);
  const all = Buffer.concat(frames);
  expect([...new Set(all.subarray(0, 240))]).toEqual([1]);
  expect([...new Set(all.subarray(240, 400))]).toEqual([0xff]);
  expect([...new Set(all.subarray(400, 600))]).toEqual([2]);
  expect([...new Set(all.subarray(600))]).toEqual([0xff]);
  expect(playlist.playing).toBe(false);
});

test('a loop goes on until it is stopped, a loop of nothing does not even begin', () => {
  const playlist = new Playlist(0xff);
  playlist.play([sound(1, 15)], true);
  for (let i = 0; i < 100; i++) {
    const frame = new Uint8Array(160);
    expect(playlist.next(frame)).toBe(false);
    expect(frame.includes(0xff)).toBe(false);
  }
  playlist.stop();
  expect(playlist.playing).toBe(false);
  playlist.play([new Uint8Array(0), 0], true);
  expect(playlist.playing).toBe(false);
});
