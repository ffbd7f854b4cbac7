import { expect, test } from 'vitest';
import { ToneDetector } from '../cde/keys/tone-detector.ts';
import { Ear } from './ear.ts';
import { FRAMES_A_KEY, Voice } from './voice.ts';

const KEYS = '1122#*07';
const CODES = [1, 1, 2, 2, 11, 10, 0, 7];

function spoken(law: 'PCMU' | 'PCMA', transport: 'event' | 'tone' | 'both'): Uint8Array[] {
  const voice = new Voice({ law, payloadType: 0, ssrc: 1, hz: 440, keys: { transport, payloadType: 101 } });
  return Array.from({ length: FRAMES_A_KEY * (KEYS.length + 1) }, (_, frame) => {
    const key = frame % FRAMES_A_KEY === 0 ? KEYS[frame / FRAMES_A_KEY] : undefined;
    if (key !== undefined) voice.press(key);
    return voice.next();
  }).flat();
}

const type = (packet: Uint8Array) => (packet[1] ?? 0) & 0x7f;
const events = (packets: Uint8Array[]) =>
  packets.filter((packet) => type(packet) === 101 && (packet[1] ?? 0) >= 0x80).map((packet) => packet[12]);

test.each(['PCMU', 'PCMA'] as const)('its keys are heard as events, as tones, or as both: %s', (law) => {
  for (const transport of ['event', 'tone', 'both'] as const) {
    const detector = new ToneDetector(law);
    const packets = spoken(law, transport);
    const tones = packets
      .filter((packet) => type(packet) === 0)
      .flatMap((packet) => detector.push(packet.subarray(12)).map(({ code }) => code));
    expect(tones, transport).toEqual(transport === 'event' ? [] : CODES);
    expect(events(packets), transport).toEqual(transport === 'tone' ? [] : CODES);
  }
});

test('the ear hears the tone that is said, and forgets what was before it listened anew', () => {
  const ear = new Ear('PCMA', 0);
  const voice = new Voice({ law: 'PCMA', payloadType: 0, ssrc: 1, hz: 1000 });
  for (let i = 0; i < 20; i++) for (const packet of voice.next()) ear.take(packet);
  expect(ear.levelAt(1000)).toBeGreaterThan(-25);
  expect(ear.levelAt(440)).toBeLessThan(-45);
  expect(ear.packets).toBe(20);
  ear.listen();
  expect([ear.levelAt(1000), ear.loudest, ear.packets]).toEqual([-120, -120, 20]);
});
