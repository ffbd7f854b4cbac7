import { expect, test } from 'vitest';
import { sequenceAhead, timestampAhead } from './packet.ts';
import { StreamRewriter } from './stream-rewriter.ts';
import { chances } from './test-packets.ts';

test('a steady source passes with constant offsets and its own losses and order', () => {
  const stream = new StreamRewriter(9, 65_530, 4_294_967_000);
  const sent: [number, number][] = [];
  for (const i of [0, 1, 2, 4, 3, 7, 8]) {
    expect(stream.rewrite(5, 100 + i, 1000 + i * 160, 160, false, i * 20)).toBe(true);
    sent.push([(stream.sequence - 65_530) & 0xffff, (stream.timestamp - 4_294_967_000) >>> 0]);
  }
  expect(sent).toEqual([0, 1, 2, 4, 3, 7, 8].map((i) => [i, i * 160]));
});

test('a changed SSRC, a jump and a pause leave no gap in the numbers, and time goes on', () => {
  const stream = new StreamRewriter(9, 10, 0);
  stream.rewrite(1, 500, 9000, 160, true, 0);
  stream.rewrite(2, 40_000, 77, 160, false, 20);
  expect([stream.sequence, stream.timestamp, stream.marker]).toEqual([11, 160, true]);
  stream.rewrite(2, 100, 3_000_000_000, 160, false, 40);
  expect([stream.sequence, stream.timestamp, stream.marker]).toEqual([12, 320, true]);
  stream.interrupt();
  stream.rewrite(2, 150, 3_000_008_000, 160, false, 1040);
  expect([stream.sequence, stream.timestamp, stream.marker]).toEqual([13, 8320, true]);
});

test('silence that the sender left out stays a step of the timestamps', () => {
  const stream = new StreamRewriter(9, 10, 0);
  stream.rewrite(1, 500, 0, 160, true, 0);
  stream.rewrite(1, 501, 80_000, 160, true, 10_010);
  expect([stream.sequence, stream.timestamp]).toEqual([11, 80_000]);
});

test('packets left out on purpose leave no gap, and what came too late for its place is dropped', () => {
  const stream = new StreamRewriter(9, 10, 0);
  stream.rewrite(1, 500, 0, 160, false, 0);
  stream.leaveOut(1, 502);
  stream.leaveOut(1, 503);
  expect(stream.rewrite(1, 504, 640, 160, false, 80)).toBe(true);
  // 501 is missing and stays a gap.
  expect([stream.sequence, stream.timestamp]).toEqual([12, 640]);
  expect(stream.rewrite(1, 501, 160, 160, false, 90)).toBe(false);
});

test('own frames follow one another by their length, whatever the timer does', () => {
  const stream = new StreamRewriter(9, 10, 0);
  const times = [0, 23, 38, 61, 79, 104];
  for (const [i, now] of times.entries()) {
    stream.next(160, i === 0, now);
    expect([stream.sequence, stream.timestamp]).toEqual([10 + i, i * 160]);
  }
});

test('whatever comes, numbers never repeat or run back by more than the source did', () => {
  for (let seed = 1; seed <= 200; seed++) {
    const chance = chances(seed);
    const stream = new StreamRewriter(9, 65_000, 4_294_900_000);
    let now = 0;
    let ssrc = 1;
    let sequence = 0;
    let timestamp = 0;
    let highest: number | undefined;
    let last = 0;
    const seen = new Set<number>();
    for (let i = 0; i < 300; i++) {
      const what = chance();
      now += chance() < 0.02 ? 3000 * chance() : 20;
      if (what < 0.05) ssrc++;
      if (what > 0.95) sequence += Math.floor(chance() * 65_536);
      if (what > 0.5 && what < 0.53) timestamp += Math.floor(chance() * 4e9);
      sequence++;
      timestamp += 160;
      if (what > 0.1 && what < 0.2) stream.leaveOut(ssrc, sequence & 0xffff);
      else if (what > 0.2 && what < 0.3) stream.next(160, false, now);
      else if (!stream.rewrite(ssrc, sequence & 0xffff, timestamp >>> 0, 160, false, now)) continue;
      if (what > 0.1 && what < 0.2) continue;
      expect(seen.has(stream.sequence)).toBe(false);
      seen.add(stream.sequence);
      if (highest !== undefined) {
        expect(sequenceAhead(stream.sequence, highest)).toBeGreaterThan(0);
        expect(sequenceAhead(stream.sequence, highest)).toBeLessThanOrEqual(250);
        expect(timestampAhead(stream.timestamp, last)).toBeGreaterThan(0);
      }
      highest = stream.sequence;
      last = stream.timestamp;
    }
  }
});
