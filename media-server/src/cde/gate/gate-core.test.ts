import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { LegCounts, type FarSide } from '../contract.ts';
import { emptyHeader, isRtcp, readRtp, sequenceAhead } from '../../rtp/packet.ts';
import { writeReport } from '../../rtp/rtcp.ts';
import { chances, event, rtp, sound, withExtension } from '../../rtp/test-packets.ts';
import { Recording } from '../keys/test-tones.ts';
import { GateCore, type GateCoreOptions } from './gate-core.ts';

const CUSTOMER = 0x11;
const AGENT = 0x22;
const OTHER_AGENT = 0x33;
const PROMPT = 0x44;
const SFU_TYPE = 0;

const far: FarSide = {
  rtp: { ip: '192.0.2.1', port: 4000 },
  payloadType: 0,
  ptime: 20,
  keysIn: [
    { payloadType: 101, rate: 8000 },
    { payloadType: 99, rate: 48_000 },
  ],
  keysOut: { payloadType: 97, rate: 8000 },
  wantsSound: true,
};

interface Sent {
  at: number;
  payload: Buffer;
  payloadType: number;
  marker: boolean;
  sequence: number;
  timestamp: number;
  ssrc: number;
  to: string;
}

/** A core with a world around it that notes everything. */
class World {
  now = 10_000;
  readonly core: GateCore;
  readonly toSfu: Sent[] = [];
  readonly toFar: Sent[] = [];
  readonly rtcpToSfu: Buffer[] = [];
  readonly rtcpToFar: { packet: Buffer; to: string }[] = [];
  readonly keys: string[] = [];
  readonly walls: string[] = [];
  played = 0;
  speeches = 0;
  onKey: () => void = () => {};
  #sequence = 0;
  #agentSequence = 0;

  constructor(options: Partial<GateCoreOptions> = {}) {
    this.core = new GateCore(
      { codec: 'PCMU', far, wall: 'shut', ...options },
      {
        toSfu: (packet) => {
          if (isRtcp(packet)) this.rtcpToSfu.push(Buffer.from(packet));
          else this.toSfu.push(this.#read(packet, 'sfu'));
        },
        toFar: (packet, ip, port) => {
          if (isRtcp(packet)) this.rtcpToFar.push({ packet: Buffer.from(packet), to: `${ip}:${port}` });
          else this.toFar.push(this.#read(packet, `${ip}:${port}`));
        },
        rtcpToFar: (packet, ip, port) => this.rtcpToFar.push({ packet: Buffer.from(packet), to: `${ip}:${port}` }),
        key: (key, transport) => {
          this.keys.push(`${key} ${transport}`);
          this.onKey();
        },
        keyAgain: () => this.keys.push('again'),
        speech: () => this.speeches++,
        played: () => this.played++,
        wall: (state, counts) => {
          LegCounts.parse(counts);
          this.walls.push(state);
        },
      },
      this.now - 1000,
    );
    this.core.updateSfu({ address: { ip: '127.0.0.1', port: 5000 }, payloadType: SFU_TYPE });
  }

  #read(packet: Uint8Array, to: string): Sent {
    const header = emptyHeader();
    expect(readRtp(packet, header)).toBe(true);
    expect(packet[0]).toBe(0x80);
    const { payloadType, marker, sequence, timestamp, ssrc } = header;
    return {
      at: this.now,
      payload: Buffer.from(packet.subarray(12)),
      payloadType,
      marker,
      sequence,
      timestamp,
      ssrc,
      to,
    };
  }

  customer(
    payload: Uint8Array = sound(CUSTOMER),
    made: { payloadType?: number; ssrc?: number; timestamp?: number } = {},
  ) {
    const packet = rtp(payload, { ssrc: 1, timestamp: this.now * 8, ...made, sequence: this.#sequence++ });
    this.core.fromFar(packet, '192.0.2.1', 4000, this.now);
    return packet;
  }

  agent(payload: Uint8Array = sound(AGENT), ssrc = 7): void {
    const packet = withExtension(rtp(payload, { ssrc, sequence: this.#agentSequence++, timestamp: this.now * 8 }));
    this.core.fromSfu(packet, this.now);
  }

  /** Lets 20 ms pass with a tick at their end. */
  tick(): void {
    this.now += 20;
    this.core.tick(this.now);
  }

  wait(ms: number): void {
    for (let passed = 0; passed < ms; passed += 20) this.tick();
  }
}

function contiguous(sent: readonly Sent[], samples = 160): void {
  for (let i = 1; i < sent.length; i++) {
    expect(sequenceAhead((sent[i] as Sent).sequence, (sent[i - 1] as Sent).sequence)).toBe(1);
    expect(((sent[i] as Sent).timestamp - (sent[i - 1] as Sent).timestamp) >>> 0).toBeGreaterThanOrEqual(samples);
  }
}

const bytesOf = (sent: readonly Sent[]) => new Set(sent.flatMap((packet) => [...packet.payload]));

test('open, the customer is one clean stream to the SFU, whatever its SSRC, numbers and payload type do', () => {
  const world = new World({ wall: 'open', ssrc: 4242 });
  for (let i = 0; i < 50; i++) {
    world.customer(sound(CUSTOMER), { ssrc: i < 20 ? 1 : 2, ...(i > 30 ? { timestamp: i * 160 + 77_777 } : {}) });
    world.tick();
  }
  expect(world.toSfu).toHaveLength(50);
  contiguous(world.toSfu);
  expect(new Set(world.toSfu.map((packet) => packet.ssrc))).toEqual(new Set([4242]));
  expect(new Set(world.toSfu.map((packet) => packet.payloadType))).toEqual(new Set([SFU_TYPE]));
  expect(bytesOf(world.toSfu)).toEqual(new Set([CUSTOMER]));
  expect(world.core.counts()).toMatchObject({ fromFar: 50, toSfu: 50, keptIn: 0, foreign: 0 });
});

test('open, the SFU is one clean stream to the customer at arrival, its header extension gone', () => {
  const world = new World({ wall: 'open' });
  for (let i = 0; i < 50; i++) {
    world.agent();
    expect(world.toFar).toHaveLength(i + 1);
    world.tick();
  }
  contiguous(world.toFar);
  expect(world.toFar.every((packet) => packet.payload.length === 160 && packet.to === '192.0.2.1:4000')).toBe(true);
  expect(new Set(world.toFar.map((packet) => packet.ssrc)).size).toBe(1);
  expect(world.toFar[0]?.ssrc).not.toBe(7);
});

test('the packets are as long as the customer wants them', () => {
  for (const ptime of [10, 20, 30, 40, 60]) {
    const world = new World({ wall: 'open', far: { ...far, ptime } });
    for (let i = 0; i < 60; i++) {
      world.agent();
      world.tick();
    }
    expect(new Set(world.toFar.map((packet) => packet.payload.length))).toEqual(new Set([ptime * 8]));
    expect(world.toFar).toHaveLength(1200 / ptime);
    contiguous(world.toFar, ptime * 8);
    expect(bytesOf(world.toFar)).toEqual(new Set([AGENT]));
  }
});

test("the customer's packets of other lengths pass as they are", () => {
  const world = new World({ wall: 'open' });
  for (const ms of [10, 30, 40]) {
    world.customer(sound(CUSTOMER, ms));
    world.now += ms;
  }
  expect(world.toSfu.map((packet) => packet.payload.length)).toEqual([80, 240, 320]);
});

test('key events never leave the gate, open or shut, and leave no gap in the stream', () => {
  const world = new World({ wall: 'open' });
  for (let i = 0; i < 10; i++) {
    world.customer();
    world.tick();
  }
  const began = world.now * 8;
  for (let i = 1; i <= 5; i++) {
    world.customer(event(5, i * 160), { payloadType: 101, timestamp: began });
    world.tick();
  }
  for (let i = 0; i < 3; i++) world.customer(event(5, 960, true), { payloadType: 101, timestamp: began });
  for (let i = 0; i < 10; i++) {
    world.customer();
    world.tick();
  }
  expect(world.keys).toEqual(['5 event']);
  expect(world.toSfu).toHaveLength(20);
  contiguous(world.toSfu);
  expect(bytesOf(world.toSfu)).toEqual(new Set([CUSTOMER]));
  expect(world.core.counts()).toMatchObject({ keyEvents: 8, lost: 0, fromFar: 28 });
});

test('key events of each negotiated type and rate are heard, whatever the marker says, repeated or late', () => {
  const keysIn: FarSide['keysIn'] = [
    { payloadType: 96, rate: 8000 },
    { payloadType: 99, rate: 48_000 },
    { payloadType: 110, rate: 16_000 },
    { payloadType: 126, rate: 32_000 },
  ];
  for (const marked of [false, true]) {
    const world = new World({ far: { ...far, keysIn } });
    for (const [key, { payloadType, rate }] of keysIn.entries()) {
      const timestamp = (world.now * rate) / 1000;
      const press = [20, 40, 60, 80].map((ms, i) => {
        const made = { payloadType, timestamp, marker: marked && i === 0, sequence: world.now + i };
        return rtp(event(key, (ms * rate) / 1000, ms === 80), made);
      });
      // The second before the first, the end three times, the first once more long after it.
      for (const i of [1, 0, 2, 3, 3, 3, 0]) {
        world.core.fromFar(Buffer.from(press[i] as Buffer), '192.0.2.1', 4000, world.now);
      }
      world.wait(100);
    }
    expect(world.keys).toEqual(['0 event', '1 event', '2 event', '3 event']);
  }
});

test('four bytes of a type that was not negotiated are a key when they report like one, else nothing', () => {
  const world = new World();
  world.customer();
  const began = world.now * 8;
  world.customer(event(4, 160), { payloadType: 98, timestamp: began });
  expect(world.keys).toEqual([]);
  world.customer(event(4, 320), { payloadType: 98, timestamp: began });
  world.customer(event(4, 480, true), { payloadType: 98, timestamp: began });
  world.customer(event(6, 160), { payloadType: 98, timestamp: began + 4000 });
  expect(world.keys).toEqual(['4 event', '6 event']);
  const stranger = new World();
  for (const duration of [160, 320]) stranger.customer(event(4, duration), { payloadType: 98, timestamp: began });
  expect(stranger.keys, 'of nobody who sends sound').toEqual([]);
});

test('speech is told while it is listened for and nothing plays, and a key forgets what was heard of it', () => {
  const voice = readFileSync(new URL('../../demo/voices/en/customer.ulaw', import.meta.url));
  const speak = (world: World, meanwhile: (ms: number) => void = () => {}) => {
    for (let at = 0; at + 160 <= voice.length; at += 160) {
      world.customer(voice.subarray(at, at + 160));
      meanwhile(at / 8);
      world.tick();
    }
    return world.speeches;
  };
  const listening = () => {
    const world = new World();
    world.core.listenForSpeech(true);
    return world;
  };
  expect(speak(listening())).toBeGreaterThan(0);
  expect(speak(new World())).toBe(0);
  const ended = listening();
  ended.core.listenForSpeech(false);
  expect(speak(ended)).toBe(0);
  const playing = listening();
  playing.core.play([sound(PROMPT)], true);
  expect(speak(playing)).toBe(0);
  const keying = listening();
  const press = (ms: number) =>
    ms % 1000 === 0 && keying.customer(event(5, 960, true), { payloadType: 101, timestamp: keying.now * 8 });
  expect(speak(keying, press)).toBe(0);
});

test('shut, nothing passes, the customer hears a live stream of silence, and all is counted', () => {
  const world = new World();
  for (let i = 0; i < 50; i++) {
    world.customer();
    world.agent();
    world.tick();
  }
  expect(world.toSfu).toEqual([]);
  expect(bytesOf(world.toFar)).toEqual(new Set([0xff]));
  expect(world.toFar).toHaveLength(50);
  contiguous(world.toFar);
  expect(world.core.counts()).toMatchObject({ fromFar: 50, keptIn: 50, fromSfu: 50, keptOut: 50, toSfu: 0 });
});

test('what is kept in is wiped', () => {
  const world = new World();
  expect(world.customer().every((byte) => byte === 0)).toBe(true);
  expect(world.customer(event(5, 160), { payloadType: 101 }).every((byte) => byte === 0)).toBe(true);
  const foreign = rtp(sound(9));
  world.core.fromFar(foreign, '203.0.113.1', 1, world.now);
  expect(foreign.every((byte) => byte === 0)).toBe(true);
});

test('a key that shuts the wall is the last thing that is heard: its own packet of tone stays in', () => {
  const world = new World({ wall: 'open' });
  world.onKey = () => world.core.shut();
  const bytes = new Recording(chances(1)).silence(100).tone(5, 200).silence(100).bytes();
  for (let at = 0; at < bytes.length; at += 160) {
    const before = world.toSfu.length;
    world.customer(bytes.subarray(at, at + 160));
    if (world.walls.length > 0) expect(world.toSfu).toHaveLength(before);
    world.tick();
  }
  expect(world.keys).toEqual(['5 tone']);
});

test('it opens at once when the keys are quiet, and only after 300 ms of quiet when they are not', () => {
  const quiet = new World();
  quiet.core.requestOpen(quiet.now);
  expect(quiet.walls).toEqual(['open']);

  const world = new World();
  world.customer(event(5, 160), { payloadType: 101, timestamp: 1 });
  world.core.requestOpen(world.now);
  world.tick();
  world.customer(event(5, 320, true), { payloadType: 101, timestamp: 1 });
  const ended = world.now;
  while (world.walls.length === 0) world.tick();
  expect(world.now - ended).toBe(300);
});

test('it stays shut while a tone sounds, though no key was certain yet', () => {
  const world = new World();
  const play = (recording: Recording) => {
    const bytes = recording.bytes();
    for (let at = 0; at < bytes.length; at += 160) {
      world.customer(bytes.subarray(at, at + 160));
      world.tick();
    }
  };
  play(new Recording(chances(1)).silence(500).tone(5, 30));
  world.core.requestOpen(world.now);
  expect(world.walls).toEqual([]);
  play(new Recording(chances(1)).tone(5, 1000));
  expect(world.walls).toEqual([]);
  play(new Recording(chances(1)).silence(260));
  expect(world.walls).toEqual([]);
  play(new Recording(chances(1)).silence(80));
  expect(world.walls).toEqual(['open']);
  expect(world.toSfu.length).toBeLessThan(4);
});

test('a shut takes a request to open back', () => {
  const world = new World();
  world.customer(event(5, 160), { payloadType: 101 });
  world.core.requestOpen(world.now);
  world.core.shut();
  world.wait(2000);
  expect(world.walls).toEqual(['shut']);
});

test('after the wall the streams go on without a gap in numbers, with the time that passed', () => {
  const world = new World({ wall: 'open' });
  world.customer();
  world.agent();
  world.core.shut();
  for (let i = 0; i < 100; i++) {
    world.customer();
    world.agent();
    world.tick();
  }
  world.core.requestOpen(world.now);
  world.customer();
  world.agent();
  expect(world.toSfu).toHaveLength(2);
  contiguous(world.toSfu);
  expect(world.toSfu[1]?.timestamp).toBe(((world.toSfu[0]?.timestamp ?? 0) + 2000 * 8) >>> 0);
  expect(world.toSfu[1]?.marker).toBe(true);
  contiguous(world.toFar);
});

test('what plays replaces all else, begins with a marker, ends with a word', () => {
  const world = new World({ wall: 'open' });
  world.wait(100);
  world.core.play([sound(PROMPT, 100), 40, sound(PROMPT, 50)], false);
  const before = world.toFar.length;
  for (let i = 0; i < 10; i++) {
    world.agent();
    world.tick();
  }
  const frames = world.toFar.slice(before, before + 10);
  expect(world.played).toBe(1);
  expect(frames[0]?.marker).toBe(true);
  expect(bytesOf(frames)).toEqual(new Set([PROMPT, 0xff]));
  contiguous(world.toFar);
  world.agent();
  expect(world.toFar.at(-1)?.payload[0]).toBe(AGENT);
});

test('a loop plays until it is stopped, and then nothing is told', () => {
  const world = new World();
  world.core.play([sound(PROMPT, 30)], true);
  world.wait(1000);
  expect(bytesOf(world.toFar)).toEqual(new Set([PROMPT]));
  world.core.stop();
  world.wait(1000);
  expect(world.toFar.at(-1)?.payload[0]).toBe(0xff);
  expect(world.played).toBe(0);
});

test('nothing to play is played at the next tick', () => {
  const world = new World();
  world.core.play([], false);
  expect(world.played).toBe(0);
  world.tick();
  expect(world.played).toBe(1);
});

test('a customer who wants no sound gets none, and what plays still ends', () => {
  const world = new World({ far: { ...far, wantsSound: false }, wall: 'open' });
  world.core.play([sound(PROMPT, 100)], false);
  for (let i = 0; i < 20; i++) {
    world.agent();
    world.tick();
  }
  expect(world.toFar).toEqual([]);
  expect(world.played).toBe(1);
});

test('an SFU that falls silent is replaced by silence of ours, so that the line stays alive', () => {
  const world = new World({ wall: 'open' });
  world.agent();
  world.wait(1000);
  expect(world.toFar.length).toBeGreaterThan(38);
  world.agent();
  expect(world.toFar.at(-1)?.payload[0]).toBe(AGENT);
  contiguous(world.toFar);
});

test('keys to the customer are events of 100 ms with three ends, one after the other in the stream', () => {
  const world = new World();
  expect(world.core.sendKey(5)).toBe(true);
  expect(world.core.sendKey(11)).toBe(true);
  world.wait(600);
  const events = world.toFar.filter((packet) => packet.payloadType === 97);
  for (const [key, packets] of [
    [5, events.slice(0, 7)],
    [11, events.slice(7)],
  ] as const) {
    expect(packets.map((packet) => packet.payload[0])).toEqual(Array(7).fill(key));
    expect(packets.map((packet) => (packet.payload[1] as number) >> 7)).toEqual([0, 0, 0, 0, 1, 1, 1]);
    expect(packets.map((packet) => packet.payload.readUInt16BE(2))).toEqual([160, 320, 480, 640, 800, 800, 800]);
    expect(new Set(packets.map((packet) => packet.timestamp)).size).toBe(1);
    expect(packets.map((packet) => packet.marker)).toEqual([true, ...Array(6).fill(false)]);
  }
  for (let i = 1; i < world.toFar.length; i++) {
    expect(sequenceAhead((world.toFar[i] as Sent).sequence, (world.toFar[i - 1] as Sent).sequence)).toBe(1);
  }
  const { keysOut: _, ...without } = far;
  world.core.updateFar(without);
  expect(world.core.sendKey(1)).toBe(false);
});

test("several of the SFU's streams are mixed into one, and a fifth is left out", () => {
  const world = new World({ wall: 'open' });
  for (let i = 0; i < 50; i++) {
    world.agent(sound(AGENT), 7);
    world.agent(sound(OTHER_AGENT), 8);
    world.tick();
  }
  expect(world.toFar.length).toBeGreaterThan(46);
  expect(world.toFar.length).toBeLessThan(52);
  const mixed = world.toFar.at(-1)?.payload[0];
  expect([AGENT, OTHER_AGENT]).not.toContain(mixed);
  contiguous(world.toFar);
  for (const ssrc of [9, 10, 11, 12]) world.agent(sound(AGENT), ssrc);
  expect(world.core.counts().foreign).toBe(2);

  for (let i = 0; i < 100; i++) {
    world.agent(sound(AGENT), 7);
    world.tick();
  }
  expect(world.toFar.at(-1)?.payload[0]).toBe(AGENT);
});

test('what is not of the leg is counted and goes nowhere', () => {
  const world = new World({ wall: 'open' });
  world.customer();
  for (let i = 0; i < 5; i++) world.core.fromFar(rtp(sound(9), { sequence: i }), '203.0.113.1', 1, world.now);
  world.core.fromFar(Buffer.from('INVITE sip:x SIP/2.0'), '192.0.2.1', 4000, world.now);
  world.core.fromSfu(rtp(sound(9), { payloadType: 8 }), world.now);
  world.core.strangerAtSfu();
  world.core.rtcpFromFar(Buffer.alloc(40), '203.0.113.1', 2, world.now);
  expect(world.core.counts()).toMatchObject({ fromFar: 1, toSfu: 1, fromSfu: 0, toFar: 0, foreign: 9 });
});

test('an IPv6 address is known again however SDP writes it', () => {
  const world = new World({ wall: 'open', far: { ...far, rtp: { ip: '2001:DB8:0:0::0:7', port: 4000 } } });
  world.core.fromFar(rtp(sound(CUSTOMER)), '2001:db8::7', 4000, world.now);
  expect(world.toSfu).toHaveLength(1);
});

test("before the customer's side is known nothing is taken from anybody", () => {
  const world = new World({ far: undefined, wall: 'open' });
  world.customer();
  world.agent();
  world.wait(1000);
  expect([world.toSfu, world.toFar]).toEqual([[], []]);
  world.core.updateFar(far);
  world.customer();
  expect(world.toSfu).toHaveLength(1);
});

test('both sides get reports; while the wall is shut the SFU gets none', () => {
  const world = new World({ wall: 'open' });
  const run = (ms: number) => {
    for (let passed = 0; passed < ms; passed += 20) {
      world.customer();
      world.agent();
      world.tick();
    }
  };
  run(6000);
  expect(world.rtcpToSfu.length).toBeGreaterThan(0);
  expect(world.rtcpToFar.length).toBeGreaterThan(0);
  expect(world.rtcpToFar[0]?.to).toBe('192.0.2.1:4001');
  world.core.shut();
  const before = world.rtcpToSfu.length;
  run(20_000);
  expect(world.rtcpToSfu).toHaveLength(before);
  expect(world.rtcpToFar.length).toBeGreaterThanOrEqual(4);

  world.core.updateFar({ ...far, rtcp: { ip: '192.0.2.1', port: 4000 } });
  run(5000);
  expect(world.rtcpToFar.at(-1)?.to).toBe('192.0.2.1:4000');
});

test('while the wall is shut, whatever comes in whatever order, no datagram reaches the SFU nor its sound the customer', () => {
  let passed = 0;
  for (let seed = 1; seed <= 150; seed++) {
    const chance = chances(seed);
    const wall = chance() < 0.5 ? 'open' : 'shut';
    const world = new World({
      wall,
      far: { ...far, ptime: chance() < 0.5 ? 20 : 30 },
    });
    const tone = new Recording(chance).tone(Math.floor(chance() * 12), 400).bytes();
    const report = () =>
      Buffer.from(
        writeReport({
          sent: { ssrc: 1, packets: 5, bytes: 5, timestamp: 5 },
          received: undefined,
          now: world.now,
          lastSenderTime: 0,
          sinceSenderReportMs: 0,
          name: 'x',
        }),
      );
    let shut = wall === 'shut';
    for (let i = 0; i < 800; i++) {
      const [toSfu, rtcp, toFar] = [world.toSfu.length, world.rtcpToSfu.length, world.toFar.length];
      const walls = world.walls.length;
      const what = chance();
      if (what < 0.2) world.customer();
      else if (what < 0.3)
        world.customer(event(Math.floor(chance() * 16), 160 * i, chance() < 0.3), { payloadType: 101 });
      else if (what < 0.4) world.customer(tone.subarray(0, 160), { ssrc: chance() < 0.1 ? i : 1 });
      else if (what < 0.45) world.core.rtcpFromFar(report(), '192.0.2.1', 4001, world.now);
      else if (what < 0.48) world.core.fromFar(report(), '192.0.2.1', 4000, world.now);
      else if (what < 0.5) world.core.fromSfu(report(), world.now);
      else if (what < 0.65) world.agent(sound(AGENT), chance() < 0.3 ? 8 : 7);
      else if (what < 0.93) world.tick();
      else if (what < 0.95) world.core.play([sound(PROMPT, 100 * chance())], chance() < 0.3);
      else if (what < 0.96) world.core.stop();
      else if (what < 0.97) world.core.sendKey(5);
      else if (what < 0.98) world.core.updateFar({ ...far, wantsSound: chance() < 0.8 });
      else if (what < 0.99) world.core.shut();
      else world.core.requestOpen(world.now);
      // Shut before this step and not opened by it, or shut by it at once: nothing may have left.
      const answers = world.walls.slice(walls);
      if (shut && !answers.includes('open')) {
        expect(world.toSfu.length, `seed ${seed}, step ${i}`).toBe(toSfu);
        expect(world.rtcpToSfu.length).toBe(rtcp);
        expect(bytesOf(world.toFar.slice(toFar)).has(AGENT)).toBe(false);
      }
      if (answers.length > 0) shut = answers.at(-1) === 'shut';
      passed += world.toSfu.length - toSfu;
    }
    const before = [world.toSfu.length, world.toFar.length, world.rtcpToSfu.length, world.rtcpToFar.length];
    world.core.close();
    world.customer();
    world.agent();
    expect([world.toSfu.length, world.toFar.length, world.rtcpToSfu.length, world.rtcpToFar.length]).toEqual(before);
  }
  // Else it would prove nothing.
  expect(passed).toBeGreaterThan(1000);
});

test('a forged source port 0, to which nothing can be sent, is nobody: neither latched nor reported to', () => {
  for (const announced of [far, { ...far, rtp: undefined }]) {
    const world = new World({ wall: 'open', far: announced });
    for (let i = 0; i < 200; i++) {
      world.core.fromFar(
        rtp(sound(CUSTOMER), { ssrc: 9, sequence: i, timestamp: i * 160 }),
        '203.0.113.1',
        0,
        world.now,
      );
      world.tick();
    }
    world.customer();
    const report = { ssrc: 9, packets: 1, bytes: 1, timestamp: 1 };
    const rtcp = writeReport({
      sent: report,
      received: undefined,
      now: 1,
      lastSenderTime: 0,
      sinceSenderReportMs: 0,
      name: 'x',
    });
    world.core.rtcpFromFar(Buffer.from(rtcp), '192.0.2.1', 0, world.now);
    world.wait(12_000);
    expect(world.core.counts().foreign).toBe(201);
    expect(world.toFar.some(({ to }) => to.endsWith(':0'))).toBe(false);
    expect(world.rtcpToFar.map(({ to }) => to)).not.toContain('192.0.2.1:0');
  }
});
