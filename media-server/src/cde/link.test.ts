import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { encodeFrame, FrameDecoder } from '../shared/frames.ts';
import { silentLogger } from '../shared/logger.ts';
import { CONTRACT_VERSION, FRAME_LIMIT, FromCard } from './contract.ts';
import { ServerLink } from './link.ts';
import { takeLock } from './lock.ts';

const hello = { type: 'hello', version: CONTRACT_VERSION };
const answer: FromCard = {
  ...hello,
  type: 'hello',
  version: CONTRACT_VERSION,
  instance: 'i'.repeat(26),
  legs: [],
  languages: ['en'],
};

let folder: string;
let events: string[];
let link: ServerLink;
let changed: () => void;

/** A server that writes what it is told to, and notes what it hears. */
class Peer {
  readonly heard: unknown[] = [];
  closed = false;
  readonly #socket: Socket;

  constructor(path: string) {
    this.#socket = connect(path);
    const decoder = new FrameDecoder(FRAME_LIMIT);
    this.#socket.on('data', (chunk) => {
      const read = decoder.push(chunk);
      if (read.ok) this.heard.push(...read.value);
      changed();
    });
    this.#socket.on('error', () => {});
    this.#socket.on('close', () => {
      this.closed = true;
      changed();
    });
  }

  say(message: unknown): void {
    this.#socket.write(encodeFrame(message, FRAME_LIMIT));
  }

  write(bytes: Buffer): void {
    this.#socket.write(bytes);
  }

  destroy(): void {
    this.#socket.destroy();
  }
}

/** Waits until it holds; the test's time limit is the only clock. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) {
    await new Promise<void>((resolve) => {
      changed = resolve;
    });
  }
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'card-'));
  // Its own, so that the end of the last test's connection isn't taken for one of this test's.
  const noted: string[] = [];
  events = noted;
  changed = () => {};
  const note = (event: string) => {
    noted.push(event);
    changed();
  };
  link = new ServerLink({
    socket: join(folder, 'card.sock'),
    log: silentLogger,
    hello: () => answer,
    onAttached: () => note('attached'),
    onDetached: async () => note('detached'),
    onCommand: (command) => note(command.type),
  });
  await link.listen();
});

afterEach(() => {
  link.stopListening();
  rmSync(folder, { recursive: true, force: true });
});

test('the socket belongs to its owner alone', () => {
  expect(statSync(join(folder, 'card.sock')).mode & 0o777).toBe(0o600);
  expect(statSync(folder).mode & 0o777).toBe(0o700);
});

test('a dead process’s socket is no obstacle', async () => {
  link.stopListening();
  writeFileSync(join(folder, 'card.sock'), '');
  await link.listen();
  const peer = new Peer(join(folder, 'card.sock'));
  peer.say(hello);
  await until(() => peer.heard.length >= 1);
  peer.destroy();
});

test('commands are taken after the hello, and a server that goes is missed', async () => {
  const peer = new Peer(join(folder, 'card.sock'));
  peer.say(hello);
  peer.say({ type: 'payments' });
  await until(() => events.length >= 2 && peer.heard.length >= 1);
  expect(peer.heard).toEqual([answer]);
  expect(events).toEqual(['attached', 'payments']);
  peer.destroy();
  await until(() => events.length >= 3);
  expect(events[2]).toBe('detached');
  expect(link.attached).toBe(false);
});

test('there is one server at a time', async () => {
  const first = new Peer(join(folder, 'card.sock'));
  first.say(hello);
  await until(() => events.length >= 1);
  const second = new Peer(join(folder, 'card.sock'));
  second.say(hello);
  await until(() => second.heard.length >= 1);
  expect(second.heard).toEqual([{ type: 'refused', command: 'hello', why: 'server-attached' }]);
  second.say({ type: 'drain' });
  first.say({ type: 'payments' });
  await until(() => events.length >= 2);
  expect(events).toEqual(['attached', 'payments']);
  first.destroy();
  second.destroy();
});

test('a server of another version learns ours and may ask for nothing but the end', async () => {
  const peer = new Peer(join(folder, 'card.sock'));
  peer.say({ type: 'hello', version: CONTRACT_VERSION + 1, more: 'of it' });
  await until(() => peer.heard.length >= 1);
  expect(peer.heard).toEqual([answer]);
  peer.say({ type: 'payments' });
  peer.say({ type: 'drain' });
  await until(() => events.length >= 1);
  expect(events).toEqual(['drain']);
  peer.destroy();
});

test.each([
  ['bytes that are no frame', (peer: Peer) => peer.write(Buffer.from('GET / HTTP/1.1\r\n\r\n'))],
  ['a command before the hello', (peer: Peer) => peer.say({ type: 'drain' })],
  [
    'an order text that may be a card number',
    (peer: Peer) => {
      peer.say(hello);
      peer.say({
        type: 'payment-open',
        payment: 'p'.repeat(26),
        leg: 'l'.repeat(26),
        merchant: 'm'.repeat(26),
        purpose: 'charge',
        language: 'en',
        order: { reference: '4242 4242 4242 4242', amountMinor: 1, currency: 'JPY' },
      });
    },
  ],
  [
    'a field that isn’t in the contract',
    (peer: Peer) => {
      peer.say(hello);
      peer.say({ type: 'payments', card: 'none' });
    },
  ],
])('%s closes the connection', async (_what, send) => {
  const peer = new Peer(join(folder, 'card.sock'));
  send(peer);
  await until(() => peer.closed);
  expect(events.filter((event) => event !== 'attached' && event !== 'detached')).toEqual([]);
});

test('a message that isn’t in the contract never leaves', async () => {
  const peer = new Peer(join(folder, 'card.sock'));
  peer.say(hello);
  await until(() => events.length >= 1);
  link.send({ type: 'outcome', payment: 'p'.repeat(26), outcome: 'approved', reason: 'none', lastFour: '42424' });
  link.send({
    type: 'outcome',
    payment: 'p'.repeat(26),
    outcome: 'approved',
    reason: 'none',
    receipt: '4242424242424242',
  });
  link.send({ type: 'payments-end' });
  await until(() => peer.heard.length >= 2);
  expect(peer.heard.slice(1)).toEqual([{ type: 'payments-end' }]);
  peer.destroy();
});

test('a lock has one holder until it is given back', () => {
  const socket = join(folder, 'card.sock');
  const release = takeLock(socket);
  expect(takeLock(socket)).toBeUndefined();
  release?.();
  const again = takeLock(socket);
  expect(again).toBeDefined();
  again?.();
});
