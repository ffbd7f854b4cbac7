import { expect, test } from 'vitest';
import { emptyHeader, readRtp } from '../../rtp/packet.ts';
import { chances, event, rtp } from '../../rtp/test-packets.ts';
import { Keys } from '../keys/keys.ts';
import { Recording } from '../keys/test-tones.ts';
import { type Line, lineOf, VISA } from './line.testing.ts';

const EVENT_TYPE = 101;
const TICK_MS = 20;
const KEYS = '0123456789*#';

interface Press {
  readonly key: number;
  readonly from: number;
  readonly to: number;
}

/** Presses of `keys`, each as long and as far from the next as a hand makes them, in ms. */
function pressesOf(keys: string, next: () => number, from: number): Press[] {
  let at = from;
  return [...keys].map((key) => {
    const to = at + TICK_MS * (4 + Math.floor(next() * 8));
    const press = { key: KEYS.indexOf(key), from: at, to };
    at = to + TICK_MS * (4 + Math.floor(next() * 12));
    return press;
  });
}

/** A phone whose sound and events are heard as the gate hears them, and whose keys reach the dialogue. */
function call(phone: Line, presses: readonly Press[], way: { tones: boolean; events: boolean }, next: () => number) {
  const keys = new Keys('PCMU', { pressed: (key) => phone.input({ type: 'key', key }), again: () => {} }, 0);
  const header = emptyHeader();
  const recording = new Recording(next);
  for (const { key, from, to } of presses) {
    recording.silence(from - recording.ms);
    if (way.tones) recording.tone(key, to - from);
  }
  const bytes = recording.silence(1000).bytes();
  let sequence = 0;
  const hear = (packet: Buffer): void => {
    if (!readRtp(packet, header)) throw new Error('no packet');
    if (header.payloadType === EVENT_TYPE) keys.event(packet, header, 8000, phone.now);
    else keys.sound(packet, header, phone.now);
  };
  const sendEvent = (press: Press, at: number, end: boolean): void => {
    const payload = event(press.key, (at - press.from) * 8, end);
    hear(rtp(payload, { payloadType: EVENT_TYPE, sequence: sequence++, timestamp: press.from * 8 }));
  };
  for (let at = 0; at * 8 < bytes.length; at += TICK_MS) {
    phone.wait(TICK_MS);
    for (const press of way.events ? presses : []) {
      if (at >= press.from && at < press.to) sendEvent(press, at, false);
      // The end is sent three times; the last two may be lost.
      else if (at === press.to) for (let i = 0; i < 1 + next() * 3; i++) sendEvent(press, at, true);
    }
    hear(rtp(bytes.slice(at * 8, (at + TICK_MS) * 8), { sequence: sequence++, timestamp: at * 8 }));
  }
}

test('by events, by tones or by both at once: every key of a customer who keys ahead arrives, and arrives once', () => {
  for (let seed = 1; seed <= 120; seed++) {
    const next = chances(seed);
    const ways = [
      { tones: true, events: false },
      { tones: false, events: true },
      { tones: true, events: true },
    ];
    const way = ways[seed % 3] as (typeof ways)[number];
    const phone = lineOf();
    phone.begin();
    // A date after a star, and a habit of pressing # after each field.
    call(phone, pressesOf(`1${VISA}#*0827#055`, next, TICK_MS * 5), way, next);
    const { card } = phone;
    expect([...(card?.number ?? [])].join(''), `seed ${seed}`).toBe(VISA);
    expect([...(card?.expiry ?? [])].join(''), `seed ${seed}`).toBe('0827');
    expect([...(card?.securityCode ?? [])].join(''), `seed ${seed}`).toBe('055');
  }
}, 60_000);
