import { randomBytes } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { CallMedia } from './media/call-media.ts';
import { MediaWorkers } from './media/workers.ts';
import { writeRtp } from './rtp/packet.ts';
import { SRTP_KEY_BYTES, SrtpReceiver, SrtpSender } from './rtp/srtp.ts';
import { silentLogger } from './shared/logger.ts';

const found = path.resolve(import.meta.dirname, '../../build/mediasoup-worker.path');
const GATE_SSRC = 0x1111;
const AGENT_SSRC = 0x2222;
const IP = '127.0.0.1';

let workers: MediaWorkers;
let media: CallMedia;
let gate: Peer;
let agent: Peer;

/** A UDP port, what came to it, and a stream from it. */
class Peer {
  readonly socket: Socket = createSocket('udp4');
  readonly got: Buffer[] = [];
  #changed = () => {};

  async open(): Promise<this> {
    this.socket.on('message', (packet) => {
      if ((packet[1] as number) >= 192) return;
      this.got.push(packet);
      this.#changed();
    });
    this.socket.bind(0, IP);
    await once(this.socket, 'listening');
    return this;
  }

  get port(): number {
    return this.socket.address().port;
  }

  async until(met: () => boolean): Promise<void> {
    while (!met())
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
      });
  }
}

function sound(ssrc: number, sequence: number, byte: number): Buffer {
  const packet = Buffer.alloc(172, byte);
  writeRtp(packet, 0, 0, false, sequence & 0xffff, (sequence * 160) >>> 0, ssrc);
  return packet;
}

function keys(): { out: SrtpSender; in: SrtpReceiver } {
  const { srtp } = media.sfu;
  if (!srtp) throw new Error('a call without keys');
  return {
    out: new SrtpSender(Buffer.from(srtp.toSfu, 'base64')),
    in: new SrtpReceiver(Buffer.from(srtp.fromSfu, 'base64')),
  };
}

beforeAll(async () => {
  workers = new MediaWorkers({
    workerBin: existsSync(found) ? readFileSync(found, 'utf8').trim() : '',
    count: 1,
    basePort: 31_000 + (process.pid % 1000),
    listen: [{ ip: IP }],
    log: silentLogger,
  });
  await workers.start();
});
afterAll(() => workers.close());

beforeEach(async () => {
  gate = await new Peer().open();
  agent = await new Peer().open();
  const created = await CallMedia.create(workers, 'PCMU', { ip: IP, ports: { min: 32_000, max: 32_099 } });
  if (!created.ok) throw new Error(created.error);
  media = created.value;
  await media.connectCustomer({ ip: IP, port: gate.port, ssrc: GATE_SSRC });
});
afterEach(() => {
  media.close();
  gate.socket.close();
  agent.socket.close();
});

test('mediasoup reads what a gate seals and a gate what mediasoup does; what is in clear or under another key is dropped', async () => {
  const { address } = media.sfu;
  expect(address.port >= 32_000 && address.port <= 32_099).toBe(true);
  const plain = await media.openPlainAgent({ port: agent.port, ssrc: AGENT_SSRC });
  await media.open();
  const { out, in: read } = keys();
  const stranger = new SrtpSender(randomBytes(SRTP_KEY_BYTES));
  const send = (packet: Buffer) => gate.socket.send(packet, address.port, address.ip);
  // In clear and under another key first: when the sealed ones have come, these would have.
  for (let i = 0; i < 5; i++) {
    send(sound(GATE_SSRC, 100 + i, 0x33));
    send(stranger.rtp(sound(GATE_SSRC, 110 + i, 0x44)) as Buffer);
  }
  for (let i = 0; i < 5; i++) send(out.rtp(sound(GATE_SSRC, 200 + i, 0x55)) as Buffer);
  await agent.until(() => agent.got.length >= 5);
  expect(agent.got.map((packet) => packet[100])).toEqual([0x55, 0x55, 0x55, 0x55, 0x55]);
  expect((await media.counts()).fromCustomer).toBe(5);

  for (let i = 0; i < 5; i++) agent.socket.send(sound(AGENT_SSRC, 300 + i, 0x66), plain.port, IP);
  await gate.until(() => gate.got.length >= 5);
  expect(gate.got.every((packet) => !packet.includes(Buffer.alloc(8, 0x66)))).toBe(true);
  expect(gate.got.map((packet) => read.rtp(packet)?.[100])).toEqual([0x66, 0x66, 0x66, 0x66, 0x66]);

  await media.shut();
  const shut = await media.counts();
  for (let i = 0; i < 5; i++) send(out.rtp(sound(GATE_SSRC, 210 + i, 0x77)) as Buffer);
  while ((await media.counts()).fromCustomer < shut.fromCustomer + 5) await media.counts();
  expect(await media.counts()).toMatchObject({ toAgent: shut.toAgent, toCustomer: shut.toCustomer });
  expect(agent.got).toHaveLength(5);
}, 20_000);

test('a gate that knows nothing of before is understood and understands, after numbers have rolled over', async () => {
  const { address } = media.sfu;
  const plain = await media.openPlainAgent({ port: agent.port, ssrc: AGENT_SSRC });
  await media.open();
  const before = keys();
  const send = (packet: Buffer | undefined) => gate.socket.send(packet as Buffer, address.port, address.ip);
  // Over the edge of 16 bits, either way.
  for (const sequence of [65_534, 65_535, 65_536, 65_537]) {
    send(before.out.rtp(sound(GATE_SSRC, sequence, 0x11)));
    agent.socket.send(sound(AGENT_SSRC, sequence, 0x22), plain.port, IP);
    await Promise.all([
      agent.until(() => agent.got.length >= sequence - 65_533),
      gate.until(() => gate.got.length >= sequence - 65_533),
    ]);
  }
  expect(gate.got.map((packet) => before.in.rtp(packet)?.[100])).toEqual([0x22, 0x22, 0x22, 0x22]);
  expect(agent.got).toHaveLength(4);

  // Opened again: the same keys, its own memory empty, a stream of its own.
  expect(await media.reconnectCustomer(GATE_SSRC)).toBe(false);
  expect(await media.reconnectCustomer(GATE_SSRC + 1)).toBe(true);
  const after = keys();
  for (let i = 0; i < 3; i++) send(after.out.rtp(sound(GATE_SSRC + 1, 10 + i, 0x33)));
  await agent.until(() => agent.got.length >= 7);
  for (let i = 0; i < 3; i++) agent.socket.send(sound(AGENT_SSRC, 65_540 + i, 0x44), plain.port, IP);
  await gate.until(() => gate.got.length >= 7);
  expect(gate.got.slice(4).map((packet) => after.in.rtp(packet)?.[100])).toEqual([0x44, 0x44, 0x44]);
}, 20_000);
