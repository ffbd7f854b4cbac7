import { expect, test } from 'vitest';
import { Uplink } from './uplink.ts';

const frame = (value: number) => new Int16Array(160).fill(value);
const loudest = (samples: Int16Array) => Math.max(...samples.map(Math.abs));

test('a line on which nobody speaks has a faint noise, not digital silence', () => {
  const uplink = new Uplink();
  const heard = Array.from({ length: 50 }, () => uplink.next());
  expect(heard.every((samples) => samples.length === 160 && loudest(samples) > 0 && loudest(samples) <= 16)).toBe(true);
});

test('the microphone is heard once three frames are there, in order; when it stops the noise is back', () => {
  const uplink = new Uplink();
  uplink.addMicrophone(frame(1001));
  uplink.addMicrophone(frame(1002));
  expect(loudest(uplink.next())).toBeLessThan(100);
  uplink.addMicrophone(frame(1003));
  expect([1, 2, 3].map(() => uplink.next()[0])).toEqual([1001, 1002, 1003]);
  expect(loudest(uplink.next())).toBeLessThan(100);
});

test('a page that sends faster than time goes is heard at most 200 ms late', () => {
  const uplink = new Uplink();
  for (let i = 1; i <= 100; i++) uplink.addMicrophone(frame(1000 + i));
  expect(uplink.next()[0]).toBe(1091);
});

test('the sample voice plays to its end, over the microphone', () => {
  const uplink = new Uplink();
  uplink.playSample(new Int16Array(200).fill(5000));
  for (let i = 0; i < 4; i++) uplink.addMicrophone(frame(1));
  expect(uplink.next().every((sample) => sample === 5000)).toBe(true);
  expect([...uplink.next()].filter((sample) => sample === 5000).length).toBe(40);
  expect(uplink.samplePlaying).toBe(false);
  expect(uplink.next()[0]).toBe(1);
});
