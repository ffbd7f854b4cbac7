import { type ChildProcess, fork } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { cpus } from 'node:os';
import { GateLeg } from '../media-server/src/cde/gate/gate-leg.ts';
import { PortPool } from '../media-server/src/cde/gate/port-pool.ts';
import { Ticker } from '../media-server/src/cde/gate/ticker.ts';
import { writeRtp } from '../media-server/src/rtp/packet.ts';
import { chances } from '../media-server/src/rtp/test-packets.ts';
import { systemClock } from '../media-server/src/shared/clock.ts';

/**
 * What the gate costs: CPU per packet of a process that holds customers' legs, beside one of the same run that does
 * nothing but pass datagrams on (`dgram` in, connected `dgram` out). Each leg has 50 packets a second each way; the sound
 * is noise, so that the tone detector never rests. `node bench/gate.ts`; the last line is JSON.
 */

const LEGS = 50;
const ROUND_MS = 4000;
const WARM_UP_MS = 1500;
const ROUNDS = 3;
const PACKET_MS = 20;
const LOOPBACK = '127.0.0.1';
const FIRST_PORT = 42_000;

type Kind = 'bare' | 'open' | 'shut';
const KINDS: readonly Kind[] = ['bare', 'open', 'shut'];

/** Where a leg takes packets: of the phone, of the SFU. */
type Ports = { rtp: number; sfu: number };
/** Where its peers are. */
type Peers = { phone: number; sfu: number };
type Cost = { cpuUs: number; in: number; out: number };

function bound(): Promise<Socket> {
  const socket = createSocket('udp4');
  socket.bind(0, LOOPBACK);
  return once(socket, 'listening').then(() => socket);
}

/** The measured process: legs for all peers; answers `ports`, then at each `cost` what was spent since the last. */
async function subject(kind: Kind): Promise<void> {
  const [peers] = (await once(process, 'message')) as [Peers[]];
  const count = { in: 0, out: 0 };
  const portPool = new PortPool({ min: FIRST_PORT, max: FIRST_PORT + LEGS * 4 });
  const ticker = new Ticker(systemClock);
  const legs: GateLeg[] = [];
  const ports: Ports[] = [];
  for (const { phone, sfu } of peers) {
    if (kind === 'bare') {
      const [fromPhone, fromSfu] = [await bound(), await bound()];
      // The peers go first, and a connected socket is told so.
      fromSfu.on('error', () => {});
      fromSfu.connect(sfu, LOOPBACK);
      await once(fromSfu, 'connect');
      fromPhone.on('message', (packet) => {
        count.in++;
        count.out++;
        fromSfu.send(packet);
      });
      fromSfu.on('message', (packet) => {
        count.in++;
        count.out++;
        fromPhone.send(packet, phone, LOOPBACK);
      });
      ports.push({ rtp: fromPhone.address().port, sfu: fromSfu.address().port });
      continue;
    }
    const nothing = () => {};
    const leg = new GateLeg(
      {
        codec: 'PCMU',
        bind: LOOPBACK,
        wall: kind,
        far: { rtp: { ip: LOOPBACK, port: phone }, payloadType: 0, ptime: PACKET_MS, keysIn: [], wantsSound: true },
        sfu: { address: { ip: LOOPBACK, port: sfu }, payloadType: 0 },
      },
      {
        portPool,
        ticker,
        clock: systemClock,
        events: {
          onKey: nothing,
          onKeyAgain: nothing,
          onSpeech: nothing,
          onPlayed: nothing,
          onWall: nothing,
          onFault: fail,
        },
      },
    );
    const ready = await leg.open();
    if (!ready.ok) throw new Error(`a leg can't be opened: ${ready.error}`);
    legs.push(leg);
    ports.push({ rtp: ready.value.rtpPort, sfu: ready.value.sfuPort });
  }
  const totals = () => {
    if (kind === 'bare') return { ...count };
    const all = legs.map((leg) => leg.counts());
    return {
      in: all.reduce((sum, counts) => sum + counts.fromFar + counts.fromSfu, 0),
      out: all.reduce((sum, counts) => sum + counts.toSfu + counts.toFar, 0),
    };
  };
  let cpu = process.cpuUsage();
  let before = totals();
  process.on('message', () => {
    const spent = process.cpuUsage(cpu);
    const now = totals();
    process.send?.({
      cpuUs: spent.user + spent.system,
      in: now.in - before.in,
      out: now.out - before.out,
    } satisfies Cost);
    cpu = process.cpuUsage();
    before = now;
  });
  process.send?.(ports);
}

function fail(error: Error): void {
  throw error;
}

async function answer<T>(child: ChildProcess, message: unknown): Promise<T> {
  const reply = once(child, 'message');
  child.send(message as Peers[]);
  return (await reply)[0] as T;
}

/** Sends to all legs for a while, spread over each 20 ms. */
async function load(
  legs: readonly { phone: Socket; sfu: Socket; ports: Ports }[],
  from: number,
  ms: number,
): Promise<number> {
  const chance = chances(1);
  // Noise of about −25 dBm0: bytes of the lower segments of both signs.
  const packet = Buffer.alloc(172);
  for (let i = 12; i < 172; i++) packet[i] = 0x20 + Math.floor(chance() * 0x60) + (chance() < 0.5 ? 0x80 : 0);
  const begin = performance.now();
  const turns = Math.floor(ms / PACKET_MS);
  for (let turn = 0; turn < turns; turn++) {
    for (const [i, leg] of legs.entries()) {
      const early = begin + (turn + i / legs.length) * PACKET_MS - performance.now();
      if (early > 1) await new Promise((done) => setTimeout(done, early));
      const number = from + turn;
      writeRtp(packet, 0, 0, false, number & 0xffff, number * 160, i + 1);
      leg.phone.send(Buffer.from(packet), leg.ports.rtp, LOOPBACK);
      leg.sfu.send(Buffer.from(packet), leg.ports.sfu, LOOPBACK);
    }
  }
  return from + turns;
}

async function measured(kind: Kind): Promise<Cost> {
  const sockets = await Promise.all(
    Array.from({ length: LEGS }, async () => ({ phone: await bound(), sfu: await bound() })),
  );
  for (const { phone, sfu } of sockets) for (const socket of [phone, sfu]) socket.on('message', () => {});
  const child = fork(import.meta.filename, [kind]);
  try {
    const peers = sockets.map(({ phone, sfu }) => ({ phone: phone.address().port, sfu: sfu.address().port }));
    const ports = await answer<Ports[]>(child, peers);
    const legs = sockets.map((pair, i) => ({ ...pair, ports: ports[i] as Ports }));
    const next = await load(legs, 1, WARM_UP_MS);
    await answer<Cost>(child, 'cost');
    await load(legs, next, ROUND_MS);
    return await answer<Cost>(child, 'cost');
  } finally {
    child.kill();
    for (const { phone, sfu } of sockets) for (const socket of [phone, sfu]) socket.close();
  }
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[values.length >> 1] as number;
}

async function main(): Promise<void> {
  const perPacket = new Map<Kind, number[]>(KINDS.map((kind) => [kind, []]));
  const passed = new Map<Kind, number>();
  for (let round = 0; round < ROUNDS; round++) {
    for (const kind of KINDS) {
      const cost = await measured(kind);
      perPacket.get(kind)?.push(cost.cpuUs / cost.in);
      passed.set(kind, cost.out / cost.in);
    }
  }
  const cost = (kind: Kind) => median(perPacket.get(kind) as number[]);
  const bare = cost('bare');
  console.log(`${LEGS} legs, ${ROUNDS} rounds of ${ROUND_MS / 1000} s, on ${cpus()[0]?.model ?? 'an unknown CPU'}\n`);
  console.log('                     µs of CPU per packet in   against bare   packets out per packet in');
  for (const kind of KINDS) {
    const name = kind === 'bare' ? 'bare forwarder' : `the gate, ${kind}`;
    const columns = [cost(kind).toFixed(1).padStart(22), (cost(kind) / bare).toFixed(2).padStart(12)];
    console.log(`${name.padEnd(20)} ${columns.join('   ')}   ${(passed.get(kind) ?? 0).toFixed(2).padStart(18)}`);
  }
  const round = (value: number) => Math.round(value * 100) / 100;
  console.log(
    JSON.stringify({
      bench: 'gate',
      legs: LEGS,
      us_per_packet: { bare: round(bare), open: round(cost('open')), shut: round(cost('shut')) },
      ratio: round(cost('open') / bare),
    }),
  );
}

const kind = KINDS.find((each) => each === process.argv[2]);
if (kind) await subject(kind);
else await main();
