// Everything that the demo runs, each a process of its own: the sandbox, the media-server (with its card process) and the
// demo carrier with the customer's phone. `npm start`, its self-check, the tests and the benches all start it by this.
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { closeSync, existsSync, fstatSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { devCa } from '../media-server/src/shared/dev-ca.ts';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

const endWithStart = new URL('end-with-start.mjs', import.meta.url).href;

/** The ports of the demo; `free` ones are chosen for tests and checks, so that they don't meet a running demo. */
export interface StackPorts {
  readonly http: number;
  readonly https: number;
  readonly sip: number;
  readonly sipTls: number;
  readonly webRtc: number;
  readonly rtpMin: number;
  readonly sandbox: number;
  readonly carrier: number;
  readonly phone: number;
}

const STANDARD_PORTS: StackPorts = {
  http: 7080,
  https: 7443,
  sip: 5060,
  sipTls: 5061,
  webRtc: 44_400,
  rtpMin: 40_000,
  sandbox: 7070,
  carrier: 5070,
  phone: 7090,
};

export interface StackOptions {
  /** Folder of everything that is kept. */
  readonly folder: string;
  readonly ports: 'standard' | 'free';
  /** Settings of the media-server that differ, merged over the demo's. */
  readonly settings?: Record<string, unknown>;
  /** Leave the demo carrier and its page out: a test brings phones of its own. */
  readonly withoutCarrier?: boolean;
  /** Where the processes' logs go: a file each in the folder, or this terminal's standard error for the last lines only. */
  readonly sandboxSlowMs?: number;
  /** Another main file for the media-server. */
  readonly serverEntry?: string;
  readonly environment?: Record<string, string>;
  /** When the sandbox runs and the media-server doesn't yet: further settings of that one. */
  readonly beforeServer?: (sandbox: SandboxAccess) => Promise<Record<string, unknown>>;
}

/** How the sandbox is reached. */
export interface SandboxAccess {
  readonly port: number;
  readonly rtpMin: number;
  readonly caFile: string;
  readonly keyFile: string;
}

export interface Stack {
  readonly ports: StackPorts;
  readonly folder: string;
  /** Origin of the softphone on this machine. */
  readonly softphone: string;
  /** The customer's phone page. */
  readonly phone: string;
  readonly secrets: {
    readonly hanako: string;
    readonly taro: string;
    readonly keiko: string;
    readonly akira: string;
    readonly customer: string;
    readonly apiKey: string;
  };
  readonly number: string;
  readonly server: ChildProcess;
  readonly sandbox: ChildProcess;
  /** The sandbox's own books: what really happened. */
  books(): Promise<unknown>;
  /** Starts the media-server again after a test killed it. */
  startServer(): Promise<void>;
  /** Resolves with the name of the process that ended by itself. */
  readonly ended: Promise<string>;
  /** Ends all, the card process too. */
  stop(): Promise<void>;
}

export const DEMO_NUMBER = '+81312345678';

/** Starts all and resolves when the demo can be used. Rejects with the process's own last words when one can't start. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const folder = path.resolve(options.folder);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const ports = options.ports === 'standard' ? STANDARD_PORTS : await freePorts();
  const children: { name: string; child: ChildProcess }[] = [];
  let fireEnded: (name: string) => void = () => {};
  const ended = new Promise<string>((resolve) => {
    fireEnded = resolve;
  });
  let stopping = false;

  const certificate = await devCa(path.join(folder, 'certificates'), ['localhost', '127.0.0.1', '::1']);
  const keyFile = path.join(folder, 'sandbox.key');
  if (!existsSync(keyFile)) writeFileSync(keyFile, `${randomBytes(24).toString('base64url')}\n`, { mode: 0o600 });

  const launch = async (name: string, entry: string, settings: unknown, ready: (line: string) => boolean) => {
    const file = path.join(folder, `${name}.json`);
    writeFileSync(file, `${JSON.stringify(settings, null, 2)}\n`, { mode: 0o600 });
    const logFile = path.join(folder, `${name}.log`);
    const log = openSync(logFile, 'a', 0o600);
    const before = fstatSync(log).size;
    const child = spawn(process.execPath, ['--import', endWithStart, path.resolve(root, entry), file], {
      stdio: ['ignore', 'pipe', log, 'ipc'],
      env: { ...process.env, ...options.environment },
      // Signals of the terminal reach only the start itself, which ends the others in order.
      detached: true,
    });
    closeSync(log);
    children.push({ name, child });
    await new Promise<void>((resolve, reject) => {
      let text = '';
      child.stdout?.on('data', (bytes: Buffer) => {
        text += bytes.toString();
        if (text.split('\n').some(ready)) resolve();
        if (text.length > 65_536) text = text.slice(-8192);
      });
      child.once('exit', (code) => {
        reject(new Error(`${name} ended with ${code}:\n${lastWords(logFile, before)}`));
        if (!stopping) fireEnded(name);
      });
    });
    return child;
  };

  const stop = async () => {
    stopping = true;
    for (const { name, child } of [...children].reverse())
      await end(child, name === 'media-server' ? 'SIGINT' : 'SIGTERM');
  };

  try {
    const sandbox = await launch(
      'sandbox',
      'media-server/src/sandbox/main.ts',
      {
        port: ports.sandbox,
        certFile: certificate.certFile,
        keyFile: certificate.keyFile,
        apiKeyFile: keyFile,
        booksFolder: path.join(folder, 'sandbox-books'),
        ...(options.sandboxSlowMs !== undefined && { slowMs: options.sandboxSlowMs }),
      },
      (line) => line.includes('sandbox ready'),
    );
    const further = await options.beforeServer?.({
      port: ports.sandbox,
      rtpMin: ports.rtpMin,
      caFile: certificate.caFile,
      keyFile,
    });
    const startServer = async () => {
      const child = await launch(
        'media-server',
        options.serverEntry ?? 'media-server/src/main.ts',
        merged(merged(serverSettings(folder, ports, options.ports === 'free'), options.settings ?? {}), further ?? {}),
        (line) => line.includes('"ready":true'),
      );
      stack.server = child;
    };
    const stack = { server: sandbox };
    await startServer();
    if (!options.withoutCarrier) {
      await launch(
        'carrier',
        'media-server/src/demo/main.ts',
        {
          port: ports.phone,
          sipPort: ports.carrier,
          server: { host: '127.0.0.1', port: ports.sip },
          number: DEMO_NUMBER,
        },
        (line) => line.includes('"ready":true'),
      );
    }
    const secrets = JSON.parse(readFileSync(path.join(folder, 'demo-secrets.json'), 'utf8')) as Stack['secrets'];
    return {
      ports,
      folder,
      softphone: `http://localhost:${ports.http}`,
      phone: `http://localhost:${ports.phone}`,
      secrets,
      number: DEMO_NUMBER,
      get server() {
        return stack.server;
      },
      sandbox,
      books: () => readBooks(ports.sandbox, certificate.caFile, readFileSync(keyFile, 'utf8').trim()),
      startServer,
      ended,
      stop,
    };
  } catch (cause) {
    await stop();
    throw cause;
  }
}

function serverSettings(folder: string, ports: StackPorts, onlyLoopback: boolean) {
  return {
    dataFolder: folder,
    demo: true,
    http: { port: ports.https, loopbackPort: ports.http, ...(onlyLoopback && { bind: '127.0.0.1' }) },
    sip: {
      udpPort: ports.sip,
      tcpPort: ports.sip,
      tlsPort: ports.sipTls,
      ...(onlyLoopback && { bind: '127.0.0.1' }),
      trunks: [{ name: 'demo', host: '127.0.0.1', port: ports.carrier, from: ['127.0.0.1/32'] }],
    },
    media: {
      webRtcPort: ports.webRtc,
      rtpPorts: { min: ports.rtpMin, max: ports.rtpMin + 1999 },
      ...(onlyLoopback && { bind: '127.0.0.1', listen: ['127.0.0.1'] }),
    },
    gateway: { url: `https://127.0.0.1:${ports.sandbox}` },
    // Whoever starts the demo wants to pay at once, and tests count every packet.
    canary: { everyMinutes: 0 },
    codes: { sender: { kind: 'log-only', url: `http://127.0.0.1:${ports.phone}/messages` } },
  };
}

/** Objects merged deeply; anything else of `over` replaces. */
function merged(base: Record<string, unknown>, over: Record<string, unknown>): Record<string, unknown> {
  const result = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const before = result[key];
    result[key] = isPlain(before) && isPlain(value) ? merged(before, value) : value;
  }
  return result;
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

async function readBooks(port: number, caFile: string, key: string): Promise<unknown> {
  const { get } = await import('node:https');
  return new Promise((resolve, reject) => {
    get(
      {
        host: '127.0.0.1',
        port,
        path: '/v1/books',
        ca: readFileSync(caFile),
        headers: { authorization: `Bearer ${key}` },
      },
      (answer) => {
        let text = '';
        answer.on('data', (bytes: Buffer) => {
          text += bytes.toString();
        });
        answer.on('end', () => resolve(JSON.parse(text)));
      },
    ).on('error', reject);
  });
}

async function freePorts(): Promise<StackPorts> {
  const single = async () => freePort();
  const [http, https, sandbox, phone] = await Promise.all([single(), single(), single(), single()]);
  const [sip, sipTls, carrier] = await Promise.all([single(), single(), single()]);
  return { http, https, sandbox, phone, sip, sipTls, carrier, webRtc: await freeBlock(8), rtpMin: await freeBlock(2) };
}

/** A port that is free for TCP and UDP on loopback at this moment. */
async function freePort(): Promise<number> {
  for (;;) {
    const port = await new Promise<number>((resolve, reject) => {
      const server = createServer().once('error', reject);
      server.listen(0, '127.0.0.1', () => {
        const address = server.address();
        server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
      });
    });
    if (await udpFree(port)) return port;
  }
}

let nextBlock = 20_000 + (process.pid % 50) * 200;

/** An even port below the ephemeral ones from which on `count` are free for UDP. */
async function freeBlock(count: number): Promise<number> {
  for (;;) {
    const first = nextBlock;
    nextBlock = nextBlock >= 30_000 ? 20_000 : nextBlock + 2000;
    const free = await Promise.all(Array.from({ length: count }, (_, i) => udpFree(first + i)));
    if (free.every(Boolean)) return first;
  }
}

function udpFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    socket.once('error', () => resolve(false));
    socket.bind(port, '127.0.0.1', () => socket.close(() => resolve(true)));
  });
}

/** SIGTERM or SIGINT, and SIGKILL to our own child if it doesn't end in time. */
async function end(child: ChildProcess, signal: 'SIGINT' | 'SIGTERM'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
    child.once('exit', () => {
      clearTimeout(timer);
      resolve();
    });
    child.kill(signal);
    // A second signal ends a drain that waits for running calls.
    setTimeout(() => child.exitCode === null && child.kill(signal), 500).unref();
  });
}

/** What a process said at its end: its words to a person if it had any, else its last lines; never those of an earlier run. */
function lastWords(file: string, from: number): string {
  const lines = readFileSync(file).subarray(from).toString().trim().split('\n');
  const words = lines.filter((line) => !line.startsWith('{') && !/^\s+at /.test(line));
  return (words.length > 0 ? words : lines).slice(-12).join('\n');
}
