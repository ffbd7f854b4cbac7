import { expect, test } from 'vitest';
import { DigitBuffers, digitBuffer } from './digit-buffers.ts';

test('a buffer for digits has memory of its own, which can move to another thread', () => {
  const buffer = digitBuffer(4);
  buffer.set([4, 2, 4, 2]);
  expect([buffer.byteOffset, buffer.buffer.byteLength]).toEqual([0, 4]);
  const moved = structuredClone(buffer.buffer, { transfer: [buffer.buffer as ArrayBuffer] });
  expect([...new Uint8Array(moved)]).toEqual([4, 2, 4, 2]);
  expect(buffer).toHaveLength(0);
});

test('each buffer is zeroed and counted once, unless it was handed over', () => {
  const buffers = new DigitBuffers();
  const [one, two, three] = [buffers.make(3), buffers.make(3), buffers.make(3)];
  for (const buffer of [one, two, three]) buffer.fill(7);
  buffers.wipe(one);
  buffers.wipe(one);
  buffers.handOver(two);
  expect(buffers.wiped).toBe(1);
  buffers.wipeAll();
  expect([...one, ...two, ...three]).toEqual([0, 0, 0, 7, 7, 7, 0, 0, 0]);
  expect(buffers.wiped).toBe(2);
});
