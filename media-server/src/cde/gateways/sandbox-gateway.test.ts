import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, type Server as TcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { devCa } from '../../shared/dev-ca.ts';
import { newId } from '../../shared/ids.ts';
import { Secret } from '../../shared/secret.ts';
import { cardBody } from './card-body.ts';
import type { Answer, CardDigits } from './gateway.ts';
import { SandboxGateway } from './sandbox-gateway.ts';

const REFERENCE = newId();
const ORDER = { reference: 'A-"1"', amountMinor: 1200, currency: 'JPY' } as const;
const NAME = { reference: REFERENCE, purpose: 'charge', order: ORDER } as const;
/** For peers that answer; and for those that never do. */
const TIMEOUT_MS = 15_000;
const SHORT_MS = 1500;
const folder = mkdtempSync(join(tmpdir(), 'gateway-'));
let tls: { ca: string; cert: string; key: string };
const servers: (Server | TcpServer)[] = [];

beforeAll(async () => {
  const files = await devCa(join(folder, 'ca'), ['localhost', '127.0.0.1']);
  tls = {
    ca: readFileSync(files.caFile, 'utf8'),
    cert: readFileSync(files.certFile, 'utf8'),
    key: readFileSync(files.keyFile, 'utf8'),
  };
});
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => {
  for (const server of servers.splice(0)) {
    if ('closeAllConnections' in server) server.closeAllConnections();
    server.close();
  }
});

function card(): CardDigits {
  return {
    number: Buffer.from(Array.from('4242424242424242', Number)),
    expiry: Buffer.from([0, 1, 3, 0]),
    securityCode: Buffer.from([0, 0, 7]),
  };
}

async function listening(server: Server | TcpServer): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

/** An HTTPS peer that gets the whole body and does with the socket what it likes. */
async function peer(behave: (socket: TLSSocket, body: string) => void): Promise<string> {
  const server = createServer(tls, (request) => {
    let body = '';
    request.on('data', (chunk) => (body += chunk));
    request.on('end', () => behave(request.socket as TLSSocket, body));
  });
  return `https://127.0.0.1:${await listening(server)}`;
}

function says(status: number, body: unknown): (socket: TLSSocket) => void {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return (socket) =>
    socket.end(
      `HTTP/1.1 ${status} X\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`,
    );
}

function gatewayTo(url: string): SandboxGateway {
  return new SandboxGateway(url, tls.ca, new Secret('key-of-merchant'));
}

async function answerFrom(url: string, timeoutMs = TIMEOUT_MS): Promise<{ answer: Answer; released: number }> {
  let released = 0;
  const answer = await gatewayTo(url).authorize(NAME, card(), timeoutMs, () => released++);
  return { answer, released };
}

test('the request carries key, reference and card; the answer becomes an approval', async () => {
  let heard = '';
  const server = createServer(tls, (request, response) => {
    request.on('data', (chunk) => (heard += chunk));
    request.on('end', () => {
      heard = `${request.method} ${request.url} ${request.headers.authorization} ${String(request.headers['idempotency-key'])} ${heard}`;
      response.end(
        JSON.stringify({ ref: REFERENCE, status: 'approved', receipt: 'TAB', brand: 'visa', lastFour: '4242', x: 1 }),
      );
    });
  });
  const { answer, released } = await answerFrom(`https://localhost:${await listening(server)}`);
  expect(answer).toEqual({ is: 'approved', receipt: 'TAB', brand: 'visa', lastFour: '4242' });
  expect(released).toBe(1);
  expect(heard).toBe(
    `PUT /v1/attempts/${REFERENCE} Bearer key-of-merchant ${REFERENCE} ` +
      '{"purpose":"charge","amountMinor":1200,"currency":"JPY","order":"A-\\"1\\"","card":{"number":"4242424242424242","expiry":"0130","securityCode":"007"}}',
  );
});

test('the body has memory of its own, so that zeroing it leaves nothing in a pool', () => {
  const body = cardBody(ORDER, card());
  expect(body.buffer.byteLength).toBe(body.length);
});

test.each([
  ['declined', 200, { ref: REFERENCE, status: 'declined', reason: 'funds' }, { is: 'declined', reason: 'funds' }],
  ['declined with 402', 402, { ref: REFERENCE, status: 'declined' }, { is: 'declined', reason: 'card-refused' }],
  ['400', 400, {}, { is: 'failed', reason: 'gateway-refused' }],
  ['401', 401, {}, { is: 'failed', reason: 'gateway-settings' }],
  ['403', 403, {}, { is: 'failed', reason: 'gateway-settings' }],
  ['404', 404, 'not here', { is: 'failed', reason: 'gateway-settings' }],
  ['422', 422, {}, { is: 'failed', reason: 'gateway-settings' }],
  ['429', 429, {}, { is: 'failed', reason: 'gateway-busy' }],
  ['503', 503, '<html>', { is: 'failed', reason: 'gateway-busy' }],
  ['409', 409, { error: 'other-attempt' }, { is: 'unknown' }],
  ['500', 500, {}, { is: 'unknown' }],
  ['502', 502, '', { is: 'unknown' }],
  ['504', 504, '', { is: 'unknown' }],
  ['a redirection', 302, '', { is: 'unknown' }],
  ['garbage', 200, '}{', { is: 'unknown' }],
  ['an empty body', 200, '', { is: 'unknown' }],
  ['another attempt', 200, { ref: newId(), status: 'approved' }, { is: 'unknown' }],
  ['an attempt still worked on', 200, { ref: REFERENCE, status: 'processing' }, { is: 'unknown' }],
  ['an unknown status', 200, { ref: REFERENCE, status: 'perhaps' }, { is: 'unknown' }],
  [
    'a card number for a receipt',
    200,
    { ref: REFERENCE, status: 'approved', receipt: '4242424242424242' },
    { is: 'approved', receipt: '1111111111111111' },
  ],
  [
    'an endless answer',
    200,
    JSON.stringify({ ref: REFERENCE, status: 'approved', x: 'x'.repeat(20_000) }),
    { is: 'unknown' },
  ],
])('%s: its class', async (_name, status, body, answer) => {
  const got = await answerFrom(await peer(says(status, body)));
  expect(got).toEqual({ answer, released: 1 });
});

test('a reset after the body went is unknown', async () => {
  expect(await answerFrom(await peer((socket) => socket.destroy()))).toEqual({
    answer: { is: 'unknown' },
    released: 1,
  });
});

test('a reset in the middle of the answer is unknown, even when its status says refused', async () => {
  const url = await peer((socket) => {
    socket.write('HTTP/1.1 400 X\r\ncontent-length: 100\r\n\r\n{"er', () => socket.destroy());
  });
  expect((await answerFrom(url)).answer).toEqual({ is: 'unknown' });
});

test('no answer within the time is unknown', async () => {
  expect(await answerFrom(await peer(() => {}), SHORT_MS)).toEqual({ answer: { is: 'unknown' }, released: 1 });
});

test('a reset as soon as the headers came is unknown: bytes of the card may have followed', async () => {
  const server = createServer(tls, (request) => request.socket.destroy());
  expect((await answerFrom(`https://127.0.0.1:${await listening(server)}`)).answer).toEqual({ is: 'unknown' });
});

const UNREACHABLE = { answer: { is: 'failed', reason: 'gateway-unreachable' }, released: 1 };

test('a refused connection is failed: nothing was asked', async () => {
  const server = createTcpServer();
  const port = await listening(server);
  await new Promise((resolve) => server.close(resolve));
  servers.pop();
  expect(await answerFrom(`https://127.0.0.1:${port}`)).toEqual(UNREACHABLE);
});

test('a name that leads nowhere is failed', async () => {
  expect(await answerFrom('https://nowhere.invalid')).toEqual(UNREACHABLE);
});

test('a certificate of another authority is failed, and no byte of the request arrives', async () => {
  const files = await devCa(join(folder, 'other'), ['127.0.0.1']);
  let requests = 0;
  const other = { cert: readFileSync(files.certFile), key: readFileSync(files.keyFile) };
  const server = createServer(other, () => requests++);
  expect(await answerFrom(`https://127.0.0.1:${await listening(server)}`)).toEqual(UNREACHABLE);
  expect(requests).toBe(0);
});

test('a certificate for another name is failed', async () => {
  const files = await devCa(join(folder, 'named'), ['elsewhere.example']);
  const server = createServer({ cert: readFileSync(files.certFile), key: readFileSync(files.keyFile) }, () => {});
  const gateway = new SandboxGateway(
    `https://127.0.0.1:${await listening(server)}`,
    readFileSync(files.caFile, 'utf8'),
    new Secret('key-of-merchant'),
  );
  const answer = await gateway.authorize(NAME, card(), TIMEOUT_MS, () => {});
  expect(answer).toEqual({ is: 'failed', reason: 'gateway-unreachable' });
});

test('a peer that never finishes the handshake is failed when the time is over', async () => {
  const server = createTcpServer((socket) => socket.on('error', () => {}));
  expect(await answerFrom(`https://127.0.0.1:${await listening(server)}`, SHORT_MS)).toEqual(UNREACHABLE);
});

test.each([
  ['absent in its own words', 404, { error: 'no-such-attempt' }, 'absent'],
  ['404 of something else', 404, 'not found', 'no-answer'],
  ['processing', 200, { ref: REFERENCE, status: 'processing' }, 'pending'],
  ['approved', 200, { ref: REFERENCE, status: 'approved' }, 'approved'],
  ['declined', 200, { ref: REFERENCE, status: 'declined' }, 'declined'],
  ['reversed', 200, { ref: REFERENCE, status: 'reversed' }, 'reversed'],
  ['garbage', 200, 'x', 'no-answer'],
  ['401', 401, {}, 'no-answer'],
  ['500', 500, { error: 'no-such-attempt' }, 'no-answer'],
])('a look-up that finds %s', async (_name, status, body, is) => {
  expect((await gatewayTo(await peer(says(status, body))).lookUp(NAME, TIMEOUT_MS)).is).toBe(is);
});

test('a reversal counts only when the gateway says that it is reversed', async () => {
  const reversed = await peer(says(200, { ref: REFERENCE, status: 'reversed' }));
  const declined = await peer(says(200, { ref: REFERENCE, status: 'declined' }));
  expect(await gatewayTo(reversed).reverse(NAME, TIMEOUT_MS)).toBe('reversed');
  expect(await gatewayTo(declined).reverse(NAME, TIMEOUT_MS)).toBe('no-answer');
  expect(await gatewayTo(await peer((socket) => socket.destroy())).reverse(NAME, TIMEOUT_MS)).toBe('no-answer');
});
