import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { connect, createServer, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cardCertificates } from './card-certificates.ts';
import { cardDetail } from './card-detail.ts';
import type { RemoteCard } from './card-link/session.ts';
import { Desk, RtpPeer, TestHouse } from './card-link/test-house.ts';
import { SRTP_KEY_BYTES, SrtpReceiver, SrtpSender } from './rtp/srtp.ts';
import { type DevCertificate, devCertificate } from './shared/dev-ca.ts';
import { newId } from './shared/ids.ts';
import { freePort, TestCardHost } from './test-card-host.ts';

/** An address of loopback that nothing else here uses: the "other host". */
const HOST = '127.0.0.2';
const SFU_PORTS = { min: 11_000, max: 11_099 };

let house: TestHouse;
let host: TestCardHost;
let certificates: { server: DevCertificate; card: DevCertificate };
let port: number;

beforeAll(async () => {
  house = await TestHouse.build();
  port = await freePort(HOST);
  certificates = await cardCertificates(join(house.folder, 'link'));
  const { rtpPorts, gateway } = house.settings;
  host = await TestCardHost.start(house.folder, {
    dataFolder: join(house.folder, 'card-data'),
    listen: { address: HOST, port, ...certificates.card },
    media: { bind: HOST, rtpPorts, sfu: { ports: SFU_PORTS } },
    card: { threads: 1 },
    gateway,
  });
}, 30_000);
afterAll(async () => {
  await host.stop();
  await house.destroy();
});

function remote(over: Partial<RemoteCard> = {}): RemoteCard {
  return { host: HOST, port, name: 'tonegate-card', ...certificates.server, ...over };
}

/** Resolves when it is closed, by an error or without. */
function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.on('close', () => resolve()));
}

/** What somebody gets who connects by these certificates, says hello and waits to be thrown out. */
async function bytesFor(shown: Partial<DevCertificate>): Promise<number> {
  const socket = connectTls({
    host: HOST,
    port,
    rejectUnauthorized: false,
    ...(shown.certFile !== undefined && { cert: readFileSync(shown.certFile) }),
    ...(shown.keyFile !== undefined && { key: readFileSync(shown.keyFile) }),
  });
  let bytes = 0;
  socket.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
  });
  socket.on('error', () => {});
  const hello = Buffer.from(JSON.stringify({ type: 'hello', version: 2 }));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(hello.length);
  socket.write(Buffer.concat([length, hello]));
  await closed(socket);
  return bytes;
}

/** The SFU's end of one call, which seals and reads what RtpPeer's own end would send in clear. */
class SealedSfu {
  readonly keys = { toSfu: randomBytes(SRTP_KEY_BYTES), fromSfu: randomBytes(SRTP_KEY_BYTES) };
  readonly #out = new SrtpSender(this.keys.fromSfu);
  readonly #in = new SrtpReceiver(this.keys.toSfu);
  readonly #socket = createSocket('udp4');
  readonly got: { readonly raw: Buffer; readonly plain: Buffer | undefined }[] = [];
  #sequence = 5;
  #changed = () => {};

  async open(): Promise<void> {
    this.#socket.on('message', (raw) => {
      if ((raw[1] as number) >= 192) return;
      this.got.push({ raw, plain: this.#in.rtp(raw) });
      this.#changed();
    });
    this.#socket.bind(0, '127.0.0.1');
    await once(this.#socket, 'listening');
  }

  get side() {
    return {
      address: { ip: '127.0.0.1', port: this.#socket.address().port },
      payloadType: 0,
      srtp: { toSfu: this.keys.toSfu.toString('base64'), fromSfu: this.keys.fromSfu.toString('base64') },
    };
  }

  sound(byte: number, to: number, sealed = true): void {
    const packet = Buffer.alloc(172, byte);
    packet.fill(0, 0, 12);
    packet[0] = 0x80;
    packet.writeUInt16BE(this.#sequence++, 2);
    packet.writeUInt32BE(this.#sequence * 160, 4);
    packet.writeUInt32BE(77, 8);
    this.#socket.send(sealed ? (this.#out.rtp(packet) as Buffer) : packet, to, HOST);
  }

  async heard(byte: number): Promise<void> {
    while (!this.got.some(({ plain }) => plain?.[100] === byte))
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
      });
  }

  close(): void {
    this.#socket.close();
  }
}

/** A desk on the card host, with a leg whose far side is a phone on this machine. */
async function openLeg(desk: Desk, sfu: SealedSfu) {
  const phone = await RtpPeer.open(0x1111, HOST);
  const leg = newId();
  // The card host's own address counts, whatever the server names.
  desk.openLeg(leg, phone, phone, { bind: '127.0.0.9', sfu: sfu.side });
  const ready = await desk.message('leg-ready', (message) => message.leg === leg);
  phone.to(ready.rtpPort);
  return { leg, ready, phone };
}

test('without the right certificate nothing is to be had', async () => {
  const stranger = await cardCertificates(join(house.folder, 'stranger'));
  expect(await bytesFor({})).toBe(0);
  expect(await bytesFor(stranger.server)).toBe(0);
  // The card host's own certificate is no server's, nor is another name of the same authority.
  expect(await bytesFor(certificates.card)).toBe(0);
  const other = await devCertificate(join(house.folder, 'link'), {
    name: 'x',
    hosts: ['x'],
    use: 'client',
    keys: 'rsa',
  });
  expect(await bytesFor(other)).toBe(0);
  // In clear neither.
  const plain = connect(port, HOST);
  plain.write(Buffer.alloc(64));
  let bytes = Buffer.alloc(0);
  plain.on('data', (chunk: Buffer) => {
    bytes = Buffer.concat([bytes, chunk]);
  });
  plain.on('error', () => {});
  await closed(plain);
  expect(bytes.toString('latin1')).not.toContain('hello');

  const refused = new Desk(remote(stranger.server));
  await expect(refused.link.start()).rejects.toThrow(/card\.remote.*can't be reached/);
}, 30_000);

test('a server takes no card process whose certificate is another authority’s, or another name’s', async () => {
  const { caFile } = (await cardCertificates(join(house.folder, 'stranger'))).server;
  await expect(new Desk(remote({ caFile })).link.start()).rejects.toThrow(/SELF_SIGNED|UNABLE_TO|signature/);
  await expect(new Desk(remote({ name: 'tonegate-other' })).link.start()).rejects.toThrow(
    'ERR_TLS_CERT_ALTNAME_INVALID',
  );
}, 30_000);

test('a payment over the network: sealed sound both ways, none in clear, none while the wall is shut', async () => {
  const desk = new Desk(remote());
  const sfu = new SealedSfu();
  await sfu.open();
  await desk.link.start();
  expect(desk.link.host).toEqual({ announced: HOST, rtp: HOST, sfu: HOST });
  expect(desk.link.unconfined).not.toContain('files-and-programs');
  const { leg, ready, phone } = await openLeg(desk, sfu);

  phone.sound(0x11);
  phone.sound(0x11);
  await sfu.heard(0x11);
  expect(sfu.got.every(({ raw, plain }) => plain && !raw.includes(Buffer.alloc(8, 0x11)))).toBe(true);
  // In clear before sealed, by the same socket: when the sealed has come, the other would have.
  sfu.sound(0x33, ready.sfuPort, false);
  sfu.sound(0x22, ready.sfuPort);
  sfu.sound(0x22, ready.sfuPort);
  await phone.heard((packet) => packet.length === 172 && packet[100] === 0x22);
  expect(phone.got.some((packet) => packet[100] === 0x33)).toBe(false);

  const { payment } = desk.openPayment(leg);
  const shut = await desk.message('wall', (wall) => wall.payment === payment);
  expect(shut.counts.foreign).toBe(1);
  const before = sfu.got.length;
  desk.send({ type: 'payment-begin', payment });
  phone.sound(0x44);
  await desk.pay(phone, leg, payment);
  const outcome = await desk.message('outcome');
  expect(outcome).toMatchObject({ outcome: 'approved', lastFour: '4242' });
  const open = await desk.message('wall', (wall) => wall.state === 'open' && wall.payment === payment);
  expect(open.counts.toSfu).toBe(shut.counts.toSfu);
  expect(sfu.got.length).toBe(before);

  desk.send({ type: 'told', payment });
  // Sound to another host without keys is refused, whoever asks.
  const clear = newId();
  desk.openLeg(clear, phone, phone);
  expect(await desk.message('refused', (message) => message.leg === clear)).toMatchObject({ why: 'srtp-missing' });
  // Opened again under the same keys, the stream is another: no number comes twice.
  desk.send({ type: 'leg-close', leg });
  desk.openLeg(leg, phone, phone, {
    sfu: sfu.side,
    ports: { rtp: ready.rtpPort, sfu: ready.sfuPort },
    ssrc: ready.ssrc,
  });
  const again = await desk.message('leg-ready', (message) => message.leg === leg && message.ssrc !== ready.ssrc);
  expect([again.rtpPort, again.sfuPort]).toEqual([ready.rtpPort, ready.sfuPort]);
  phone.sound(0x55);
  phone.sound(0x55);
  await sfu.heard(0x55);
  desk.send({ type: 'leg-close', leg });

  await desk.link.stop();
  phone.close();
  sfu.close();
  // The process stays, and takes the next server.
  const next = new Desk(remote());
  await next.link.start();
  expect(next.ups[0]?.instance).toBe(desk.ups[0]?.instance);
  await next.link.stop();
}, 60_000);

/** What this process takes packets and connections on, as the kernel has it: `tcp 127.0.0.2:7600`. */
function sockets(pid: number): string[] {
  const inodes = new Set(
    readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? [];
      } catch {
        return [];
      }
    }),
  );
  const found: string[] = [];
  for (const protocol of ['tcp', 'tcp6', 'udp', 'udp6'])
    for (const line of readFileSync(`/proc/${pid}/net/${protocol}`, 'latin1').split('\n').slice(1)) {
      const [, local = '', , state, , , , , , inode = ''] = line.trim().split(/\s+/);
      // Of TCP those that listen; of UDP all.
      if (!inodes.has(inode) || (protocol.startsWith('tcp') && state !== '0A')) continue;
      const [address = '', hexPort = ''] = local.split(':');
      const bytes = address.match(/../g)?.map((byte) => Number.parseInt(byte, 16)) ?? [];
      found.push(`${protocol} ${bytes.reverse().join('.')}:${Number.parseInt(hexPort, 16)}`);
    }
  for (const line of readFileSync(`/proc/${pid}/net/unix`, 'latin1').split('\n').slice(1)) {
    const [, , , flags, , , inode = '', path] = line.trim().split(/\s+/);
    // Those that listen: SO_ACCEPTCON.
    if (inodes.has(inode) && flags === '00010000') found.push(`unix ${path}`);
  }
  return found;
}

test('it listens on what it says and on nothing else', async () => {
  const desk = new Desk(remote());
  await desk.link.start();
  const sfu = new SealedSfu();
  await sfu.open();
  const { leg, ready, phone } = await openLeg(desk, sfu);
  const { rtpPorts } = house.settings;
  expect(desk.link.listens).toEqual([
    { from: 'server', over: 'tls', ip: HOST, ports: { min: port, max: port } },
    { from: 'customers', over: 'udp', ip: HOST, ports: rtpPorts },
    { from: 'sfu', over: 'udp', ip: HOST, ports: SFU_PORTS },
  ]);
  expect(sockets(host.pid).toSorted()).toEqual(
    [
      `tcp ${HOST}:${port}`,
      `udp ${HOST}:${ready.rtpPort}`,
      `udp ${HOST}:${ready.rtpPort + 1}`,
      `udp ${HOST}:${ready.sfuPort}`,
    ].toSorted(),
  );
  for (const [at, { min, max }] of [
    [ready.rtpPort, rtpPorts],
    [ready.sfuPort, SFU_PORTS],
  ] as const)
    expect(at >= min && at <= max).toBe(true);
  const said = host.lines.find((line) => line.includes('card process is ready')) ?? '';
  expect((JSON.parse(said) as { listens: unknown }).listens).toEqual(desk.link.listens);
  expect(cardDetail({ unconfined: [], listens: desk.link.listens }, '0.0.0.0').detail).toBe(
    `listens: server tls ${HOST}:${port}, customers udp ${HOST}:${rtpPorts.min}-${rtpPorts.max}, sfu udp ${HOST}:11000-11099`,
  );
  desk.send({ type: 'leg-close', leg });
  await desk.link.stop();
  phone.close();
  sfu.close();

  // And the one that a server starts on its own machine.
  const local = new Desk(house.settings);
  await local.link.start();
  expect(sockets(house.pid())).toEqual([`unix ${house.settings.socket}`]);
  expect(cardDetail({ unconfined: ['no-swap'], listens: local.link.listens }, '0.0.0.0').detail).toBe(
    `not in force: no-swap; listens: server unix socket, customers udp 0.0.0.0:${rtpPorts.min}-${rtpPorts.max}, sfu udp 127.0.0.1`,
  );
  await local.link.stop();
}, 60_000);

test('a network that swallows everything is the server’s death to the one and the card process’s to the other', async () => {
  const sides = new Set<Socket>();
  const proxy = createServer((near) => {
    const far = connect(port, HOST);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sides.add(from);
      from.on('error', () => {});
      from.on('close', () => to.destroy());
      from.pipe(to);
    }
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const desk = new Desk(remote({ host: '127.0.0.1', port: (proxy.address() as { port: number }).port }));
  await desk.link.start();
  const sfu = new SealedSfu();
  await sfu.open();
  const { leg, ready, phone } = await openLeg(desk, sfu);
  for (const side of sides) {
    side.unpipe();
    side.pause();
  }
  await desk.until(() => desk.downs === 1);
  await desk.until(() => desk.ups.length === 2);
  expect(desk.ups[1]).toEqual({ instance: desk.ups[0]?.instance, restarted: true });
  // The leg of before was shut and closed with its server.
  desk.openLeg(leg, phone, phone, { sfu: sfu.side, ports: { rtp: ready.rtpPort, sfu: ready.sfuPort } });
  await desk.message('leg-ready', (message) => message.leg === leg && message.ssrc !== ready.ssrc);
  expect(host.lines.some((line) => line.includes('"why":"silent"'))).toBe(true);
  await desk.link.stop();
  proxy.close();
  for (const side of sides) side.destroy();
  phone.close();
  sfu.close();
}, 60_000);
