import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { devCa } from '../../shared/dev-ca.ts';
import { exchange, pinnedAgent } from './https-exchange.ts';

const folder = mkdtempSync(join(tmpdir(), 'exchange-'));
let server: Server;
let ca: string;
let behave: (socket: TLSSocket, length: number) => void;

beforeAll(async () => {
  const files = await devCa(folder, ['127.0.0.1']);
  ca = readFileSync(files.caFile, 'utf8');
  server = createServer({ cert: readFileSync(files.certFile), key: readFileSync(files.keyFile) }, (request) => {
    let length = 0;
    request.on('data', (chunk) => (length += chunk.length));
    request.on('end', () => behave(request.socket as TLSSocket, length));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true });
});

function send(body: Buffer, { trusted = ca, timeoutMs = 15_000 } = {}) {
  let wipedWhenReleased: boolean | undefined;
  const result = exchange(pinnedAgent(trusted), {
    method: 'PUT',
    url: new URL(`https://127.0.0.1:${(server.address() as AddressInfo).port}/`),
    headers: {},
    timeoutMs,
    body: () => body,
    card: {
      number: Buffer.alloc(16),
      released: () => {
        wipedWhenReleased = body.every((byte) => byte === 0);
      },
    },
  });
  return result.then(({ is }) => ({ is, wipedWhenReleased }));
}

test.each([
  ['answers', 'answered', (socket: TLSSocket) => socket.end('HTTP/1.1 200 X\r\ncontent-length: 2\r\n\r\n{}')],
  ['resets', 'lost', (socket: TLSSocket) => socket.destroy()],
  ['hangs', 'lost', () => {}],
])('the whole body arrives and is zeroed where the peer %s', async (name, is, how) => {
  let arrived = 0;
  behave = (socket, length) => {
    arrived = length;
    how(socket);
  };
  expect(await send(Buffer.alloc(200, 7), name === 'hangs' ? { timeoutMs: 1500 } : {})).toEqual({
    is,
    wipedWhenReleased: true,
  });
  expect(arrived).toBe(200);
});

test('a body that is stuck half-way is zeroed when the connection is given up', async () => {
  // The server reads no more than its buffers hold: paused before the body.
  const stuck = createServer(
    { cert: readFileSync(join(folder, 'cert.pem')), key: readFileSync(join(folder, 'cert.key')) },
    () => {},
  );
  stuck.on('secureConnection', (socket: TLSSocket) => socket.pause());
  await new Promise<void>((resolve) => stuck.listen(0, '127.0.0.1', resolve));
  const body = Buffer.alloc(32 * 2 ** 20, 7);
  let released = 0;
  const result = await exchange(pinnedAgent(ca), {
    method: 'PUT',
    url: new URL(`https://127.0.0.1:${(stuck.address() as AddressInfo).port}/`),
    headers: {},
    timeoutMs: 3000,
    body: () => body,
    card: { number: Buffer.alloc(16), released: () => released++ },
  });
  expect(result.is).toBe('lost');
  expect(released).toBe(1);
  expect(body.includes(7)).toBe(false);
  stuck.closeAllConnections();
  stuck.close();
});

test('no body is made where the peer is not the trusted one', async () => {
  const other = await devCa(join(folder, 'other'), ['127.0.0.1']);
  const body = Buffer.alloc(10, 7);
  expect(await send(body, { trusted: readFileSync(other.caFile, 'utf8') })).toEqual({
    is: 'not-sent',
    wipedWhenReleased: false,
  });
  expect(body.every((byte) => byte === 7)).toBe(true);
});

test('a card number that the answer repeats is overwritten before anybody reads it; other digits stay', async () => {
  const number = Buffer.from([4, 2, 4, 2, 4, 2, 4, 2, 4, 2, 4, 2, 4, 2, 4, 2]);
  // Beside it an id of as many digits that passes Luhn too.
  const told = JSON.stringify({ seen: `x${number.join('')}9`, id: '5555555555554444' });
  behave = (socket) => socket.end(`HTTP/1.1 200 X\r\ncontent-length: ${told.length}\r\n\r\n${told}`);
  const result = await exchange(pinnedAgent(ca), {
    method: 'PUT',
    url: new URL(`https://127.0.0.1:${(server.address() as AddressInfo).port}/`),
    headers: {},
    timeoutMs: 15_000,
    body: () => Buffer.from('{}'),
    card: { number, released: () => number.fill(0) },
  });
  expect(result).toMatchObject({ json: { seen: `x${'1'.repeat(16)}9`, id: '5555555555554444' } });
});
