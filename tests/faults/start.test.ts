// A start that can't be is ended with words that name the setting; ports that run out are said so call by call.
import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { CARDS, House } from '../house/house.ts';
import { alive, cardPid, goodCall, PAYMENT_MS } from './trouble.ts';

let house: House;
/** RTP ports for two legs at a time. */
const RTP_PORTS = 4;

beforeAll(async () => {
  house = await House.open({ settings: { card: { threads: 1 }, media: { rtpPorts: await rtpPorts() } } });
});
afterAll(async () => {
  await goodCall(house, CARDS.approved);
  await house.close();
}, PAYMENT_MS);
afterEach(() => house.clear());

type Settings = Record<string, Record<string, unknown>>;

/** Starts a second server with the house's settings, in a folder of its own, changed by `change`. */
async function startsWith(change: (settings: Settings) => void): Promise<{ code: number | null; said: string }> {
  const folder = mkdtempSync(path.join(tmpdir(), 'tonegate-start-'));
  const settings = JSON.parse(readFileSync(path.join(house.stack.folder, 'media-server.json'), 'utf8')) as Settings;
  Object.assign(settings, { dataFolder: folder });
  const [http, https, sip, sipTls] = await Promise.all([freePort(), freePort(), freePort(), freePort()]);
  Object.assign(settings['http'] ?? {}, { port: https, loopbackPort: http });
  Object.assign(settings['sip'] ?? {}, { udpPort: sip, tcpPort: sip, tlsPort: sipTls });
  Object.assign(settings['media'] ?? {}, { webRtcPort: await freePort() });
  cpSync(path.join(house.stack.folder, 'certificates'), path.join(folder, 'certificates'), { recursive: true });
  cpSync(path.join(house.stack.folder, 'sandbox.key'), path.join(folder, 'sandbox.key'));
  change(settings);
  const file = path.join(folder, 'settings.json');
  writeFileSync(file, JSON.stringify(settings));
  try {
    const child = spawn(process.execPath, [path.resolve('media-server/src/main.ts'), file], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    child.stderr.on('data', (bytes: Buffer) => {
      said += bytes.toString();
    });
    child.stdout.on('data', () => child.kill('SIGINT'));
    const code = await new Promise<number | null>((resolve) => child.once('exit', resolve));
    // Logs are JSON; what is left is said to a person.
    return { code, said: said.replace(/^\{.*\}\n/gm, '') };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

async function rtpPorts(): Promise<{ min: number; max: number }> {
  const min = 10_000 + 2 * ((await freePort()) % 4000);
  return { min, max: min + RTP_PORTS - 1 };
}

test('a wrong setting ends the start with its name, its value and what would be right', async () => {
  for (const [change, words] of [
    [(s: Settings) => Object.assign(s['calls'] ?? (s['calls'] = {}), { limit: -1 }), ['calls.limit', '-1', '>=1']],
    [(s: Settings) => Object.assign(s['http'] ?? {}, { port: 'x' }), ['http.port', '"x"', 'number']],
    [(s: Settings) => Object.assign(s, { logLevel: 'loud' }), ['logLevel', '"loud"', '"info"']],
    [(s: Settings) => Object.assign(s, { sipp: {} }), ['sipp', 'nrecognized key']],
    [(s: Settings) => Object.assign(s['gateway'] ?? {}, { url: 'http://x' }), ['gateway.url', '"http://x"']],
    [
      (s: Settings) => Object.assign(s['http'] ?? {}, { certFile: '/none.pem', keyFile: '/none.key' }),
      ['http.certFile', '/none.pem'],
    ],
  ] as const) {
    const { code, said } = await startsWith(change as (settings: Settings) => void);
    expect(code).toBe(1);
    for (const word of words) expect(said).toContain(word);
  }
});

test('a port in use ends the start with the port and the setting, and leaves nothing running', {
  timeout: PAYMENT_MS,
}, async () => {
  const { ports } = house.stack;
  for (const [group, name, port] of [
    ['http', 'port', ports.https],
    ['http', 'loopbackPort', ports.http],
    ['sip', 'udpPort', ports.sip],
    ['sip', 'tcpPort', ports.sip],
    ['sip', 'tlsPort', ports.sipTls],
    ['media', 'webRtcPort', ports.webRtc],
  ] as const) {
    const { code, said } = await startsWith((settings) => Object.assign(settings[group] ?? {}, { [name]: port }));
    expect(code, said).toBe(1);
    expect(said).toContain(`${group}.${name}`);
    expect(said).toContain(String(port));
  }
  expect(alive(cardPid(house))).toBe(true);
});

test('a call for which no RTP port is left is 503, and the next one after a hang-up is taken', {
  timeout: PAYMENT_MS,
}, async () => {
  // Nobody is there: each hears so in words, and keeps its ports meanwhile.
  const phones = [await house.phone(), await house.phone(), await house.phone()] as const;
  await phones[0].dial(house.stack.number, house.server);
  await phones[1].dial(house.stack.number, house.server);
  await expect(phones[2].dial(house.stack.number, house.server)).rejects.toThrow('refused with 503');
  await phones[0].hearsVoice();
  phones[0].hangUp();
  await phones[1].untilEnded(20_000);
  const another = await house.phone();
  await another.dial(house.stack.number, house.server);
  await another.hearsVoice();
});
