// `npm run bench:calls`: CPU of a bridged call. Phones call in with real RTP and key events' codec, agents answer over
// WebRTC; the CPU of our processes is read before and after. Beside it, in the same run: a bare UDP forwarder in Node that
// carries as many packets, so that the figure has a measure that moves with the machine.
//   npm run bench:calls -- [--calls 20] [--seconds 20]
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as wait } from 'node:timers/promises';
import { crowd } from '../tests/house/crowd.ts';
import { House } from '../tests/house/house.ts';
import { childrenOf, cpuMs, nameOf } from './lib/cpu.ts';
import { option } from './lib/options.ts';

const calls = option('calls', 20, 200);
const seconds = option('seconds', 20, 600);
/** A call is two streams of 50 packets a second. */
const STREAMS_PER_CALL = 2;

const house = await House.open({ settings: { calls: { limit: 400 } } });
let figures: { part: string; ms: number }[] = [];
let bare = 0;
try {
  const agents = await crowd(house, calls);
  const server = house.stack.server.pid ?? 0;
  const card = Number(JSON.parse(lastLine(path.join(house.stack.folder, 'card/card.log'), '"pid"')).pid);
  const parts = [
    { part: 'media-server (signalling, API)', pids: [server] },
    { part: 'mediasoup workers (SFU)', pids: childrenOf(server).filter((pid) => nameOf(pid).startsWith('mediasoup')) },
    { part: 'card process (gate)', pids: [card] },
  ];
  const sum = (pids: number[]) => pids.reduce((total, pid) => total + cpuMs(pid), 0);
  const before = parts.map(({ pids }) => sum(pids));
  const received = agents.reduce((total, agent) => total + agent.counts.received, 0);
  await wait(seconds * 1000);
  figures = parts.map(({ part, pids }, i) => ({ part, ms: (sum(pids) - (before[i] ?? 0)) / calls / seconds }));
  const arrived = agents.reduce((total, agent) => total + agent.counts.received, 0) - received;
  const expected = calls * seconds * 50;
  if (arrived < expected * 0.95)
    console.error(`only ${arrived} of about ${expected} packets reached the agents: too many calls for this machine`);
  await house.clear();
  bare = await bareForwarder();
} finally {
  await house.close();
}

const total = figures.reduce((sum, { ms }) => sum + ms, 0);
console.log(`\n${calls} bridged calls for ${seconds} s on ${cpus().length} × ${cpus()[0]?.model}\n`);
for (const { part, ms } of figures)
  console.log(`  ${part.padEnd(34)} ${ms.toFixed(2).padStart(7)} ms CPU per call and second`);
console.log(`  ${'together'.padEnd(34)} ${total.toFixed(2).padStart(7)}`);
console.log(
  `  ${'a bare UDP forwarder in Node'.padEnd(34)} ${bare.toFixed(2).padStart(7)}   (ratio ${(total / bare).toFixed(1)})\n`,
);
console.log(
  JSON.stringify({
    bench: 'calls',
    calls,
    cpu_ms_per_call_s: Math.round(total * 100) / 100,
    bare_forwarder_ms_per_call_s: Math.round(bare * 100) / 100,
  }),
);

function lastLine(file: string, having: string): string {
  return (
    readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line.includes(having))
      .at(-1) ?? '{}'
  );
}

/** The same packets through one process that does nothing but pass them on; ms per call and second. */
async function bareForwarder(): Promise<number> {
  const child = spawn(process.execPath, [path.join(import.meta.dirname, 'lib/forwarder.ts')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [port = 0] = await new Promise<number[]>((resolve) =>
    child.stdout.once('data', (bytes: Buffer) => resolve([Number(bytes.toString())])),
  );
  const { createSocket } = await import('node:dgram');
  const socket = createSocket('udp4');
  const packet = Buffer.alloc(172);
  const streams = calls * STREAMS_PER_CALL;
  const before = cpuMs(child.pid ?? 0);
  const started = performance.now();
  for (let tick = 0; tick < 10 * 50; tick++) {
    for (let i = 0; i < streams; i++) socket.send(packet, port, '127.0.0.1');
    await wait(Math.max(0, started + (tick + 1) * 20 - performance.now()));
  }
  const used = cpuMs(child.pid ?? 0) - before;
  socket.close();
  child.kill();
  return used / calls / 10;
}
