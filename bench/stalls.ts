// `npm run bench:stalls`: whether hostile datagrams hold the SIP server up. A server in a process of its own takes mutated
// datagrams from eight addresses; how long its event loop stood still is measured in the server itself, first idle (the
// machine's own stalls), then under the flood.
//   npm run bench:stalls -- [--datagrams 100000]
import { type ChildProcess, fork } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { cpus } from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { mutants } from '../tests/sip/peers/mutants.ts';
import { option } from './lib/options.ts';

const datagrams = option('datagrams', 100_000, 10_000_000);
const SOURCES = 8;
const BURST = 50;

interface Report {
  readonly parsed: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

const child = fork(path.join(import.meta.dirname, 'lib/sip-server-under-watch.ts'));
const [{ port }] = (await once(child, 'message')) as [{ port: number }];

async function report(process: ChildProcess): Promise<Report> {
  process.send('report');
  const [answer] = (await once(process, 'message')) as [Report];
  return answer;
}

await wait(1000);
await report(child);
await wait(5000);
const idle = await report(child);

const sockets = await Promise.all(
  Array.from({ length: SOURCES }, async (_, i) => {
    const socket = createSocket('udp4').on('message', () => {});
    socket.bind(0, `127.0.0.${i + 2}`);
    await once(socket, 'listening');
    return socket;
  }),
);
const next = mutants(20_261);
const started = performance.now();
for (let sent = 0; sent < datagrams; ) {
  const burst: Promise<unknown>[] = [];
  for (let i = 0; i < BURST && sent < datagrams; i++, sent++) {
    const bytes = next();
    burst.push(new Promise((resolve) => sockets[sent % SOURCES]?.send(bytes, port, '127.0.0.1', resolve)));
  }
  await Promise.all(burst);
  // A flood that the kernel drops would prove nothing: the server has to be able to read it.
  await wait(2);
}
const seconds = (performance.now() - started) / 1000;
const flood = await report(child);
child.kill();
for (const socket of sockets) socket.close();

const row = (name: string, { p50, p99, max }: Report) =>
  console.log(`  ${name.padEnd(28)} ${[p50, p99, max].map((ms) => ms.toFixed(1).padStart(8)).join('')}`);
console.log(
  `\n${datagrams} mutated datagrams in ${seconds.toFixed(1)} s on ${cpus().length} × ${cpus()[0]?.model}, parsed: ${flood.parsed}\n`,
);
console.log(`  event loop stood still, ms       p50     p99     max`);
row('idle', idle);
row('under the flood', flood);
console.log();
console.log(
  JSON.stringify({
    bench: 'stalls',
    datagrams,
    parsed: flood.parsed,
    stall_ms: { p50: flood.p50, p99: flood.p99, max: flood.max },
    idle_ms: { p50: idle.p50, p99: idle.p99, max: idle.max },
  }),
);
