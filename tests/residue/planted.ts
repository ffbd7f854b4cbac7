// One card, which no customer has, in every shape and every kind of place: what doesn't find it proves nothing.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Browser, Page } from 'playwright-core';
import { addTone, encode, KEY_TONES } from '../phone/sound.ts';
import { SHAPES } from './digits.ts';
import { Heard, heapOfPage, heapOfProcess, type MerchantSystem, snapshotFlags, storageOf } from './places.ts';

export const PLANTED = '371449635398431';

const FILLER = 0xe5;
const PACKET = 160;

function apart(stride: number, zero: number): Buffer {
  const bytes = Buffer.alloc(PLANTED.length * stride, FILLER);
  [...PLANTED].forEach((digit, index) => (bytes[index * stride] = zero + Number(digit)));
  return bytes;
}

const base64 = (digits: string) => Buffer.from(SHAPES[digits]?.(PLANTED).toString('base64') ?? '', 'latin1');

/** By the name under which each has to be found. Text of two bytes a letter is text at a distance of two. */
const PLANTS: Readonly<Record<string, readonly Buffer[]>> = {
  ...Object.fromEntries(
    ['ASCII', 'BCD', 'packed', 'packed, swapped', 'hex'].map((shape) => [
      shape,
      [SHAPES[shape]?.(PLANTED) ?? Buffer.alloc(0)],
    ]),
  ),
  'ASCII, 2 apart': [SHAPES['UTF-16LE']?.(PLANTED) ?? Buffer.alloc(0)],
  'Base64 of ASCII': [base64('ASCII')],
  'Base64 of BCD': [base64('BCD')],
  'BCD, 7 apart': [apart(7, 0)],
  'BCD, 40 apart': [apart(40, 0)],
  'BCD, 64 apart': [apart(64, 0)],
  'ASCII, 33 apart': [apart(33, 0x30)],
};
export const PLANTED_SHAPES = Object.keys(PLANTS);
/** What text without control letters can hold. */
export const PLANTED_TEXT = ['ASCII', 'hex', 'Base64 of ASCII', 'Base64 of BCD'];

const between = Buffer.alloc(100, FILLER);
/** All of them, one after the other. */
export const PLANTED_BYTES = Buffer.concat([
  between,
  ...Object.values(PLANTS)
    .flat()
    .flatMap((bytes) => [bytes, between]),
]);

/** A log, a database and a write-ahead log among the files of `folder`. Returns what takes the last from the disk. */
export function plantFiles(folder: string): () => void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, 'planted.log'), PLANTED_BYTES);
  const fill = (database: DatabaseSync) => {
    const insert = database.prepare('INSERT INTO planted VALUES (?)');
    for (const bytes of Object.values(PLANTS).flat()) insert.run(bytes);
  };
  const whole = new DatabaseSync(path.join(folder, 'planted.sqlite'));
  whole.exec('CREATE TABLE planted (bytes BLOB)');
  fill(whole);
  whole.close();
  const ahead = new DatabaseSync(path.join(folder, 'planted-ahead.sqlite'));
  ahead.exec('PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; CREATE TABLE planted (bytes BLOB)');
  fill(ahead);
  return () => ahead.close();
}

/** Kinds of place that are planted besides files, and how the bytes of each are come by. */
export interface Planting {
  readonly where: string;
  readonly shapes: readonly string[];
  /** A file, a process, or bytes. */
  readonly found: { readonly file: string } | { readonly pid: number } | { readonly bytes: Buffer };
}

/** Plants a process of its own; `gone` ends it. */
export async function plantProcess(folder: string): Promise<{ plantings: Planting[]; gone: () => void }> {
  mkdirSync(folder, { recursive: true });
  const file = path.join(folder, 'planted');
  writeFileSync(file, PLANTED_BYTES);
  const holder = fork(path.join(import.meta.dirname, 'holder.ts'), [file], {
    execArgv: snapshotFlags(folder),
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  await once(holder, 'message');
  const pid = holder.pid ?? 0;
  return {
    plantings: [
      { where: 'process memory', shapes: PLANTED_SHAPES, found: { pid } },
      {
        where: 'heap snapshot of a process',
        shapes: PLANTED_SHAPES,
        found: { file: await heapOfProcess(pid, folder) },
      },
    ],
    gone: () => holder.kill('SIGKILL'),
  };
}

/** A page that keeps them in every way that a page can, open until the browser ends. */
export async function plantPage(browser: Browser, system: MerchantSystem, folder: string): Promise<Planting[]> {
  const plantings: Planting[] = [];
  const keeping = async (where: string, script: string) => {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(`${system.origin}/page`);
    await page.evaluate(
      `fetch('/planted').then((answer) => answer.arrayBuffer()).then(async (buffer) => {
        const text = Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join('');
        ${script}
      })`,
    );
    const bytes = where === 'page' ? await content(page) : await storageOf(page);
    plantings.push({
      where: `browser: ${where}`,
      shapes: where === 'page' ? PLANTED_TEXT : PLANTED_SHAPES,
      found: { bytes },
    });
    await context.close();
  };
  await keeping('local storage', "localStorage.setItem('planted', text);");
  await keeping('session storage', "sessionStorage.setItem('planted', text);");
  await keeping(
    'IndexedDB',
    `const open = indexedDB.open('planted');
     open.onupgradeneeded = () => open.result.createObjectStore('planted');
     await new Promise((done) => { open.onsuccess = done; });
     const put = open.result.transaction('planted', 'readwrite').objectStore('planted').put(buffer, 1);
     await new Promise((done) => { put.onsuccess = done; });
     open.result.close();`,
  );
  await keeping('page', 'document.body.textContent = text;');
  const page = await (await browser.newContext()).newPage();
  await page.goto(`${system.origin}/page`);
  await page.evaluate(
    `fetch('/planted').then((answer) => answer.arrayBuffer()).then((buffer) => {
      window.held = new Uint8Array(buffer);
      window.texts = [];
      let letters = [];
      let filler = 0;
      for (const byte of window.held) {
        letters.push(String.fromCharCode(byte));
        filler = byte === ${FILLER} ? filler + 1 : 0;
        if (filler < ${between.length}) continue;
        window.texts.push(letters.slice(0, -filler).join(''));
        letters = [];
        filler = 0;
      }
    })`,
  );
  plantings.push({
    where: 'heap snapshot of a page',
    shapes: PLANTED_SHAPES,
    found: { file: await heapOfPage(page, folder) },
  });
  return plantings;
}

export async function content(page: Page): Promise<Buffer> {
  return Buffer.from(await page.content(), 'utf8');
}

/** An agent who hears them: in the packets' bytes, and as tones. */
export function plantHeard(): Planting[] {
  const packets = new Heard();
  const hear = packets.stream();
  for (let at = 0; at < PLANTED_BYTES.length; at += PACKET)
    hear({ payloadType: 0, payload: PLANTED_BYTES.subarray(at, at + PACKET) });
  const tones = new Heard();
  const listen = tones.stream();
  for (const key of PLANTED) {
    for (let frame = 0; frame < 12; frame++) {
      const samples = new Int16Array(PACKET);
      if (frame < 6) for (const hz of KEY_TONES[key] ?? []) addTone(samples, hz, -16, frame * PACKET);
      listen({ payloadType: 0, payload: encode('PCMU', samples) });
    }
  }
  return [
    { where: 'agent-side packets', shapes: PLANTED_SHAPES, found: { bytes: packets.payloads } },
    { where: 'agent-side sound', shapes: ['ASCII'], found: { bytes: tones.keys } },
  ];
}
