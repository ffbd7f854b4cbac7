// `npm run bench:captures`: what it costs to guide many customers at once. Each is in a payment all the time: prompts play,
// keys come as events, tones or both, the next payment begins when one has ended. The card process's threads have one core,
// the customers another. Measured where the prompts' packets leave: how far from 20 ms after the leg's last one.
//   npm run bench:captures -- [--captures 200] [--seconds 60]
import { type ChildProcess, fork, spawnSync } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { cpus } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as wait } from 'node:timers/promises';
import { writeRtp } from '../media-server/src/rtp/packet.ts';
import { writeEvent } from '../media-server/src/rtp/telephone-event.ts';
import { addTone, encode, KEY_TONES } from '../tests/phone/sound.ts';
import type { CardSaid, Opened } from './lib/captures-card.ts';
import { option } from './lib/options.ts';
import { goFirst } from './lib/priority.ts';

const captures = option('captures', 200, 1000);
const seconds = option('seconds', 60, 3600);

const FIRST_PORT = 44_000;
const WARM_UP_MS = 5000;
const PACKET_MS = 20;
const FRAME = 160;
const HEADER = 12;
const EVENT_TYPE = 101;
const KEY_MS = 120;
const REST_MS = 213;
/** A customer listens to the prompt for so long before the first key, ms. */
const LISTENS_MS = 3000;
const TONE_DBFS = -16;
const OFF_STEPS_PER_MS = 100;
const KEYS = '0123456789*#';
const ANSWERS: Readonly<Record<string, string>> = {
  confirmation: '1',
  'card-number': '4242424242424242#',
  expiry: '1230',
  'security-code': '123',
};

/** 20 ms of soft noise, and of each key's tone. */
const NOISE = encode(
  'PCMU',
  Int16Array.from({ length: FRAME }, () => (Math.random() - 0.5) * 200),
);
const TONES = [...KEYS].map((key) =>
  Array.from({ length: KEY_MS / PACKET_MS }, (_, frame) => {
    const samples = new Int16Array(FRAME);
    for (const hz of KEY_TONES[key] ?? []) addTone(samples, hz, TONE_DBFS, frame * FRAME);
    return encode('PCMU', samples);
  }),
);

/** A customer who keys what is asked for, at three keys a second. */
class Customer {
  readonly socket: Socket;
  readonly #how: 'event' | 'tone' | 'both';
  readonly #packet = Buffer.alloc(HEADER + FRAME);
  readonly #event = Buffer.alloc(HEADER + 4);
  readonly #ssrc = Math.floor(Math.random() * 2 ** 31);
  #port = 0;
  #sequence = 0;
  #timestamp = 0;
  #keys: number[] = [];
  #keyFrom = 0;

  constructor(socket: Socket, i: number) {
    this.socket = socket;
    this.#how = (['event', 'tone', 'both'] as const)[i % 3] ?? 'event';
  }

  ready(port: number): void {
    this.#port = port;
  }

  asked(step: string, now: number): void {
    this.#keys = [...(ANSWERS[step] ?? '')].map((key) => KEYS.indexOf(key));
    this.#keyFrom = now + Math.random() * LISTENS_MS;
  }

  /** The packets of these 20 ms. */
  send(now: number): void {
    if (this.#port === 0) return;
    this.#timestamp += FRAME;
    const frame = Math.floor((now - this.#keyFrom) / PACKET_MS);
    const key = frame >= 0 ? this.#keys[0] : undefined;
    const frames = KEY_MS / PACKET_MS;
    if (key === undefined) return this.#sound(NOISE);
    if (frame >= frames) {
      this.#keys.shift();
      this.#keyFrom += KEY_MS + REST_MS;
      if (this.#how === 'tone') return this.#sound(NOISE);
      for (let i = 0; i < 3; i++) this.#report(key, frames, true);
      return;
    }
    if (this.#how !== 'event') this.#sound(TONES[key]?.[frame] ?? NOISE);
    if (this.#how !== 'tone') this.#report(key, frame + 1, false);
  }

  #sound(frame: Uint8Array): void {
    writeRtp(this.#packet, 0, 0, false, this.#sequence++ & 0xffff, this.#timestamp, this.#ssrc);
    this.#packet.set(frame, HEADER);
    this.socket.send(Buffer.from(this.#packet), this.#port, '127.0.0.1');
  }

  #report(event: number, frames: number, end: boolean): void {
    const began = this.#timestamp - (frames - 1) * FRAME;
    writeRtp(this.#event, 0, EVENT_TYPE, false, this.#sequence++ & 0xffff, began, this.#ssrc);
    writeEvent(this.#event, HEADER, { event, end, volume: 10, duration: frames * FRAME });
    this.socket.send(Buffer.from(this.#event), this.#port, '127.0.0.1');
  }
}

if (!goFirst()) console.error('not root: whatever else runs on this machine is measured, too');
const cores = cpus().length;
const card = fork(path.join(import.meta.dirname, 'lib/captures-card.ts'));
const onOneCore = pinned(card, 0) && (cores === 1 || pinned(process, 1));
if (!onOneCore) console.error('taskset is missing (Debian: util-linux): nothing keeps the card process on one core');

const customers = await Promise.all(
  Array.from({ length: captures }, async (_, i) => {
    const socket = createSocket('udp4');
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    return new Customer(socket, i);
  }),
);
let arrived = 0;
for (const { socket } of customers) socket.on('message', () => arrived++);

let reported: (report: CardSaid & { kind: 'report' }) => void = () => {};
card.on('message', (said: CardSaid) => {
  if (said.kind === 'ready') customers[said.phone]?.ready(said.port);
  else if (said.kind === 'step') customers[said.phone]?.asked(said.step, performance.now());
  else reported(said);
});
card.once('exit', (code) => {
  if (code === null || code > 0) throw new Error('the card process ended');
});
const opened: Opened = { phones: customers.map(({ socket }) => socket.address().port), firstPort: FIRST_PORT };
card.send(opened);

// Spread over the 20 ms, as customers are.
let slot = 0;
let due = performance.now();
const sending = setInterval(() => {
  for (const now = performance.now(); due <= now; due++, slot = (slot + 1) % PACKET_MS) {
    for (let i = slot; i < customers.length; i += PACKET_MS) customers[i]?.send(now);
  }
}, 1);

await wait(WARM_UP_MS);
const before = await report();
const arrivedBefore = arrived;
const began = performance.now();
await wait(seconds * 1000);
const { approved, failed, cpuMs, offBy } = await report();
const took = performance.now() - began;
const expected = (captures * took) / PACKET_MS;
clearInterval(sending);
card.removeAllListeners('exit');
card.disconnect();
for (const { socket } of customers) socket.close();

const sent = offBy.reduce((sum, count) => sum + count, 0);
const rows: [string, string][] = [
  ['payments approved', `${approved - before.approved}`],
  ['payments that ended otherwise', `${failed - before.failed}`],
  ['prompt packets sent, of those due', `${((sent * 100) / expected).toFixed(2)} %`],
  ['prompt packets arrived, of those sent', `${(((arrived - arrivedBefore) * 100) / sent).toFixed(2)} %`],
  ["card process's core busy", `${((cpuMs * 100) / took).toFixed(0)} %`],
  ...[50, 90, 99, 99.9, 100].map((percent): [string, string] => [
    `off their 20 ms, p${percent}`,
    `${percentile(percent).toFixed(2)} ms`,
  ]),
];
console.log(
  `\n${captures} captures at once for ${seconds} s on ${onOneCore ? 1 : cores} of ${cores} × ${cpus()[0]?.model}\n`,
);
for (const [name, value] of rows) console.log(`  ${name.padEnd(44)} ${value.padStart(10)}`);
console.log(
  `\n${JSON.stringify({
    bench: 'captures',
    captures,
    cores: onOneCore ? 1 : cores,
    prompt_jitter_ms: { p50: percentile(50), p99: percentile(99) },
  })}`,
);

/** Keeps a process with all its threads on one core. */
function pinned({ pid }: Pick<ChildProcess, 'pid'>, core: number): boolean {
  return spawnSync('taskset', ['-a', '-p', '-c', `${core}`, `${pid}`]).status === 0;
}

function report(): Promise<CardSaid & { kind: 'report' }> {
  return new Promise((resolve) => {
    reported = resolve;
    card.send('report');
  });
}

/** ms, as the end of its step of 10 µs. */
function percentile(percent: number): number {
  let left = Math.ceil((sent * percent) / 100);
  for (const [step, count] of offBy.entries()) {
    left -= count;
    if (left <= 0) return (step + 1) / OFF_STEPS_PER_MS;
  }
  return offBy.length / OFF_STEPS_PER_MS;
}
