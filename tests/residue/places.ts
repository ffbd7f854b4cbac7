// Where the audit looks besides memory and files: browsers, heap snapshots, what agents hear.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as wait } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { ToneDetector } from '../../media-server/src/cde/keys/tone-detector.ts';

const KEYS = '0123456789*#ABCD';

/** A text as it may lie in memory: a byte a letter, and two. */
function asBytes(text: string): Buffer {
  return Buffer.concat([Buffer.from(text, 'latin1'), Buffer.from([0xe5]), Buffer.from(text, 'utf16le')]);
}

/** Everything that a page's origin keeps in the browser. */
export async function storageOf(page: Page): Promise<Buffer> {
  const text = (await page.evaluate(`(async () => {
    const latin1 = (buffer) => Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join('');
    const asText = (value) =>
      typeof value === 'string' ? value
      : value instanceof ArrayBuffer ? latin1(value)
      : ArrayBuffer.isView(value) ? latin1(value.slice().buffer)
      : value && typeof value === 'object' ? Object.entries(value).flat().map(asText).join(' ')
      : String(value);
    const kept = [document.cookie, ...Object.entries(localStorage).flat(), ...Object.entries(sessionStorage).flat()];
    for (const { name } of await indexedDB.databases()) {
      const open = indexedDB.open(name);
      const database = await new Promise((done, fail) => { open.onsuccess = () => done(open.result); open.onerror = fail; });
      for (const store of database.objectStoreNames) {
        const all = database.transaction(store).objectStore(store).getAll();
        kept.push(...(await new Promise((done, fail) => { all.onsuccess = () => done(all.result); all.onerror = fail; })).map(asText));
      }
      database.close();
    }
    if ('caches' in window) {
      for (const name of await caches.keys()) {
        const cache = await caches.open(name);
        for (const request of await cache.keys()) kept.push(request.url, latin1(await (await cache.match(request)).arrayBuffer()));
      }
    }
    return kept.join('\\u00e5');
  })()`)) as string;
  return asBytes(text);
}

/** A page's heap snapshot, decoded into `folder`. */
export async function heapOfPage(page: Page, folder: string): Promise<string> {
  const session = await page.context().newCDPSession(page);
  const chunks: string[] = [];
  session.on('HeapProfiler.addHeapSnapshotChunk', ({ chunk }) => chunks.push(chunk));
  await session.send('HeapProfiler.takeHeapSnapshot', { reportProgress: false });
  await session.detach();
  mkdirSync(folder, { recursive: true });
  const file = path.join(folder, `page-${process.hrtime.bigint()}.heapsnapshot`);
  writeFileSync(file, chunks.join(''));
  return strings(file);
}

/** Node's flags for a process that writes a heap snapshot into `folder` at SIGUSR2. */
export function snapshotFlags(folder: string): string[] {
  return ['--heapsnapshot-signal=SIGUSR2', `--diagnostic-dir=${folder}`];
}

/** The heap snapshot of a process that was started with `snapshotFlags`, decoded. */
export async function heapOfProcess(pid: number, folder: string): Promise<string> {
  mkdirSync(folder, { recursive: true });
  const before = new Set(readdirSync(folder));
  process.kill(pid, 'SIGUSR2');
  for (let tries = 0, size = -1; tries < 120; tries++) {
    await wait(500);
    const name = readdirSync(folder).find((one) => one.endsWith('.heapsnapshot') && !before.has(one));
    const now = name === undefined ? -1 : statSync(path.join(folder, name)).size;
    if (name !== undefined && now > 0 && now === size) return strings(path.join(folder, name));
    size = now;
  }
  throw new Error(`process ${pid} has written no heap snapshot`);
}

async function strings(snapshot: string): Promise<string> {
  const decoded = `${snapshot}.strings`;
  const child = fork(path.join(import.meta.dirname, 'snapshot-strings.ts'), [snapshot, decoded], { execArgv: [] });
  const [code] = (await once(child, 'exit')) as [number];
  rmSync(snapshot);
  if (code !== 0 || !existsSync(decoded)) throw new Error('a heap snapshot can’t be read');
  return decoded;
}

/** What came to agents: all payloads one after the other, and the keys that are heard in the sound. */
export class Heard {
  /** Of each agent: payload types and payloads. */
  readonly #streams: [number, Buffer][][] = [];

  /** Another agent, from now on. Returns what takes a packet. */
  stream(): (packet: { readonly payloadType: number; readonly payload: Uint8Array }) => void {
    const stream: [number, Buffer][] = [];
    this.#streams.push(stream);
    return ({ payloadType, payload }) => stream.push([payloadType, Buffer.from(payload)]);
  }

  get payloads(): Buffer {
    return Buffer.concat(this.#streams.flatMap((stream) => stream.map(([, payload]) => payload)));
  }

  /** 0 … 9, `*`, `#`, A … D; a line for each agent. */
  get keys(): Buffer {
    return Buffer.from(this.#streams.map(keysIn).join('\n'));
  }
}

function keysIn(stream: readonly [number, Buffer][]): string {
  const detectors: Readonly<Record<number, ToneDetector>> = {
    0: new ToneDetector('PCMU'),
    8: new ToneDetector('PCMA'),
  };
  const presses = stream.flatMap(([type, payload]) => detectors[type]?.push(payload, 0, payload.length) ?? []);
  return presses.map(({ code }) => KEYS[code]).join('');
}

/** A merchant's system that is told of outcomes, and serves what is planted. */
export class MerchantSystem {
  readonly #bodies: Buffer[] = [];
  readonly origin: string;
  readonly #close: () => void;

  private constructor(origin: string, bodies: Buffer[], close: () => void) {
    this.origin = origin;
    this.#bodies = bodies;
    this.#close = close;
  }

  static async open(planted: Buffer): Promise<MerchantSystem> {
    const bodies: Buffer[] = [];
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        if (request.method === 'POST') bodies.push(Buffer.from(JSON.stringify(request.headers)), ...chunks);
        const isPage = request.url === '/page';
        response.setHeader('content-type', isPage ? 'text/html; charset=utf-8' : 'application/octet-stream');
        response.end(request.url === '/planted' ? planted : isPage ? '<!doctype html><title>planted</title>' : '');
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return new MerchantSystem(origin, bodies, () => {
      server.closeAllConnections();
      server.close();
    });
  }

  /** Heads and bodies of all that it was told. */
  get told(): Buffer {
    return Buffer.concat(this.#bodies);
  }

  close(): void {
    this.#close();
  }
}
