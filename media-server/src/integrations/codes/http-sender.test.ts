import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttp, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../../shared/clock.ts';
import { devCa } from '../../shared/dev-ca.ts';
import { newId } from '../../shared/ids.ts';
import { silentLogger } from '../../shared/logger.ts';
import { Secret } from '../../shared/secret.ts';
import { openSender } from './open-sender.ts';
import { CodeSettings, type SenderSettings } from './settings.ts';

interface Received {
  readonly path: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

const folder = mkdtempSync(path.join(tmpdir(), 'sender-'));
const TOKEN = path.join(folder, 'token');
const CA = path.join(folder, 'ca.pem');
let server: Server;
let received: Received[];
let answer: (request: Received, response: ServerResponse) => void;

beforeAll(async () => {
  const files = await devCa(folder, ['127.0.0.1']);
  writeFileSync(TOKEN, 'token-of-the-test\n');
  server = createServer(
    { cert: readFileSync(files.certFile), key: readFileSync(files.keyFile) },
    (request, response) => {
      let body = '';
      request.on('data', (chunk) => (body += chunk));
      request.on('end', () => {
        const one = { path: request.url, headers: request.headers, body };
        received.push(one);
        answer(one, response);
      });
    },
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  received = [];
  answer = (_, response) => response.writeHead(201).end('{}');
});

const origin = () => `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
const settingsOf = (sender: object) => CodeSettings.parse({ sender }).sender as SenderSettings;
const open = (sender: object) => openSender(settingsOf(sender), { clock: systemClock, log: silentLogger });
const openHttp = (more: object = {}) =>
  open({ kind: 'http', url: `${origin()}/sms`, caFile: CA, bearer: { file: TOKEN }, ...more });
const MESSAGE = { id: newId(), phone: '+819012345678', text: new Secret('コード "012345" & more') };

test('a text arrives whole, with its token, in the form that the service wants', async () => {
  const body = { tel: '{national}', e164: '{phone}', to: '{digits}', msg: 'x{text}', ref: '{id}', fixed: '{other}' };
  expect(await openHttp({ body, headers: { 'x-version': '1' } }).send(MESSAGE)).toEqual({ is: 'sent' });
  expect(await openHttp({ body, format: 'form' }).send(MESSAGE)).toEqual({ is: 'sent' });
  const filled = {
    tel: '09012345678',
    e164: '+819012345678',
    to: '819012345678',
    msg: `x${MESSAGE.text.reveal()}`,
    ref: MESSAGE.id,
    fixed: '{other}',
  };
  expect(received[0]).toMatchObject({
    path: '/sms',
    headers: { authorization: 'Bearer token-of-the-test', 'x-version': '1' },
  });
  expect(JSON.parse(received[0]?.body ?? '')).toEqual(filled);
  expect(Object.fromEntries(new URLSearchParams(received[1]?.body))).toEqual(filled);
});

test.each([
  [200, { is: 'sent' }],
  [202, { is: 'sent' }],
  [302, { is: 'not-sent', again: false, why: 'answered 302' }],
  [400, { is: 'not-sent', again: false, why: 'answered 400' }],
  [401, { is: 'not-sent', again: false, why: 'answered 401' }],
  [429, { is: 'not-sent', again: true, why: 'answered 429' }],
  [500, { is: 'not-known', why: 'answered 500' }],
  [503, { is: 'not-known', why: 'answered 503' }],
])('an answer %i means %j', async (status, result) => {
  answer = (_, response) => response.writeHead(status, { location: '/elsewhere' }).end();
  expect(await openHttp().send(MESSAGE)).toEqual(result);
  expect(received).toHaveLength(1);
});

test('without an answer nobody knows; without a connection it was surely not sent', async () => {
  answer = () => {};
  expect(await openHttp({ timeoutMs: 500 }).send(MESSAGE)).toEqual({ is: 'not-known', why: 'no answer within 500 ms' });
  answer = (_, response) => response.destroy();
  expect(await openHttp().send(MESSAGE)).toMatchObject({ is: 'not-known' });
  answer = (_, response) => response.writeHead(200, { 'content-length': '10' }).end('half', () => response.destroy());
  expect(await openHttp().send(MESSAGE)).toMatchObject({ is: 'not-known' });
  const gone = createHttp();
  await new Promise<void>((resolve) => gone.listen(0, '127.0.0.1', resolve));
  const { port } = gone.address() as AddressInfo;
  await new Promise((resolve) => gone.close(resolve));
  const sender = open({ kind: 'http', url: `http://127.0.0.1:${port}/` });
  expect(await sender.send(MESSAGE)).toEqual({ is: 'not-sent', again: true, why: 'ECONNREFUSED' });
  expect(sender.up).toBe(false);
});

test('nothing is sent to a service that the authority does not vouch for', async () => {
  const other = await devCa(path.join(folder, 'other'), ['127.0.0.1']);
  expect(await openHttp({ caFile: other.caFile }).send(MESSAGE)).toMatchObject({ is: 'not-sent', again: true });
  expect(await openHttp({ caFile: undefined }).send(MESSAGE)).toMatchObject({ is: 'not-sent' });
  expect(received).toEqual([]);
});

test('plain http is for this machine only, and a missing secret is named', () => {
  expect(CodeSettings.safeParse({ sender: { kind: 'http', url: 'http://sms.example/' } }).success).toBe(false);
  expect(CodeSettings.safeParse({ sender: { kind: 'http', url: 'http://127.0.0.1:1/' } }).success).toBe(true);
  expect(() => openHttp({ bearer: { file: '/nowhere/token' } })).toThrow(
    'codes.sender.bearer: the file /nowhere/token',
  );
  expect(() => openHttp({ bearer: { environment: 'TONEGATE_TEST_NO_SUCH' } })).toThrow('TONEGATE_TEST_NO_SUCH');
});

const ACCOUNT = `AC${'0123456789abcdef'.repeat(2)}`;

/** A peer that checks as Twilio's API does: account, token, fields and form. */
function twilio({ path: at, headers, body }: Received, response: ServerResponse): void {
  const fields = new URLSearchParams(body);
  const said = (status: number, code?: number): void => {
    response.writeHead(status).end(JSON.stringify({ code }));
  };
  if (at !== `/2010-04-01/Accounts/${ACCOUNT}/Messages.json`) return said(404, 20_404);
  const login = `Basic ${Buffer.from(`${ACCOUNT}:token-of-the-test`).toString('base64')}`;
  if (headers.authorization !== login) return said(401, 20_003);
  if (headers['content-type'] !== 'application/x-www-form-urlencoded') return said(400);
  if (!fields.get('Body')) return said(400, 21_602);
  if (!fields.has('From') === !fields.has('MessagingServiceSid')) return said(400, 21_603);
  if (!/^\+[1-9][0-9]{6,14}$/.test(fields.get('To') ?? '')) return said(400, 21_211);
  return said(201);
}

test('a Twilio-compatible service takes the text, from a number and from a messaging service', async () => {
  answer = twilio;
  const settings = { kind: 'twilio', url: origin(), account: ACCOUNT, token: { file: TOKEN }, caFile: CA };
  expect(await open({ ...settings, from: '+15005550006' }).send(MESSAGE)).toEqual({ is: 'sent' });
  expect(await open({ ...settings, from: `MG${'0'.repeat(32)}` }).send(MESSAGE)).toEqual({ is: 'sent' });
  expect(new URLSearchParams(received[1]?.body).get('Body')).toBe(MESSAGE.text.reveal());
  process.env['TONEGATE_TEST_TOKEN'] = 'another';
  const wrong = open({ ...settings, from: '+15005550006', token: { environment: 'TONEGATE_TEST_TOKEN' } });
  expect(await wrong.send(MESSAGE)).toMatchObject({ is: 'not-sent', again: false, why: 'answered 401' });
  delete process.env['TONEGATE_TEST_TOKEN'];
});
