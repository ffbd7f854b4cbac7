import { expect, test } from 'vitest';
import { emptyHeader, readRtp } from '../../rtp/packet.ts';
import { event, type Made, rtp } from '../../rtp/test-packets.ts';
import { UnagreedEvents } from './unagreed-events.ts';

const header = emptyHeader();

function recognises(events: UnagreedEvents, payload: Uint8Array, made: Made): boolean {
  const packet = rtp(payload, made);
  if (!readRtp(packet, header)) throw new Error('no packet');
  return events.recognises(packet, header);
}

test('the second packet of one press makes its type known, and from then on every packet of it counts', () => {
  const events = new UnagreedEvents();
  expect(recognises(events, event(5, 160), { payloadType: 101, timestamp: 800 })).toBe(false);
  expect(recognises(events, event(5, 320), { payloadType: 101, timestamp: 800 })).toBe(true);
  expect(recognises(events, event(7, 160), { payloadType: 101, timestamp: 8000 })).toBe(true);
  expect(recognises(events, event(7, 160), { payloadType: 100, timestamp: 8000 })).toBe(false);
});

test('repeated ends are packets of one press too', () => {
  const events = new UnagreedEvents();
  expect(recognises(events, event(0, 800, true), { payloadType: 96, timestamp: 1 })).toBe(false);
  expect(recognises(events, event(0, 800, true), { payloadType: 96, timestamp: 1 })).toBe(true);
});

test('four bytes that are no press are none, however often they come', () => {
  const strange: [string, Uint8Array, Made][] = [
    ['a static type: comfort noise', event(5, 160), { payloadType: 13 }],
    ['the sound', event(5, 160), { payloadType: 0 }],
    ['other lengths', new Uint8Array(5), { payloadType: 101 }],
    ['events that nobody has a key for', event(17, 160), { payloadType: 101 }],
    ['the reserved bit (RFC 4733 §2.3.3)', Uint8Array.of(5, 0x4a, 0, 160), { payloadType: 101 }],
  ];
  for (const [name, payload, made] of strange) {
    const events = new UnagreedEvents();
    for (let i = 0; i < 3; i++) expect(recognises(events, payload, { ...made, timestamp: 800 }), name).toBe(false);
  }
  const changing = new UnagreedEvents();
  for (let i = 0; i < 20; i++) {
    expect(recognises(changing, event(i % 10, 160), { payloadType: 101, timestamp: i * 160 })).toBe(false);
    expect(recognises(changing, event(5, 8000 - i), { payloadType: 102, timestamp: 1 })).toBe(false);
  }
});

test('after a new description nothing is known of its types', () => {
  const events = new UnagreedEvents();
  for (const duration of [160, 320]) recognises(events, event(5, duration), { payloadType: 101, timestamp: 800 });
  events.reset();
  expect(recognises(events, event(5, 480), { payloadType: 101, timestamp: 800 })).toBe(false);
});
