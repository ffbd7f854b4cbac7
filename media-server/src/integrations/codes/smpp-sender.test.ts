import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { createServer as createTls } from 'node:tls';
import { afterEach, expect, test } from 'vitest';
import { systemClock } from '../../shared/clock.ts';
import { devCa } from '../../shared/dev-ca.ts';
import { newId } from '../../shared/ids.ts';
import { silentLogger } from '../../shared/logger.ts';
import { Secret } from '../../shared/secret.ts';
import { SmppSender, type SmppSenderOptions } from './smpp-sender.ts';

/** An SMSC by another hand: Debian's Net::SMPP. */
class Smsc {
  readonly lines: string[] = [];
  readonly #child: ChildProcess;
  #wake: () => void = () => {};
  port = 0;

  private constructor(args: string[]) {
    const script = path.join(import.meta.dirname, 'smsc-peer.pl');
    // In a group of its own: it forks for each connection.
    this.#child = spawn('perl', [script, ...args], { stdio: ['ignore', 'pipe', 'ignore'], detached: true });
    if (!this.#child.stdout) throw new Error('perl has no output');
    createInterface(this.#child.stdout).on('line', (line) => {
      if (line.startsWith('port ')) this.port = Number(line.slice(5));
      else this.lines.push(line);
      this.#wake();
    });
  }

  static async start(...args: string[]): Promise<Smsc> {
    const smsc = new Smsc(args);
    await smsc.until(() => smsc.port > 0);
    return smsc;
  }

  /** Its answer on the wire may be here before what it prints about it. */
  async until(there: () => boolean): Promise<void> {
    while (!there()) await new Promise<void>((resolve) => (this.#wake = resolve));
  }

  texts(): string[] {
    return this.lines.filter((line) => line.startsWith('text '));
  }

  async end(): Promise<void> {
    const over = new Promise((resolve) => this.#child.once('exit', resolve));
    process.kill(-(this.#child.pid ?? 0), 'SIGKILL');
    await over;
  }
}

const undo: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

async function smsc(...args: string[]): Promise<Smsc> {
  const started = await Smsc.start(...args);
  undo.push(() => started.end());
  return started;
}

function sender(port: number, more: Partial<SmppSenderOptions> = {}): SmppSender {
  const made = new SmppSender({
    host: '127.0.0.1',
    port,
    tls: false,
    ca: undefined,
    systemId: 'tonegate',
    password: new Secret('right'),
    systemType: '',
    enquireMs: 30_000,
    timeoutMs: 5000,
    from: 'Tonegate',
    windowSize: 3,
    clock: systemClock,
    log: silentLogger,
    ...more,
  });
  undo.push(() => made.close());
  return made;
}

const to = (phone: string, text = '確認コード 012345') => ({ id: newId(), phone, text: new Secret(text) });
const ucs2 = (hex: string | undefined) =>
  Buffer.from(hex ?? '', 'hex')
    .swap16()
    .toString('utf16le');

test('an SMSC gets the text as UCS-2, to and from the numbers, over a connection bound as 3.4', async () => {
  const peer = await smsc();
  const smpp = sender(peer.port);
  const text = '【田中食品】確認コード 012345 電話機のボタンで入力。オペレーターには伝えないでください。';
  expect(await smpp.send(to('+819000000000', text))).toEqual({ is: 'sent' });
  expect(smpp.up).toBe(true);
  await peer.until(() => peer.texts().length === 1);
  expect(peer.lines[0]).toBe('bind tonegate right 34');
  const [from, number, ton, sourceTon, coding, hex] = peer.texts()[0]?.split(' ').slice(1) ?? [];
  expect([from, number, ton, sourceTon, coding, ucs2(hex)]).toEqual(['Tonegate', '819000000000', '1', '5', '8', text]);
  await sender(peer.port, { from: '+81312345678' }).send(to('+819000000000'));
  await peer.until(() => peer.texts().length === 2);
  expect(peer.texts()[1]).toMatch(/^text 81312345678 819000000000 1 1 8 /);
});

test('a refused number, and one that the SMSC throttles, are surely not sent; only the second may be tried again', async () => {
  const smpp = sender((await smsc()).port);
  expect(await smpp.send(to('+819000000001'))).toMatchObject({ is: 'not-sent', again: false });
  const throttled = to('+819000000002');
  expect(await smpp.send(throttled)).toMatchObject({ is: 'not-sent', again: true });
  expect(await smpp.send(throttled)).toEqual({ is: 'sent' });
});

test.each([
  ['ends the connection', '3'],
  ['sends what is no PDU', '5'],
])('where the SMSC %s nobody knows; the connection is made again and the next text is sent', async (_, last) => {
  const peer = await smsc();
  const smpp = sender(peer.port);
  expect(await smpp.send(to(`+81900000000${last}`))).toMatchObject({ is: 'not-known' });
  expect(await smpp.send(to('+819000000000'))).toEqual({ is: 'sent' });
  await peer.until(() => peer.texts().length === 2);
  expect(peer.lines.filter((line) => line.startsWith('bind'))).toHaveLength(2);
});

test('a text that is not answered is not known, and its place in the window is free again', async () => {
  const peer = await smsc();
  const smpp = sender(peer.port, { timeoutMs: 600, windowSize: 1 });
  await smpp.send(to('+819000000000'));
  expect(await smpp.send(to('+819000000004'))).toEqual({ is: 'not-known', why: 'no answer of the SMSC' });
  expect(await smpp.send(to('+819000000000'))).toEqual({ is: 'sent' });
});

test('texts wait for a place in the window and all go out', async () => {
  const peer = await smsc();
  const smpp = sender(peer.port, { windowSize: 2 });
  const results = await Promise.all(Array.from({ length: 50 }, () => smpp.send(to('+819000000000'))));
  expect(results.every(({ is }) => is === 'sent')).toBe(true);
  await peer.until(() => peer.texts().length >= 50);
  expect(peer.texts()).toHaveLength(50);
});

test('a bind with a wrong password, an SMSC that is away: surely not sent, and no more than a bounded queue waits', async () => {
  const peer = await smsc();
  const refused = sender(peer.port, { password: new Secret('wrong'), timeoutMs: 600 });
  expect(await refused.send(to('+819000000000'))).toMatchObject({ is: 'not-sent', again: true });
  expect(peer.texts()).toEqual([]);
  const away = sender(1, { timeoutMs: 600 });
  const results = await Promise.all(Array.from({ length: 300 }, () => away.send(to('+819000000000'))));
  expect(results.every(({ is }) => is === 'not-sent')).toBe(true);
  expect(away.up).toBe(false);
  await away.close();
  expect(await away.send(to('+819000000000'))).toMatchObject({ is: 'not-sent', again: false });
});

test('a connection whose SMSC no longer answers is given up and made again', async () => {
  const peer = await smsc('no-enquiries');
  sender(peer.port, { enquireMs: 50, timeoutMs: 300 });
  await peer.until(() => peer.lines.filter((line) => line.startsWith('bind')).length >= 2);
  expect(peer.lines.slice(0, 3)).toEqual(['bind tonegate right 34', 'enquiry', 'bind tonegate right 34']);
});

test('a connection that is reset at once, again and again, ends nothing but itself', async () => {
  const sockets: Socket[] = [];
  const server: Server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
    socket.resetAndDestroy();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  undo.push(() => void server.close());
  const { port } = server.address() as { port: number };
  expect(await sender(port, { timeoutMs: 1200 }).send(to('+819000000000'))).toMatchObject({
    is: 'not-sent',
    again: true,
  });
  expect(sockets.length).toBeGreaterThan(1);
});

test('over TLS the password goes only to an SMSC that the authority vouches for', async () => {
  const peer = await smsc();
  const folder = mkdtempSync(path.join(tmpdir(), 'smpp-'));
  undo.push(() => rmSync(folder, { recursive: true }));
  const files = await devCa(folder, ['127.0.0.1']);
  const front = createTls({ cert: readFileSync(files.certFile), key: readFileSync(files.keyFile) }, (socket) => {
    const back = connect(peer.port, '127.0.0.1');
    back.on('error', () => socket.destroy()).pipe(socket);
    socket.on('error', () => back.destroy()).pipe(back);
  });
  front.on('tlsClientError', () => {});
  await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
  undo.push(() => void front.close());
  const { port } = front.address() as { port: number };
  const distrusting = sender(port, { tls: true, timeoutMs: 600 });
  expect(await distrusting.send(to('+819000000000'))).toMatchObject({ is: 'not-sent' });
  expect(peer.lines).toEqual([]);
  await distrusting.close();
  const ca = readFileSync(files.caFile, 'utf8');
  expect(await sender(port, { tls: true, ca }).send(to('+819000000000'))).toEqual({ is: 'sent' });
});
