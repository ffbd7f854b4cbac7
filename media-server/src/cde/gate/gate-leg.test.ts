import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, expect, test } from 'vitest';
import { systemClock, TestClock } from '../../shared/clock.ts';
import { readRtp, emptyHeader } from '../../rtp/packet.ts';
import { event, rtp, sound, withExtension } from '../../rtp/test-packets.ts';
import type { FarSide, LegCounts } from '../contract.ts';
import { GateLeg, type GateLegOptions } from './gate-leg.ts';
import { PortPool } from './port-pool.ts';
import { Ticker } from './ticker.ts';

const LOOPBACK = '127.0.0.1';
const cleanUps: (() => void)[] = [];

afterEach(() => {
  for (const cleanUp of cleanUps.splice(0)) cleanUp();
});

/** A UDP peer that keeps what it gets. */
class Peer {
  readonly socket: Socket;
  readonly got: Buffer[] = [];
  #awaited: { count: number; done: () => void } | undefined;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('message', (packet) => {
      this.got.push(packet);
      if (this.#awaited && this.got.length >= this.#awaited.count) this.#awaited.done();
    });
  }

  static async open(): Promise<Peer> {
    const socket = createSocket('udp4');
    socket.bind(0, LOOPBACK);
    await once(socket, 'listening');
    cleanUps.push(() => socket.close());
    return new Peer(socket);
  }

  get port(): number {
    return this.socket.address().port;
  }

  send(packet: Buffer, port: number): Promise<void> {
    return new Promise((done) => this.socket.send(packet, port, LOOPBACK, () => done()));
  }

  /** Until so many datagrams have come altogether. */
  async count(count: number): Promise<void> {
    if (this.got.length < count) await new Promise<void>((done) => (this.#awaited = { count, done }));
  }
}

/** Even ports outside the range that is given out for other sockets. */
const range = { min: 21_000 + (process.pid % 400) * 20, max: 21_019 + (process.pid % 400) * 20 };

interface Heard {
  keys: string[];
  walls: ['shut' | 'open', LegCounts][];
  faults: Error[];
}

async function opened(options: Partial<GateLegOptions> = {}, pool = new PortPool(range)) {
  const phone = await Peer.open();
  const sfu = await Peer.open();
  const heard: Heard = { keys: [], walls: [], faults: [] };
  const far: FarSide = {
    rtp: { ip: LOOPBACK, port: phone.port },
    payloadType: 0,
    ptime: 20,
    keysIn: [{ payloadType: 101, rate: 8000 }],
    wantsSound: true,
  };
  // A clock of its own, so that no tick comes between.
  const clock = new TestClock();
  clock.advance(1000);
  const leg = new GateLeg(
    {
      codec: 'PCMU',
      bind: LOOPBACK,
      wall: 'shut',
      far,
      sfu: { address: { ip: LOOPBACK, port: sfu.port }, payloadType: 0 },
      ...options,
    },
    {
      portPool: pool,
      ticker: new Ticker(clock),
      clock,
      events: {
        onKey: (key, transport) => heard.keys.push(`${key} ${transport}`),
        onKeyAgain: () => heard.keys.push('again'),
        onSpeech: () => {},
        onPlayed: () => {},
        onWall: (state, counts) => heard.walls.push([state, counts]),
        onFault: (error) => heard.faults.push(error),
      },
    },
  );
  cleanUps.push(() => leg.close());
  const ready = await leg.open();
  return { leg, ready, phone, sfu, heard, clock, pool };
}

/** Sends datagrams one after the other and waits until the leg has taken the last. */
async function taken(
  leg: GateLeg,
  which: 'fromFar' | 'fromSfu' | 'foreign',
  by: number,
  send: () => Promise<void>,
): Promise<void> {
  const before = leg.counts()[which];
  await send();
  while (leg.counts()[which] < before + by) await new Promise((done) => setImmediate(done));
}

test('real datagrams pass both ways while the wall is open, and none to the SFU once shut() has returned', async () => {
  const { leg, ready, phone, sfu, heard, clock } = await opened({ wall: 'open' });
  if (!ready.ok) throw new Error(ready.error);
  const { rtpPort, sfuPort, ssrc } = ready.value;
  expect(rtpPort % 2).toBe(0);

  for (let i = 0; i < 5; i++) await phone.send(rtp(sound(1), { sequence: i, timestamp: i * 160, ssrc: 55 }), rtpPort);
  await sfu.count(5);
  const header = emptyHeader();
  expect(sfu.got.map((packet) => readRtp(packet, header) && header.ssrc)).toEqual(Array(5).fill(ssrc));

  for (let i = 0; i < 5; i++) {
    await sfu.send(withExtension(rtp(sound(2), { sequence: i, timestamp: i * 160, ssrc: 77 })), sfuPort);
  }
  await phone.count(5);
  expect(phone.got.map((packet) => [packet.length, packet[0]])).toEqual(Array(5).fill([172, 0x80]));

  leg.shut();
  expect(heard.walls.map(([state]) => state)).toEqual(['shut']);
  await taken(leg, 'fromFar', 21, async () => {
    for (let i = 5; i < 25; i++)
      await phone.send(rtp(sound(1), { sequence: i, timestamp: i * 160, ssrc: 55 }), rtpPort);
    await phone.send(rtp(event(5, 160), { payloadType: 101, sequence: 25, timestamp: 1, ssrc: 55 }), rtpPort);
  });
  await taken(leg, 'fromSfu', 1, () => sfu.send(rtp(sound(2), { sequence: 6, ssrc: 77 }), sfuPort));
  clock.advance(20);
  // What the gate sends now comes after anything that it may have let through.
  await phone.count(6);
  expect(phone.got).toHaveLength(6);
  expect(phone.got[5]?.subarray(12).every((byte) => byte === 0xff)).toBe(true);
  expect(sfu.got).toHaveLength(5);
  expect(heard.keys).toEqual(['5 event']);
  expect(leg.counts()).toMatchObject({ fromFar: 26, toSfu: 5, keptIn: 21, fromSfu: 6, keptOut: 1, keyEvents: 1 });

  await taken(leg, 'fromFar', 1, () =>
    phone.send(rtp(event(5, 320, true), { payloadType: 101, sequence: 26, timestamp: 1, ssrc: 55 }), rtpPort),
  );
  leg.requestOpen();
  clock.advance(280);
  expect(heard.walls).toHaveLength(1);
  // The stream is still live for the tone detector, so it has to hear 300 ms of quiet, or a second of nothing.
  clock.advance(1000);
  expect(heard.walls.map(([state]) => state)).toEqual(['shut', 'open']);
  await phone.send(rtp(sound(1), { sequence: 27, timestamp: 27 * 160, ssrc: 55 }), rtpPort);
  await sfu.count(6);
  expect(heard.faults).toEqual([]);
});

test('only the SFU is heard at the port for the SFU', async () => {
  const { leg, ready, phone } = await opened({ wall: 'open' });
  if (!ready.ok) throw new Error(ready.error);
  const stranger = await Peer.open();
  await stranger.send(rtp(sound(9)), ready.value.sfuPort);
  const sfu = await Peer.open();
  leg.update({ sfu: { address: { ip: LOOPBACK, port: sfu.port }, payloadType: 0 } });
  await stranger.send(rtp(sound(9)), ready.value.sfuPort);
  await sfu.send(rtp(sound(2)), ready.value.sfuPort);
  await phone.count(1);
  expect(phone.got.map((packet) => packet[12])).toEqual([2]);
});

test('a customer is reached over IPv6 too', async () => {
  const phone = createSocket('udp6');
  phone.bind(0, '::1');
  await once(phone, 'listening');
  cleanUps.push(() => phone.close());
  const heard = once(phone, 'message');
  const { ready, clock, sfu } = await opened({
    bind: '::1',
    wall: 'open',
    far: { rtp: { ip: '::1', port: phone.address().port }, payloadType: 0, ptime: 20, keysIn: [], wantsSound: true },
  });
  if (!ready.ok) throw new Error(ready.error);
  clock.advance(20);
  expect(((await heard)[0] as Buffer).length).toBe(172);
  phone.send(rtp(sound(1)), ready.value.rtpPort, '::1');
  await sfu.count(1);
});

test('a leg takes its ports again, and refuses those that somebody has', async () => {
  const first = await opened();
  if (!first.ready.ok) throw new Error(first.ready.error);
  const { rtpPort, sfuPort, ssrc } = first.ready.value;
  const ports = { rtp: rtpPort, sfu: sfuPort };
  expect((await opened({ ports })).ready).toEqual({ ok: false, error: 'port-taken' });
  first.leg.close();
  const again = await opened({ ports, ssrc });
  expect(again.ready).toEqual({ ok: true, value: { rtpPort, sfuPort, ssrc } });
});

test('ports that another program has are passed over; when none is left that is said, and closing gives one back', async () => {
  const pool = new PortPool({ min: range.min, max: range.min + 3 });
  const other = createSocket('udp4');
  other.bind({ port: range.min + 1, address: LOOPBACK, exclusive: true });
  await once(other, 'listening');
  cleanUps.push(() => other.close());
  const first = await opened({}, pool);
  expect(first.ready).toMatchObject({ ok: true, value: { rtpPort: range.min + 2 } });
  expect((await opened({}, pool)).ready).toEqual({ ok: false, error: 'no-free-port' });
  first.leg.close();
  expect((await opened({}, pool)).ready.ok).toBe(true);
});

test('nothing is told or sent after close', async () => {
  const { leg, ready, phone, heard, clock } = await opened({ wall: 'open' });
  if (!ready.ok) throw new Error(ready.error);
  leg.close();
  leg.close();
  leg.requestOpen();
  leg.shut();
  leg.play([sound(1)], true);
  expect(leg.sendKey(1)).toBe(false);
  clock.advance(1000);
  expect(phone.got).toEqual([]);
  expect(heard.walls).toEqual([]);
});

test('a bug in what is told ends the leg shut, and only this leg', async () => {
  const { leg, ready, phone, heard, sfu } = await opened({ wall: 'open' });
  if (!ready.ok) throw new Error(ready.error);
  heard.keys.push = () => {
    throw new Error('a bug');
  };
  await phone.send(rtp(event(5, 160), { payloadType: 101 }), ready.value.rtpPort);
  while (heard.faults.length === 0) await new Promise((done) => setImmediate(done));
  expect(heard.faults[0]?.message).toBe('a bug');
  expect(leg.counts().toSfu).toBe(0);
  expect(sfu.got).toEqual([]);
});

test('sound is paced by the system clock: a second of it takes a second', async () => {
  const pool = new PortPool(range);
  const phone = await Peer.open();
  const clock = systemClock;
  let played: () => void = () => {};
  const end = new Promise<void>((done) => (played = done));
  const leg = new GateLeg(
    {
      codec: 'PCMA',
      bind: LOOPBACK,
      wall: 'shut',
      far: { rtp: { ip: LOOPBACK, port: phone.port }, payloadType: 8, ptime: 20, keysIn: [], wantsSound: true },
    },
    {
      portPool: pool,
      ticker: new Ticker(clock),
      clock,
      events: {
        onKey: () => {},
        onKeyAgain: () => {},
        onSpeech: () => {},
        onPlayed: played,
        onWall: () => {},
        onFault: () => {},
      },
    },
  );
  cleanUps.push(() => leg.close());
  expect((await leg.open()).ok).toBe(true);
  const began = clock.monotonic();
  leg.play([sound(3, 1000)], false);
  await end;
  const took = clock.monotonic() - began;
  expect(took).toBeGreaterThan(975);
  expect(took).toBeLessThan(1500);
  await phone.count(50);
  expect(phone.got.slice(0, 50).every((packet) => packet[12] === 3)).toBe(true);
});
