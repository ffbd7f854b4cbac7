import { expect, test } from 'vitest';
import { Recording } from '../media-server/src/cde/keys/test-tones.ts';
import { chances } from '../media-server/src/rtp/test-packets.ts';
import { type HeardKey, KeyFinder } from './dtmf.ts';

const KEYS = '4242424242424242';

/** Every 200 ms a key of 100 ms, the first after 300 ms. */
function recording(): Uint8Array {
  const sound = new Recording(chances(1)).silence(300);
  for (const key of KEYS) sound.tone(Number(key), 100).silence(100);
  return sound.bytes();
}

function found(bytes: Uint8Array, piece: number): HeardKey[] {
  const finder = new KeyFinder();
  const keys: HeardKey[] = [];
  for (let i = 0; i < bytes.length; i += piece) keys.push(...finder.push(bytes.subarray(i, i + piece)));
  return keys;
}

test('each key of a recording is found with the time of its beginning', () => {
  const keys = found(recording(), 65_536);
  expect(keys.map(({ key }) => key).join('')).toBe(KEYS);
  for (const [i, { startMs }] of keys.entries()) expect(Math.abs(startMs - 300 - i * 200)).toBeLessThan(13);
});

test('the pieces in which a recording comes make no difference', () => {
  const bytes = recording();
  const whole = found(bytes, bytes.length);
  for (const piece of [1, 7, 160, 1000]) expect(found(bytes, piece)).toEqual(whole);
});
