import { expect, test } from 'vitest';
import { type Law, SILENCE } from '../../rtp/g711.ts';
import { chances } from '../../rtp/test-packets.ts';
import { Recording, type ToneOptions } from './test-tones.ts';
import { ToneDetector } from './tone-detector.ts';

/** What is heard of packets of 20 ms; those for which `lost` says so are lost. */
function hear(bytes: Uint8Array, law: Law = 'PCMU', lost: () => boolean = () => false): number[] {
  const detector = new ToneDetector(law);
  const keys: number[] = [];
  for (let i = 0; i < bytes.length; i += 160) {
    if (lost()) detector.lost(160);
    else for (const press of detector.push(bytes, i, Math.min(i + 160, bytes.length))) keys.push(press.code);
  }
  return keys;
}

interface Row extends ToneOptions {
  on?: number;
  off?: number;
  noise?: number;
  hum?: readonly [readonly number[], number];
}

/** All sixteen keys four times at changing phases: what was pressed, and what was heard. */
function run(row: Row, law: Law = 'PCMU'): { pressed: number[]; heard: number[] } {
  const chance = chances(7);
  const { on = 50, off = 50 } = row;
  const recording = new Recording(chance).silence(50);
  const pressed = Array.from({ length: 64 }, () => Math.floor(chance() * 16));
  for (const key of pressed) recording.tone(key, on, row).silence(off + chance() * 13);
  recording.silence(50);
  if (row.hum) recording.hum(...row.hum);
  if (row.noise !== undefined) recording.noise(row.noise);
  return { pressed, heard: hear(recording.bytes(law), law) };
}

const taken: [string, Row][] = [
  ['40 ms on, 40 ms off', { on: 40, off: 40 }],
  ['500 ms on', { on: 500, off: 200 }],
  ['−3 dBm0', { level: -3 }],
  ['−36 dBm0', { level: -36 }],
  ['−40 dBm0', { level: -40 }],
  ['twist +6 dB', { twist: 6 }],
  ['twist −10 dB', { twist: -10 }],
  ['1.8 % high', { deviation: 0.018 }],
  ['1.8 % low', { deviation: -0.018 }],
  ['a hole of 10 ms', { on: 100, hole: 10 }],
  ['a hole of 20 ms', { on: 200, hole: 20 }],
  ['noise 12 dB below', { level: -13, noise: -22 }],
  ["a dial tone of Japan's, as loud", { level: -13, hum: [[400], -13] }],
  ["a dial tone of America's, as loud", { level: -13, hum: [[350, 440], -13] }],
];

test.each(taken)('every key is heard once: %s', (_, row) => {
  for (const law of ['PCMU', 'PCMA'] as const) {
    const { pressed, heard } = run(row, law);
    expect(heard).toEqual(pressed);
  }
});

const refused: [string, Row][] = [
  ['20 ms', { on: 20 }],
  ['23 ms', { on: 23 }],
  ['−48 dBm0', { level: -48 }],
  ['twist +12 dB', { twist: 12 }],
  ['twist −16 dB', { twist: -16 }],
  ['3.5 % high', { deviation: 0.035, on: 200 }],
  ['3.5 % low', { deviation: -0.035, on: 200 }],
];

test.each(refused)('nothing is heard: %s', (_, row) => {
  expect(run(row).heard).toEqual([]);
});

test('lost packets within a tone make no second press', () => {
  const chance = chances(3);
  const recording = new Recording(chance).silence(50);
  const pressed = Array.from({ length: 200 }, () => Math.floor(chance() * 12));
  for (const key of pressed) recording.tone(key, 200).silence(100);
  expect(hear(recording.bytes(), 'PCMU', () => chance() < 0.05)).toEqual(pressed);
});

test('silence put in place of one to three lost packets makes no second press', () => {
  for (const law of ['PCMU', 'PCMA'] as const) {
    for (const packets of [1, 2, 3]) {
      const chance = chances(packets);
      const recording = new Recording(chance).silence(60);
      const pressed = Array.from({ length: 100 }, () => Math.floor(chance() * 12));
      const cuts: number[] = [];
      for (const key of pressed) {
        // Somewhere in the tone after the first 60 ms, at the beginning of a packet.
        cuts.push(Math.ceil((recording.ms + 60 + chance() * 60) / 20) * 160);
        recording.tone(key, 240).silence(80 + chance() * 13);
      }
      const bytes = recording.bytes(law);
      for (const at of cuts) bytes.fill(SILENCE[law], at, at + packets * 160);
      expect(hear(bytes, law), `${law} ${packets}`).toEqual(pressed);
    }
  }
});

test('a pause that fits into packets is a pause: the tone after it begins anywhere', () => {
  const chance = chances(11);
  const recording = new Recording(chance).silence(60);
  const pressed: number[] = [];
  for (let i = 0; i < 400; i++) {
    const key = i % 12;
    recording.tone(key, 100).silence(40).tone(key, 100).silence(100);
    pressed.push(key, key);
  }
  // By chance the phases of both tones may fit.
  expect(hear(recording.bytes()).length).toBeGreaterThanOrEqual(pressed.length * 0.97);
});

test('a press is told about 40 ms after it began, with the time of its beginning', () => {
  const detector = new ToneDetector('PCMU');
  const bytes = new Recording(chances(1)).silence(100).tone(5, 100).silence(100).bytes();
  for (let i = 0; i < bytes.length; i += 80) {
    const [press] = detector.push(bytes, i, i + 80);
    if (!press) continue;
    const toldAt = (i + 80) / 8;
    expect(press.code).toBe(5);
    expect(toldAt).toBeGreaterThan(130);
    expect(toldAt).toBeLessThanOrEqual(155);
    expect(Math.abs(toldAt - press.agoMs - 100)).toBeLessThan(13);
    return;
  }
  expect.unreachable();
});

test('single tones, noise and ringing are no keys', () => {
  const chance = chances(5);
  const recording = new Recording(chance);
  for (const hz of [425, 440, 697, 941, 1000, 1209, 1633, 2100]) recording.tone([hz, hz * 1.0001], 500).silence(50);
  recording.tone([440, 480], 500).tone([480, 620], 500).tone([400, 416], 500);
  expect(hear(recording.bytes())).toEqual([]);
  expect(hear(new Recording(chance).silence(60_000).noise(-10).bytes())).toEqual([]);
});

test('quiet is told by the sound heard since the last tone', () => {
  const detector = new ToneDetector('PCMU');
  expect(detector.quietMs).toBe(Number.POSITIVE_INFINITY);
  detector.push(new Recording(chances(1)).tone(5, 100).bytes());
  expect(detector.quietMs).toBe(0);
  expect(detector.lasting).toBe(5);
  detector.push(new Recording(chances(1)).silence(300).bytes());
  expect(detector.lasting).toBe(-1);
  expect(detector.quietMs).toBeGreaterThan(270);
  expect(detector.quietMs).toBeLessThanOrEqual(310);
});

test('after a reset half a tone is no key', () => {
  const detector = new ToneDetector('PCMU');
  const tone = new Recording(chances(1)).tone(5, 30).bytes();
  expect(detector.push(tone)).toEqual([]);
  detector.reset();
  expect(detector.push(tone)).toEqual([]);
});
